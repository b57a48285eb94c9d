import pytest

from playground.runs import prose


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "![x](https://evil.example/pixel.png)",
        '<img src="https://evil.example/x">',
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,AAAA)",
        "<iframe src=//evil.example></iframe>",
        "<style>@import url(//evil.example)</style>",
        '<a href="x" onclick="y()">z</a>',
        "[ref]: https://evil.example/x.png\n\n![a][ref]",
    ],
)
def test_nothing_is_loaded_and_nothing_runs(text: str) -> None:
    html = prose.to_html(text)
    assert "<img" not in html
    assert "<script" not in html
    assert "<iframe" not in html
    assert "<style" not in html
    assert '<a href="x"' not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html


def test_markdown_is_rendered_and_links_pass_nothing_on() -> None:
    html = prose.to_html("# Title\n\n**bold** [site](https://example.com)\n\n| a |\n|---|\n| 1 |")
    assert "<h1>Title</h1>" in html
    assert "<strong>bold</strong>" in html
    assert "<td>1</td>" in html
    assert 'rel="noopener nofollow noreferrer"' in html
    assert 'target="_blank"' in html


def test_a_picture_is_named_instead_of_shown() -> None:
    assert "[picture: a cat]" in prose.to_html("![a cat](https://evil.example/cat.png)")
