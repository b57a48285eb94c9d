"""The text of a request body: what may be sent, and where a file stands in it.

A body is stored and sent as the exact text. A file in it is a marker, a string value that only the server can make:
``atelier-file:<file id>:<how>:<signature>``. Typed text that looks like one has no valid signature and stays text.
"""

import hmac
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn

from django.utils.crypto import salted_hmac

How = Literal["base64", "data-uri", "upload"]
HOWS: tuple[How, ...] = ("base64", "data-uri", "upload")
MAX_DEPTH = 50

_MARKER = re.compile(
    r'(?<!\\)"(atelier-file:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(base64|data-uri|upload):([0-9a-f]{32}))"'
)
# Possessive, and an unfinished string runs to the end: the time stays linear in whatever was pasted.
_STRUCTURE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_CONSTANT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(-?Infinity|NaN)', re.DOTALL)
_SURROGATE = re.compile(r"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


class BodyProblem(ValueError):
    """A body that cannot be sent; ``line`` and ``column`` count from 1, or are None when no place is to blame."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        where = "" if line is None else f" Line {line}, column {column}."
        super().__init__(message + where)
        self.line = line
        self.column = column


def _at(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MB"


def check(text: str, *, max_bytes: int) -> None:
    """Raise BodyProblem unless ``text`` is one JSON object within the limits. Nothing is changed or re-serialised."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise BodyProblem(
            "This character is half of a pair and cannot be sent.", *_at(text, error.start)
        ) from None
    if size > max_bytes:
        raise BodyProblem(
            f"The body is {_size(size)}; the limit is {_size(max_bytes)}. Attach large data as a file instead."
        )
    if not text.strip():
        raise BodyProblem("The body is empty. The smallest one is {}.")
    check_depth(text)

    def constant(name: str) -> NoReturn:
        raise BodyProblem(f"{name} is not JSON. Use a number or null.", *_at(text, _constant_at(text)))

    try:
        value = json.loads(
            text, parse_constant=constant, parse_int=str, parse_float=str, object_pairs_hook=_Pairs
        )
    except json.JSONDecodeError as error:
        raise BodyProblem(
            f"This is not valid JSON: {error.msg[0].lower()}{error.msg[1:]}.", error.lineno, error.colno
        ) from None
    if not isinstance(value, _Pairs):
        raise BodyProblem("The body has to be a JSON object: it begins with { and ends with }.", 1, 1)
    if _SURROGATE.search(text):
        check_surrogates(value)


class _Pairs(list[tuple[str, object]]):
    """An object with all its members: of two with the same name, both are sent, so both are looked at."""


def _constant_at(text: str) -> int:
    return next((match.start() for match in _CONSTANT.finditer(text) if match[1]), 0)


def check_depth(text: str) -> None:
    """Raise BodyProblem where ``text`` is nested deeper than anything may be sent."""
    depth = 0
    for match in _STRUCTURE.finditer(text):
        character = match.group()
        if character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise BodyProblem(
                    f"The body is nested more than {MAX_DEPTH} levels deep.", *_at(text, match.start())
                )
        elif character in "]}":
            depth -= 1


def check_surrogates(value: object) -> None:
    """Raise BodyProblem where a string of ``value`` has half a character, which no encoding can send."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BodyProblem(
            "A \\ud800-like escape stands alone; it is half of a pair and cannot be sent."
        ) from None


@dataclass(frozen=True, slots=True)
class Marker:
    """A file's place in a body: ``start`` and ``end`` are the character span of the quoted string."""

    file_id: uuid.UUID
    how: How
    start: int
    end: int


def _signature(team_id: uuid.UUID, file_id: uuid.UUID, how: str) -> str:
    return salted_hmac("playground.runs.body", f"{team_id}:{file_id}:{how}", algorithm="sha256").hexdigest()[
        :32
    ]


def make_marker(*, team_id: uuid.UUID, file_id: uuid.UUID, how: How) -> str:
    """The string that stands for a file of this team in a body."""
    return f"atelier-file:{file_id}:{how}:{_signature(team_id, file_id, how)}"


def markers(text: str, *, team_id: uuid.UUID) -> Iterator[Marker]:
    """The genuine markers of this team in ``text``, in order. Forged ones and other teams' are plain text."""
    for match in _MARKER.finditer(text):
        file_id, how = uuid.UUID(match[2]), match[3]
        if hmac.compare_digest(match[4], _signature(team_id, file_id, how)):
            yield Marker(file_id, how, match.start(), match.end())  # type: ignore[arg-type]
