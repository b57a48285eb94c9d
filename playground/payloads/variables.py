"""Variables of a payload: ``{{name}}`` in the JSON text, replaced where it stands.

The text is never parsed and written again. Only the names that are declared mean something: every other ``{{x}}``
is plain text, because prompts use braces, too. A string that is one variable and nothing else becomes a value of the
variable's type, so that a number stays a number; inside a longer string a value is text, escaped for JSON.

A default may name other variables; what a person typed is taken as it is.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from playground.runs import body

MOST = 50
LONGEST = 100_000
LONGEST_GIVEN = 3_000_000  # of what a person gives for one run: it may be a picture as a data URI
LARGEST = 32 * 1024 * 1024

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}\Z")
USE = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_]{0,59})\}\}")
# Possessive, and an unfinished string runs to the end: the time stays linear in whatever was pasted.
_STRING = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"?', re.DOTALL)
_AFTER_NAME = re.compile(r"[ \t\r\n]*+:")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")


class Kind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    JSON = "json"


BARE = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN, Kind.JSON})


class VariableProblem(ValueError):
    """A declaration or a value that cannot be used. ``name`` is the variable it is about, or empty."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Variable:
    """``default`` is text as a person would type it, None where a value has to be given each time."""

    name: str
    kind: Kind = Kind.TEXT
    default: str | None = None
    choices: tuple[str, ...] = ()
    description: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """What a list of choices offers."""
        return ("true", "false") if self.kind is Kind.BOOLEAN else self.choices

    def as_data(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.kind.value,
            "default": self.default,
            "choices": list(self.choices),
            "description": self.description,
        }


def as_data(declared: Iterable[Variable]) -> list[dict[str, Any]]:
    """What a version stores of its declaration."""
    return [variable.as_data() for variable in declared]


def from_data(rows: Iterable[Mapping[str, Any]]) -> list[Variable]:
    """The declaration that ``as_data`` wrote, or an import read. Raises VariableProblem where it is none."""
    found = []
    for row in rows:
        name, kind = str(row.get("name") or ""), str(row.get("type") or Kind.TEXT.value)
        if kind not in set(Kind):
            raise VariableProblem(f"{name} has the type {kind}, which is none of {', '.join(Kind)}.", name)
        default = row.get("default")
        found.append(
            Variable(
                name=name,
                kind=Kind(kind),
                default=None if default is None else str(default),
                choices=tuple(str(choice) for choice in row.get("choices") or ()),
                description=str(row.get("description") or ""),
            )
        )
    return found


def check_declared(declared: Sequence[Variable], text: str) -> None:
    """Raise VariableProblem unless these names can stand in ``text``: names, types, defaults, places and cycles."""
    if len(declared) > MOST:
        raise VariableProblem(f"These are {len(declared)} variables; the most is {MOST}.")
    _check_names(declared)
    for variable in declared:
        _check_one(variable)
    _check_cycles(declared)
    for variable in declared:
        default = variable.default
        if default is not None and not used_in_text(default, declared):
            check_value(variable, default)
    _check_places(declared, text)


def _check_names(declared: Sequence[Variable]) -> None:
    seen: dict[str, str] = {}
    for variable in declared:
        name = variable.name
        if not NAME.match(name):
            shown = f"“{name}”" if name else "A variable without a name"
            raise VariableProblem(
                f"{shown} cannot be used: a name begins with a letter and has letters, digits and _ only.",
                name,
            )
        other = seen.get(name.casefold())
        if other == name:
            raise VariableProblem(f"{name} is declared twice. Give one of them another name.", name)
        if other is not None:
            raise VariableProblem(f"{other} and {name} differ only in capitals. Rename one of them.", name)
        seen[name.casefold()] = name


def _check_one(variable: Variable) -> None:
    if variable.kind is Kind.CHOICE and not variable.choices:
        raise VariableProblem(
            f"{variable.name} is a choice without choices. Name at least one.", variable.name
        )
    if len(variable.default or "") > LONGEST:
        raise VariableProblem(
            f"The default of {variable.name} is longer than {LONGEST} characters.", variable.name
        )


