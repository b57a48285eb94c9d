"""What the words of a payload are, for search and for titles."""

import json
from collections.abc import Iterator
from typing import Any

# Longer strings outside a prompt are files in disguise: base64, whole documents.
MAX_WORD_TEXT = 2000
MAX_SEARCH_TEXT = 20_000
MAX_NODES = 5000

PROMPT_NAMES = ("prompt", "text", "lyrics", "genres", "instruction", "query", "input")


def search_text(body_text: str) -> str:
    """The words of a payload worth finding, one string a line: prompts first, then others in order.

    File markers, data URIs and strings of 2000 characters or more that are no prompt are left out; the whole
    is cut at 20,000 characters. Broken JSON gives ''.
    """
    seen: dict[str, None] = {}
    for _, words in sorted(words_of(body_text), key=lambda found: not found[0]):
        seen.setdefault(words)
    return "\n".join(seen)[:MAX_SEARCH_TEXT]


def prompt_text(body_text: str) -> str:
    """The prompt of a payload, or the last thing said to a language model, on one line; '' without one."""
    body = parse(body_text)
    if not isinstance(body, dict):
        return ""
    for name in PROMPT_NAMES:
        if isinstance(body.get(name), str) and body[name].strip():
            return one_line(body[name])
    messages = body.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        words = said(message)
        if words:
            return one_line(words)
    return ""


def required_fields(schema: dict[str, Any] | None) -> list[str]:
    """Names the schema asks for, in its order; [] without one."""
    required = (schema or {}).get("required")
    return [name for name in required if isinstance(name, str)] if isinstance(required, list) else []


def said(message: Any) -> str:
    """The words of one chat message, whose content is text or a list of parts."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return " ".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def parse(body_text: str) -> Any:
    try:
        # Numbers are not words, and a very long one would be refused.
        return json.loads(body_text, parse_int=not_a_word, parse_float=not_a_word, parse_constant=not_a_word)
    except (ValueError, RecursionError):
        return None


def not_a_word(number: str) -> None:
    return None


def words_of(body_text: str) -> Iterator[tuple[bool, str]]:
    """(is a prompt, text) of each short string, in document order."""
    body = parse(body_text)
    if body is None:
        return
    waiting: list[tuple[str, Any]] = [("", body)]
    for _ in range(MAX_NODES):
        if not waiting:
            return
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend((name, item) for item in reversed(value))
        elif isinstance(value, str) and worth_finding(value, prompt=is_prompt(name)):
            yield is_prompt(name), searchable(value)


def is_prompt(name: str) -> bool:
    return name in PROMPT_NAMES or name == "content" or "prompt" in name.lower()


def worth_finding(text: str, *, prompt: bool) -> bool:
    if not text.strip() or (len(text) >= MAX_WORD_TEXT and not prompt):
        return False
    return not text.startswith(("atelier-file:", "data:"))


def one_line(text: str) -> str:
    return " ".join(searchable(text).split())


def searchable(text: str) -> str:
    """Storable in PostgreSQL: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode().strip()
