"""Text and JSON exactly as received, made safe to store: no digit lost, no odd character kept."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Self

TEXT_LIMIT = 2000
SHORT_LIMIT = 200
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_KEY_SHAPE = re.compile(r"\bSG(?:TEST)?_[0-9A-Fa-f]{16}\b")


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text as it may be stored and shown: no control characters or lone surrogates, no provider key, cut
    to `limit`.
    """
    if text.isascii() and text.isprintable() and "SG" not in text:
        return text.strip()[:limit]
    return _KEY_SHAPE.sub("[key]", _UNSTORABLE.sub("\ufffd", text)).strip()[:limit]


class JsonNumber(Decimal):
    """A JSON number that keeps its text as received: no digit of a cost or of a 64-bit seed is lost."""

    text: str

    def __new__(cls, text: str) -> Self:
        try:
            number = super().__new__(cls, text)
        except (InvalidOperation, ValueError):
            number = super().__new__(cls, "NaN")
        number.text = text
        return number


def parse_json(body: bytes) -> Any:
    """The JSON value of a body, numbers as JsonNumber; None if it is no JSON (or the literal null)."""
    try:
        return json.loads(body, parse_float=JsonNumber, parse_int=JsonNumber, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def raw_text(value: object, limit: int = SHORT_LIMIT) -> str:
    """A JSON scalar as text, as received; empty for null, objects and lists."""
    if isinstance(value, JsonNumber):
        return value.text[:limit]
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value, limit) if isinstance(value, str) else ""
