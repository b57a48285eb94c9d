"""The fields of a sweep: which places of a text vary, over which values, and how many runs that makes.

What a person types becomes a JSON literal of the kind that stands at its place: text stays text ("5" for Kling's
duration), a number stays a number. Nothing is counted by making it: a range of ten thousand is refused unmade.
"""

import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from playground import figures
from playground.runs import body, places
from playground.runs.places import Path, PlaceProblem

MOST_CELLS = 500
MOST_FIELDS = 3
NO_TEXTS: Mapping[str, Collection[str]] = MappingProxyType({})
LONGEST = 20_000
_NUMBER = r"-?[0-9]{1,20}(?:\.[0-9]{1,10})?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:\.\.|…|to)\s*({_NUMBER})(?:\s*(?:step|by)\s*({_NUMBER}))?\Z")
_BARE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")


class GridProblem(ValueError):
    """Fields that make no sweep. ``row`` counts from 0, None for the whole; ``column`` is field or values."""

    def __init__(self, message: str, row: int | None = None, column: str = "values") -> None:
        super().__init__(message)
        self.row = row
        self.column = column


@dataclass(frozen=True, slots=True)
class Field:
    """One place and the literals it takes, in order."""

    path: Path
    literals: tuple[str, ...]

    @property
    def name(self) -> str:
        return places.shown(self.path)


def as_data(fields: Sequence[Field]) -> list[dict[str, Any]]:
    return [{"path": list(field.path), "literals": list(field.literals)} for field in fields]


def from_data(rows: Sequence[dict[str, Any]]) -> list[Field]:
    return [Field(tuple(row["path"]), tuple(row["literals"])) for row in rows]


def read(
    text: str, rows: Sequence[tuple[str, str]], *, texts: Mapping[str, Collection[str]] = NO_TEXTS
) -> list[Field]:
    """The fields typed as (path, values); empty rows are left out. Raises GridProblem at the first bad one.

    ``texts`` are names whose values are text where the JSON has none yet, with the choices there are: choices may
    stand in one line, with commas.
    """
    known = places.scalars(text)
    literals = dict(known)
    fields: list[Field] = []
    for number, (place, values) in enumerate(rows):
        if not place.strip() and not values.strip():
            continue
        try:
            path = places.parse(place, known=[path for path, _ in known])
            places.written(text, path, "0")
            _check_name(path)
        except PlaceProblem as problem:
            raise GridProblem(str(problem), number, "field") from problem
        _check_apart(path, fields, number)
        before = literals.get(path)
        is_text = places.shown(path) in texts if before is None else before.startswith('"')
        found = _values(values, number, is_text=is_text, choices=texts.get(places.shown(path), ()))
        fields.append(Field(path, found))
    if not fields:
        raise GridProblem("Name at least one field and its values.", 0, "field")
    if count(fields) > MOST_CELLS:
        raise _too_many(count(fields), None)
    return fields


def _check_name(path: Path) -> None:
    if any(isinstance(step, str) and "\x00" in step for step in path):
        raise PlaceProblem("A field with \\u0000 in its name cannot vary.")


def _check_apart(path: Path, fields: Sequence[Field], number: int) -> None:
    for field in fields:
        shorter = min(len(field.path), len(path))
        if field.path[:shorter] == path[:shorter]:
            raise GridProblem(f"{places.shown(path)} and {field.name} are the same field.", number, "field")


def _values(typed: str, number: int, *, is_text: bool, choices: Collection[str]) -> tuple[str, ...]:
    lines = [line for line in (line.strip() for line in typed.splitlines()) if line]
    if len(lines) == 1 and "," in lines[0] and lines[0][0] not in '"[{':
        parts = [part for part in (part.strip() for part in lines[0].split(",")) if part]
        if not is_text or all(part in choices for part in parts):
            lines = parts
    found: dict[str, None] = {}
    for line in lines:
        for literal in _literals(line, is_text=is_text, number=number):
            found[literal] = None
    if len(found) > MOST_CELLS:
        raise _too_many(len(found), number)
    if not found:
        raise GridProblem("Give its values, one a line, or a range such as 1..4.", number)
    return tuple(found)


def _literals(line: str, *, is_text: bool, number: int) -> Iterator[str]:
    if len(line) > LONGEST:
        raise GridProblem(f"One of these values is longer than {LONGEST} characters.", number)
    if is_text:
        yield json.dumps(line, ensure_ascii=False)
        return
    span = _RANGE.match(line)
    if span is not None:
        yield from _range(span, number)
    else:
        yield _literal(line, number)


def _range(span: re.Match[str], number: int) -> Iterator[str]:
    first, last = Decimal(span[1]), Decimal(span[2])
    try:
        step = Decimal(span[3]) if span[3] else Decimal(1)
        if step == 0 or (last - first) / step < 0:
            raise GridProblem("This range never reaches its end. Mind the sign of the step.", number)
        steps = int((last - first) / step) + 1
    except InvalidOperation:
        raise GridProblem("This range cannot be counted.", number) from None
    if steps > MOST_CELLS:
        raise _too_many(steps, number)
    for index in range(steps):
        yield f"{first + index * step:f}"


def _too_many(runs: int, number: int | None) -> GridProblem:
    return GridProblem(
        f"That would be {figures.number(runs)} runs; a sweep has at most {MOST_CELLS}. "
        "Take fewer values, or a larger step.",
        number,
    )


def _literal(line: str, number: int) -> str:
    """A number, ``true``, ``null``, an object and the like as they are; any other words become text."""
    if _BARE_NUMBER.match(line) or line in ("true", "false", "null"):
        return line
    if line[0] not in '"[{':
        return json.dumps(line, ensure_ascii=False)
    try:
        body.check_depth(line)
        body.check_surrogates(json.loads(line, parse_int=str, parse_float=str, parse_constant=_no_constant))
    except ValueError as problem:
        raise GridProblem(f"{line[:40]} is not valid JSON.", number) from problem
    return line


def _no_constant(name: str) -> object:
    raise ValueError(name)


def cells(fields: Sequence[Field]) -> Iterator[tuple[str, ...]]:
    """Every combination, the last field moving fastest."""
    return itertools.product(*(field.literals for field in fields))


def count(fields: Sequence[Field]) -> int:
    total = 1
    for field in fields:
        total *= len(field.literals)
    return total


def text_of(text: str, fields: Sequence[Field], literals: Sequence[str]) -> str:
    """What one cell sends: ``text`` with its values in their places."""
    return places.written_all(text, zip((field.path for field in fields), literals, strict=True))


def said(literal: str) -> str:
    """A literal as people read it: text without its quotes."""
    return str(json.loads(literal)) if literal.startswith('"') else literal