def _check_cycles(declared: Sequence[Variable]) -> None:
    names = {variable.name: variable for variable in declared}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise VariableProblem(f"These defaults go in a circle: {circle}.", name)
        if name in done:
            return
        for other in used_in_text(names[name].default or "", declared):
            visit(other, (*path, name))
        done.add(name)

    for variable in declared:
        visit(variable.name, ())


def _check_places(declared: Sequence[Variable], text: str) -> None:
    names = {variable.name for variable in declared}
    for place in strings_in(text):
        if not place.is_name:
            continue
        for match in USE.finditer(place.inside):
            if match[1] in names:
                at = place.start + 1 + match.start()
                line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
                raise VariableProblem(
                    f"{{{{{match[1]}}}}} stands in the name of a field (line {line}, column {column}). "
                    "A variable can stand in values only.",
                    match[1],
                )


@dataclass(frozen=True, slots=True)
class Quoted:
    """A string of the JSON text: ``inside`` is what stands between its quotes, ``is_name`` whether it names a field."""

    start: int
    end: int
    inside: str
    is_name: bool


def strings_in(text: str) -> Iterator[Quoted]:
    for match in _STRING.finditer(text):
        yield Quoted(match.start(), match.end(), match[1], _AFTER_NAME.match(text, match.end()) is not None)


def used_in_text(text: str, declared: Iterable[Variable]) -> list[str]:
    """The declared names that stand anywhere in ``text``, in order, each once."""
    names = {variable.name for variable in declared}
    return list(dict.fromkeys(match[1] for match in USE.finditer(text) if match[1] in names))


def used(text: str, declared: Sequence[Variable]) -> list[Variable]:
    """The variables that a run of this JSON text needs, with those their defaults name, in the order declared."""
    names = {variable.name: variable for variable in declared}
    needed: set[str] = set()
    waiting = used_in_text(text, declared)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += used_in_text(names[name].default or "", declared)
    return [variable for variable in declared if variable.name in needed]


def missing(text: str, declared: Sequence[Variable], values: Mapping[str, str]) -> list[Variable]:
    """The variables that have neither a value nor a default and so are to be asked for."""
    return [
        variable
        for variable in used(text, declared)
        if variable.default is None and values.get(variable.name) is None
    ]


def fill(text: str, declared: Sequence[Variable], values: Mapping[str, str]) -> str:
    """``text`` with every declared variable replaced in place; nothing else of it changes.

    Raises VariableProblem for a value that is missing or does not fit its type. Values of names that are not declared
    are ignored.
    """
    asked = missing(text, declared, values)
    if asked:
        names = ", ".join(variable.name for variable in asked)
        raise VariableProblem(f"Give a value for {names}.", asked[0].name)
    needed = used(text, declared)
    given = _resolved(needed, values)
    kinds = {variable.name: variable for variable in needed}
    for name, value in given.items():
        check_value(kinds[name], value)

    _check_size(
        text, {name: len(_escaped(value)) for name, value in given.items()}, LARGEST, "The filled text"
    )

    def whole(inside: str) -> str | None:
        match = USE.fullmatch(inside)
        if match is None or match[1] not in kinds or kinds[match[1]].kind not in BARE:
            return None
        return given[match[1]].strip()

    return _replaced(text, whole, lambda inside: _within(inside, given))


def _check_size(text: str, sizes: Mapping[str, int], most: int, what: str) -> None:
    # Counted before anything is put together: defaults that name each other can grow beyond any memory.
    size = len(text) + sum(sizes.get(match[1], 0) for match in USE.finditer(text))
    if size > most:
        raise VariableProblem(f"{what} would be longer than {most} characters.")


def _replaced(text: str, whole: Callable[[str], str | None], within: Callable[[str], str]) -> str:
    pieces, position = [], 0
    for place in strings_in(text):
        if place.is_name or "{{" not in place.inside:
            continue
        literal = whole(place.inside)
        pieces += [text[position : place.start], f'"{within(place.inside)}"' if literal is None else literal]
        position = place.end
    return "".join([*pieces, text[position:]])


