"""Finds what looks like a key, token or password in a text before it leaves the team.

A text is read in every way that somebody may have written a key down: as JSON, member by member; as JSON inside a
string; percent-, HTML-, backslash-, base64- or hex-encoded, several times over; with invisible characters, look-alike
letters or gaps in it; backwards (``readings.py``); and cut in two over several values. A finding names the place,
never the secret.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from playground.payloads.readings import LONG, Budget, TooManyReadings, readings, visible
from playground.payloads.secret_shapes import STRONG, kinds_in, secret_member

SHORTEST = 8  # characters of a secret
SHORTEST_STRONG = 14  # of one that counts over several values
DEEPEST = 60  # lists and objects inside each other
OVER = " over several values"
MOST_NUMBERS = 2_000  # of a list that may be characters


# Where a value stands: around it, and the last step to it. It becomes words only where something is found.
_Place = tuple["_Place | None", str | int]
_ROOT: _Place = (None, "$")


@dataclass(frozen=True, slots=True)
class Finding:
    """``path`` says where (``$.headers["x-api-key"]``, or ``line 3`` of a plain text), ``what`` names the kind."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class _Stopped(Exception):
    """The rest cannot be checked, which is a finding itself, and the last."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding


def find_secrets(text: str, budget: Budget | None = None) -> list[Finding]:
    """Everything in ``text``, a JSON body or plain words, that looks like a secret; each place and kind once.

    What cannot be checked to its end is a finding, too, and nothing is looked for after it. ``budget`` is of several
    texts that are looked through together.
    """
    scan = _Scan(budget or Budget(len(text)))
    value, is_json = _loaded(text)
    found: dict[Finding, None] = {}
    try:
        for finding in scan.document(value) if is_json else scan.lines(text):
            found[finding] = None
    except _Stopped as stopped:
        found[stopped.finding] = None
    return list(found)


class _Members(list[tuple[str, object]]):
    """An object with all its members: also of two with the same name."""


def _loaded(text: str) -> tuple[object, bool]:
    """The value that ``text`` is the JSON of, with every number as it is written, and whether it is any."""
    try:
        value = json.loads(
            text, object_pairs_hook=_Members, parse_int=str, parse_float=str, parse_constant=str
        )
    except (ValueError, RecursionError):
        return None, False
    return value, True


class _Scan:
    """One document, and what may still be read of it."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def document(self, value: object) -> Iterator[Finding]:
        whats = set()
        for finding in self._in_value(value, _ROOT, 0):
            whats.add(finding.what.removesuffix(OVER))
            yield finding
        strings = list(_strings(value))
        for what in _across(strings):
            if what not in whats:
                place = next(islice(_places(value), _start(strings, what), None))
                yield Finding("$" + _path(place, _safe_step), what + OVER)

    def lines(self, text: str) -> Iterator[Finding]:
        alone = False
        for number, line in enumerate(text.split("\n"), 1):
            for what in self._kinds(line, (None, f"line {number}")):
                alone = True
                yield Finding(f"line {number}", what)
        if not alone:
            yield from (Finding("text", what) for what in self._kinds(text, (None, "text")))

    def _kinds(self, text: str, place: _Place) -> list[str]:
        """The kinds of secrets in one string, in whatever way they are written."""
        try:
            return _kinds(text, self._budget)
        except TooManyReadings:
            raise _Stopped(Finding(_path(place), "too many encodings to be checked")) from None

    def _in_value(self, value: object, place: _Place, depth: int) -> Iterator[Finding]:
        if depth > DEEPEST:
            raise _Stopped(Finding(_path(place), "nested too deeply to be checked"))
        if isinstance(value, _Members):
            yield from self._in_members(value, place, depth)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._in_value(item, (place, index), depth + 1)
            strings = [item for item in value if isinstance(item, str)]
            yield from (Finding(_path(place), what + OVER) for what in _across(strings))
            if _are_characters(strings):
                yield from (Finding(_path(place), what) for what in self._kinds(", ".join(strings), place))
        elif isinstance(value, str):
            yield from self._in_string(value, place, depth)

    def _in_members(self, members: _Members, around: _Place, depth: int) -> Iterator[Finding]:
        strings: list[str] = []
        for name, value in members:
            kinds = self._kinds(name, (around, '["…"]'))
            place: _Place = (around, '["…"]' if kinds else _step(name))
            yield from (Finding(_path(place), f"{what} in a name") for what in kinds)
            if isinstance(value, str):
                strings += [name, value]
                if not kinds and secret_member(visible(name), visible(value)):
                    yield Finding(_path(place), "a secret by its name")
            yield from self._in_value(value, place, depth + 1)
        for some in (strings[1::2], strings):
            yield from (Finding(_path(around), what + OVER) for what in _across(some))
        named = {name.lower(): value for name, value in members if isinstance(value, str)}
        name = named.get("key") or named.get("name") or ""
        if secret_member(name, named.get("value", "")):
            # As Postman and form data write a header.
            yield Finding(_path((around, ".value")), "a secret by its name")

    def _in_string(self, text: str, place: _Place, depth: int) -> Iterator[Finding]:
        inner = _parsed(text)
        nested = [] if inner is None else list(self._in_value(inner, (place, " → $"), depth + 1))
        yield from nested or (Finding(_path(place), what) for what in self._kinds(text, place))


