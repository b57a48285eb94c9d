"""Where values stand in a JSON text, so that one can be replaced there and nothing else of the text changes.

The text has to be valid JSON (``body.check``); it is read token by token and never written anew.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]

# Possessive: the time stays linear in whatever was pasted.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},:]|[^\s"\[\]{},:]++', re.DOTALL)
_STEP = re.compile(r"\[(\d{1,6})\]|(?:^|\.)([^.\[\]]+)")
_PLAIN = re.compile(r"[^.\[\]\s][^.\[\]]*")


class PlaceProblem(ValueError):
    """A place that the text does not have. The message is fit for the person."""


@dataclass(frozen=True, slots=True)
class Place:
    """One value: its path, and the characters from ``start`` to ``end`` that are its literal."""

    path: Path
    start: int
    end: int


def places(text: str) -> Iterator[Place]:
    """Every value of ``text`` at the moment it ends: what is inside comes before what it is inside of."""
    stack: list[_Open] = []
    for match in _TOKEN.finditer(text):
        sign = match.group()
        top = stack[-1] if stack else None
        if sign in "{[":
            stack.append(_Open(sign == "{", _path(top), match.start()))
        elif sign in "}]":
            closed = stack.pop()
            yield Place(closed.path, closed.start, match.end())
        elif sign == ",":
            _next(stack[-1])
        elif sign == ":":
            continue
        elif top is not None and top.is_object and top.name is None:
            top.name = json.loads(sign)
        else:
            yield Place(_path(top), match.start(), match.end())


@dataclass(slots=True)
class _Open:
    """An object or array that is being read: where it stands, and which member comes."""

    is_object: bool
    path: Path
    start: int
    name: str | None = None
    index: int = 0


def _path(top: _Open | None) -> Path:
    if top is None:
        return ()
    return (*top.path, (top.name or "") if top.is_object else top.index)


def _next(top: _Open) -> None:
    top.name = None
    top.index += 1


def find(text: str, path: Path) -> Place | None:
    """The value at ``path``. Of two members with the same name the last one counts, as for those who read JSON."""
    found = None
    for place in places(text):
        if place.path == path:
            found = place
    return found


def scalars(text: str) -> list[tuple[Path, str]]:
    """Paths and literals of everything that is neither object nor array, in order."""
    return [
        (place.path, text[place.start : place.end]) for place in places(text) if text[place.start] not in "{["
    ]


def written(text: str, path: Path, literal: str) -> str:
    """``text`` with ``literal`` at ``path``. A member of the outermost object that is missing is put at its end.

    Raises PlaceProblem for a path inside something that is not there.
    """
    place = find(text, path)
    if place is not None:
        start, end, insert = place.start, place.end, literal
    elif len(path) == 1 and isinstance(path[0], str):
        start, end, insert = _addition(text, path[0], literal)
    else:
        raise PlaceProblem(f"The payload has no {shown(path)}.")
    return text[:start] + insert + text[end:]


def written_all(text: str, values: Iterable[tuple[Path, str]]) -> str:
    """``text`` with each literal at its path, one after another."""
    for path, literal in values:
        text = written(text, path, literal)
    return text


def _addition(text: str, name: str, literal: str) -> tuple[int, int, str]:
    inside = [place for place in places(text) if len(place.path) == 1]
    member = f"{json.dumps(name, ensure_ascii=False)}: {literal}"
    if not inside:
        at = text.index("{") + 1
        return at, at, member
    last = max(inside, key=lambda place: place.end)
    gap = re.match(r"\{(\s*)", text[text.index("{") :])
    space = gap[1] if gap and "\n" in gap[1] else " "
    return last.end, last.end, f",{space}{member}"


def laid_out(text: str) -> str:
    """Valid JSON with a line for each value, to be compared by eye: every literal as it was."""
    signs = _TOKEN.findall(text)
    out: list[str] = []
    depth = 0
    for place, sign in enumerate(signs):
        if sign in "{[":
            depth += 1
            out.append(sign if signs[place + 1] in "}]" else f"{sign}\n{'  ' * depth}")
        elif sign in "}]":
            depth -= 1
            out.append(sign if signs[place - 1] in "{[" else f"\n{'  ' * depth}{sign}")
        elif sign == ",":
            out.append(f",\n{'  ' * depth}")
        else:
            out.append(": " if sign == ":" else sign)
    return "".join(out)


def shown(path: Path) -> str:
    """``messages[0].content``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def parse(text: str, *, known: Sequence[Path] = ()) -> Path:
    """The path that ``shown`` writes like this: one of ``known``, else read step by step. Raises PlaceProblem."""
    text = text.strip()
    for path in known:
        if shown(path) == text:
            return path
    steps: list[str | int] = []
    position = 0
    for match in _STEP.finditer(text):
        if match.start() != position:
            break
        steps.append(int(match[1]) if match[1] else match[2])
        position = match.end()
    if not steps or position != len(text):
        raise PlaceProblem(f"“{text}” names no place. Write it like width or messages[0].content.")
    return tuple(steps)