def _within(inside: str, given: Mapping[str, str]) -> str:
    return USE.sub(lambda match: _escaped(given[match[1]]) if match[1] in given else match[0], inside)


def _escaped(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _resolved(needed: Sequence[Variable], values: Mapping[str, str]) -> dict[str, str]:
    """The text of every variable: what was given, else its default with the variables it names."""
    names = {variable.name: variable for variable in needed}
    given: dict[str, str] = {}

    def text_of(name: str, path: tuple[str, ...]) -> str:
        if name in path:
            raise VariableProblem(f"These defaults go in a circle: {' → '.join((*path, name))}.", name)
        if name not in given:
            value = values.get(name)
            if value is None:
                default = names[name].default or ""
                inner = {other: text_of(other, (*path, name)) for other in used_in_text(default, needed)}
                value = _put_into(name, default, inner)
            elif len(value) > LONGEST_GIVEN:
                raise VariableProblem(f"The value of {name} is longer than {LONGEST_GIVEN} characters.", name)
            given[name] = value
        return given[name]

    for variable in needed:
        text_of(variable.name, ())
    return given


def _put_into(name: str, default: str, others: Mapping[str, str]) -> str:
    """The default of ``name`` with the values of the ``others`` that it names."""
    sizes = {other: len(text) for other, text in others.items()}
    _check_size(default, sizes, LONGEST, f"The value of {name}")
    return USE.sub(lambda match: others.get(match[1], match[0]), default)


def check_value(variable: Variable, value: str) -> None:
    """Raise VariableProblem unless ``value``, as a person typed it, is one of the variable's type."""
    name, bare = variable.name, value.strip()
    match variable.kind:
        case Kind.INTEGER if not _INTEGER.match(bare):
            raise VariableProblem(f"{name} has to be a whole number, such as 42.", name)
        case Kind.NUMBER if not _NUMBER.match(bare):
            raise VariableProblem(f"{name} has to be a number, such as 0.5.", name)
        case Kind.BOOLEAN if bare not in ("true", "false"):
            raise VariableProblem(f"{name} has to be true or false.", name)
        case Kind.CHOICE if value not in variable.choices:
            raise VariableProblem(f"{name} has to be one of {', '.join(variable.choices)}.", name)
        case Kind.JSON:
            _check_json(name, bare)


def _check_json(name: str, value: str) -> None:
    def constant(word: str) -> object:
        raise VariableProblem(f"{name}: {word} is not JSON. Use a number or null.", name)

    try:
        body.check_depth(value)
        json.loads(value, parse_constant=constant, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        raise VariableProblem(
            f"{name} is not valid JSON (line {error.lineno}, column {error.colno}).", name
        ) from None
    except body.BodyProblem as problem:
        raise VariableProblem(f"{name}: {problem}", name) from problem


def plain_uses(text: str, declared: Iterable[Variable]) -> list[str]:
    """The names in double braces inside values that nobody declared, in order, each once: they are plain text."""
    names = {variable.name for variable in declared}
    found = (
        match[1] for place in strings_in(text) if not place.is_name for match in USE.finditer(place.inside)
    )
    return [name for name in dict.fromkeys(found) if name not in names][:MOST]


def with_defaults(text: str, declared: Sequence[Variable]) -> str:
    """``text`` filled as far as the defaults go; what would be asked for, or does not fit its type, stays as it is."""
    waiting = {variable.name: variable for variable in declared if variable.default is not None}
    behind = {name: set(used_in_text(one.default or "", declared)) for name, one in waiting.items()}
    given: dict[str, str] = {}
    while found := [one for name, one in waiting.items() if given.keys() >= behind[name]]:
        for variable in found:
            del waiting[variable.name]
            with suppress(VariableProblem):
                value = _put_into(variable.name, variable.default or "", given)
                check_value(variable, value)
                given[variable.name] = value
    try:
        return fill(text, [variable for variable in declared if variable.name in given], {})
    except VariableProblem:
        return text
