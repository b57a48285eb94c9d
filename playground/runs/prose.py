"""A language model's words as HTML that is safe to show and loads nothing from anywhere."""

from collections.abc import Sequence
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token

LONGEST = 200_000

_TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em",
    "strong", "s", "del", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


def _picture_as_words(
    renderer: RendererProtocol, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return f"[picture: {escape(tokens[index].content or 'no description')}]"


_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_markdown.add_render_rule("image", _picture_as_words)


def to_html(text: str) -> SafeString:
    """``text`` rendered as Markdown: no pictures, no markup of its own; links open apart and pass nothing on."""
    rendered = _markdown.render(text[:LONGEST])
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return mark_safe(clean)  # noqa: S308  # just cleaned