def _path(place: _Place | None, named: Callable[[str], str] = str) -> str:
    steps = []
    while place is not None:
        place, step = place
        steps.append(f"[{step}]" if isinstance(step, int) else named(step))
    return "".join(reversed(steps))


def _start(strings: Sequence[str], what: str) -> int:
    """Where a key over several values begins: the last of them from which on it is still whole."""

    def is_cut(at: int) -> bool:
        return what not in kinds_in(visible("".join(strings[at:])), STRONG)

    return bisect_left(range(1, len(strings)), True, key=is_cut)


def _strings(value: object) -> Iterator[str]:
    """All values that are text or numbers, in the order in which they are read."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, _Members):
            waiting += [inner for _, inner in reversed(found)]
        elif isinstance(found, list):
            waiting += reversed(found)


def _places(value: object, place: _Place | None = None) -> Iterator[_Place | None]:
    """Where each of ``_strings`` stands, with the names as they are."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, _Members):
        for name, inner in value:
            yield from _places(inner, (place, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (place, index))


def _step(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_]\w{0,39}", name):
        return f".{name}"
    return f"[{json.dumps(name if len(name) <= 40 else name[:40] + '…', ensure_ascii=False)}]"


def _safe_step(name: str) -> str:
    """The step to a member, unless its name is a secret itself."""
    return '["…"]' if find_secrets(json.dumps([name])) else _step(name)


def _parsed(text: str) -> object | None:
    """The object, list or string that ``text`` is the JSON of."""
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return None
    found, _ = _loaded(text)
    return found if isinstance(found, list | str) else None


def _across(strings: Sequence[str]) -> Iterator[str]:
    """The kinds of keys cut into neighbouring values. Only strong shapes: chance joins words, too."""
    if len(strings) < 2 or not SHORTEST_STRONG <= sum(map(len, strings)) <= LONG:
        return
    for what in kinds_in(visible("".join(strings)), STRONG):
        if not any(what in kinds_in(visible(one), STRONG) for one in strings):
            yield what


def _are_characters(strings: Sequence[str]) -> bool:
    """Whether they may be the numbers of the characters of a key."""
    return SHORTEST_STRONG < len(strings) <= MOST_NUMBERS and all(2 <= len(one) <= 10 for one in strings)


def _kinds(text: str, budget: Budget) -> list[str]:
    if len(text) < SHORTEST:
        return []
    found: dict[str, None] = {}
    for reading, shapes in readings(text, budget):
        found.update(dict.fromkeys(kinds_in(reading, shapes)))
    return list(found)
