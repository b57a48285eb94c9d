"""The JSON view: completion, hints, lint, folding, search, repair, and texts too big for comfort."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.editor.conftest import Open

pytestmark = pytest.mark.browser

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "description": "What to draw."},
        "duration": {"type": "string", "enum": ["5", "10"], "default": "5"},
        "steps": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    },
}


def text_of(page: Page) -> str:
    text: str = page.evaluate("window.editor.text")
    return text


def show_json(page: Page) -> None:
    page.get_by_role("tab", name="JSON").click()
    page.locator(".cm-content").click()


def test_codemirror_comes_only_when_it_is_looked_at(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    loaded = "performance.getEntriesByType('resource').map((entry) => entry.name).join(' ')"
    assert "codemirror" not in page.evaluate(loaded)
    show_json(page)
    assert "codemirror" in page.evaluate(loaded)


def test_typing_over_a_selection(open_editor: Open) -> None:
    page = open_editor('{"prompt": "a boat"}', SCHEMA)
    show_json(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("[1]")
    # A bracket wraps what is selected; what is typed next takes its place.
    assert text_of(page) == "[1]"
    page.keyboard.press("Control+z")
    assert text_of(page) == '{"prompt": "a boat"}'
    page.locator(".editor-token-string").dblclick()
    page.keyboard.insert_text("tram")
    assert text_of(page) == '{"prompt": "a tram"}'


def test_completion_of_keys_and_choices(open_editor: Open) -> None:
    page = open_editor("{\n  \n}", SCHEMA)
    show_json(page)
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Control+Space")
    options = page.locator(".cm-tooltip-autocomplete li")
    expect(options).to_have_count(3)
    expect(options.first).to_contain_text("prompt")
    page.keyboard.type("dur")
    expect(options).to_have_count(1)
    page.wait_for_timeout(120)
    page.keyboard.press("Enter")
    assert text_of(page) == '{\n  "duration": "5"\n}'
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+Space")
    expect(options).to_have_count(2)
    page.wait_for_timeout(120)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert text_of(page) == '{\n  "duration": "10"\n}'


def test_hints_tell_type_range_and_default(open_editor: Open) -> None:
    page = open_editor('{"steps": 5}', SCHEMA)
    show_json(page)
    page.locator(".cm-content").get_by_text('"steps"').hover()
    expect(page.locator(".editor-tip")).to_contain_text("steps integer, 1 to 100, default 20")


def test_lint_marks_the_place(open_editor: Open) -> None:
    page = open_editor('{\n  "prompt": "x",\n  "steps": 500\n}', SCHEMA)
    show_json(page)
    expect(page.locator(".cm-lintRange-warning")).to_have_text("500")
    page.evaluate("window.editor.setText('{\\n  \"prompt\": NaN\\n}')")
    expect(page.locator(".cm-lintRange-error")).to_have_text("NaN")
    expect(page.locator(".cm-lint-marker-error")).to_be_visible()


def test_search_and_folding(open_editor: Open) -> None:
    page = open_editor('{\n  "prompt": "needle",\n  "o": {\n    "a": 1\n  }\n}', SCHEMA)
    show_json(page)
    page.keyboard.press("Control+f")
    page.keyboard.type("needle")
    expect(page.locator(".cm-searchMatch")).to_have_text("needle")
    page.keyboard.press("Escape")
    page.locator(".cm-foldGutter span[title='Fold line']").nth(1).click()
    expect(page.locator(".cm-foldPlaceholder")).to_be_visible()


def test_carriage_returns_survive_typing(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    page.evaluate("window.editor.setText('{\\r\\n  \"steps\": 1.0\\r\\n}')")
    show_json(page)
    page.keyboard.press("Control+End")
    page.keyboard.type(" ")
    assert text_of(page) == '{\r\n  "steps": 1.0\r\n} '


@pytest.mark.parametrize(
    ("broken", "title", "mended"),
    [
        (
            '{"a": 1.0, "b": 12345678901234567890,}',
            "a comma too many",
            '{"a": 1.0, "b": 12345678901234567890}',
        ),
        ('{"a": 1 // one\n}', "comments", '{"a": 1 \n}'),
        ("{\u201ca\u201d: \u201cx\u201d}", "typographic quotes", '{"a": "x"}'),
        ("{'a': True, 'b': None, 'c': 1.0}", "Python dict", '{"a": true, "b": null, "c": 1.0}'),
        ("{a: 1}", "JavaScript", '{"a": 1}'),
    ],
)
def test_repair_is_offered_shown_and_undoable(
    open_editor: Open, broken: str, title: str, mended: str
) -> None:
    page = open_editor(broken)
    banner = page.locator(".editor-repair")
    expect(banner).to_contain_text(title)
    assert text_of(page) == broken
    page.get_by_text("Show what changes").click()
    expect(page.locator(".editor-diff ins").first).to_be_visible()
    page.get_by_role("button", name="Repair").click()
    assert text_of(page) == mended
    expect(banner).to_contain_text("Repaired.")
    page.get_by_role("button", name="Undo").click()
    assert text_of(page) == broken


def test_repair_also_while_typing_in_the_json_view(open_editor: Open) -> None:
    page = open_editor('{"a": 1}')
    show_json(page)
    page.keyboard.press("Control+End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.type(",")
    expect(page.locator(".editor-repair")).to_contain_text("a comma too many")
    page.get_by_role("button", name="Repair").click()
    expect(page.locator(".cm-content")).to_have_text('{"a": 1}')


def five_megabytes() -> str:
    row = '{"id": 9007199254740993, "scale": 1.0, "words": "some words that fill a line"}'
    return "{\n" + ",\n".join(f'  "k{number}": {row}' for number in range(56_000)) + "\n}"


# A key press may keep the page busy for about as long as it takes to read the whole text a few times.
READINGS = 8
READING = """() => {
    const text = window.editor.text;
    return Math.max(...[1, 2, 3].map(() => {
        const start = performance.now();
        JSON.parse(text);
        return performance.now() - start;
    }));
}"""


@pytest.mark.parametrize("minified", [False, True])
def test_five_megabytes_load_and_take_typing(open_editor: Open, minified: bool) -> None:
    text = five_megabytes()
    if minified:
        text = text.replace("\n", "")
    assert len(text) > 5_000_000
    page = open_editor("{}", SCHEMA)
    page.evaluate("text => window.editor.setText(text)", text)
    expect(page.get_by_text("The text is too long for the form")).to_be_visible()
    page.get_by_role("button", name="Open JSON").click()
    expect(page.locator(".cm-content")).to_be_focused()
    page.evaluate(
        """() => {
            window.slowest = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) window.slowest = Math.max(window.slowest, entry.duration);
            }).observe({type: "longtask"});
        }"""
    )
    reading = page.evaluate(READING)
    page.keyboard.type("   ", delay=100)
    page.wait_for_timeout(500)
    assert text_of(page) == "   " + text
    assert page.evaluate("window.slowest") < READINGS * max(reading, page.evaluate(READING))
    page.keyboard.press("Control+Enter")
    assert page.evaluate("window.submitted[0].length") == len(text) + 3


@pytest.mark.parametrize(
    ("quads", "size"), [(1_300_000, "3.9 MB"), (2_700_000, "8.1 MB")], ids=["5 MB", "11 MB"]
)
def test_one_text_of_many_megabytes(open_editor: Open, quads: int, size: str) -> None:
    text = '{"image": "' + "QUJD" * quads + '"}'
    page = open_editor("{}", SCHEMA)
    page.evaluate("text => window.editor.setText(text)", text)
    show_json(page)
    page.keyboard.press("Control+Home")
    page.keyboard.type(" ")
    expect(page.locator(".editor-inline-chip")).to_have_text(f"data {size} · plain base64")
    assert text_of(page) == " " + text
