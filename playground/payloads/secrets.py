"""Finds what looks like a key, token or password in a text before it leaves the team.

A text is read in every way that somebody may have written a key down: as JSON, member by member; as JSON inside a
string; percent-, HTML-, backslash-, base64- or hex-encoded, several times over; with invisible characters, look-alike
letters or gaps in it; backwards (``readings.py``); and cut in two over several values. A finding names the place,
never the secret.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playground.payloads.readings import LONG, readings, visible
from playground.payloads.secret_shapes import STRONG, kinds_in, secret_member

SHORTEST = 8  # characters of a secret
SHORTEST_STRONG = 14  # of one that counts over several values
OVER = " over several values"
MOST_NUMBERS = 2_000  # of a list that may be characters


@dataclass(frozen=True, slots=True)
class Finding:
    """``path`` says where (``$.headers["x-api-key"]``, or ``line 3`` of a plain text), ``what`` names the kind."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def find_secrets(text: str) -> list[Finding]:
    """Everything in ``text``, a JSON body or plain words, that looks like a secret; each place and kind once."""
    try:
        value = json.loads(
            text, object_pairs_hook=_Members, parse_int=str, parse_float=str, parse_constant=str
        )
    except (ValueError, RecursionError):
        found = _in_lines(text)
    else:
        found = _in_document(value)
    return list(dict.fromkeys(found))


def _in_document(value: object) -> Iterator[Finding]:
    whats = set()
    for finding in _in_value(value, "$", 0):
        whats.add(finding.what.removesuffix(OVER))
        yield finding
    places = list(_strings(value))
    strings = [text for _, text in places]
    for finding in _across(strings, "$"):
        what = finding.what.removesuffix(OVER)
        if what not in whats:
            # Where it begins: the last value from which on it is still whole.
            start = bisect_left(
                range(1, len(strings)),
                True,
                key=lambda at: what not in kinds_in(visible("".join(strings[at:])), STRONG),
            )
            yield Finding("$" + "".join(map(_safe_step, places[start][0])), finding.what)


def _strings(value: object) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """All values that are text or numbers with their places, in the order in which they are read."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while waiting:
        steps, found = waiting.pop()
        if isinstance(found, str):
            yield steps, found
        elif isinstance(found, _Members):
            waiting += [((*steps, name), inner) for name, inner in reversed(found)]
        elif isinstance(found, list):
            waiting += [((*steps, index), inner) for index, inner in reversed(list(enumerate(found)))]


class _Members(list[tuple[str, object]]):
    """An object with all its members: also of two with the same name."""


def _in_lines(text: str) -> Iterator[Finding]:
    alone = False
    for number, line in enumerate(text.split("\n"), 1):
        for what in _kinds(line):
            alone = True
            yield Finding(f"line {number}", what)
    if not alone:
        yield from (Finding("text", what) for what in _kinds(text))


def _in_value(value: object, path: str, depth: int) -> Iterator[Finding]:
    if depth > 60:
        yield Finding(path, "nested too deeply to be checked")
    elif isinstance(value, _Members):
        yield from _in_members(value, path, depth)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in_value(item, f"{path}[{index}]", depth + 1)
        strings = [item for item in value if isinstance(item, str)]
        yield from _across(strings, path)
        yield from _as_numbers(strings, path)
    elif isinstance(value, str):
        yield from _in_string(value, path, depth)


def _in_members(members: _Members, path: str, depth: int) -> Iterator[Finding]:
    strings: list[str] = []
    for name, value in members:
        kinds = _kinds(name)
        place = path + ('["…"]' if kinds else _step(name))
        yield from (Finding(place, f"{what} in a name") for what in kinds)
        if isinstance(value, str):
            strings += [name, value]
            plain = visible(value)
            if not kinds and secret_member(visible(name), plain):
                yield Finding(place, "a secret by its name")
        yield from _in_value(value, place, depth + 1)
    yield from _across(strings[1::2], path)
    yield from _across(strings, path)
    named = {name.lower(): value for name, value in members if isinstance(value, str)}
    name = named.get("key") or named.get("name") or ""
    if secret_member(name, named.get("value", "")):
        # As Postman and form data write a header.
        yield Finding(path + ".value", "a secret by its name")


def _step(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_]\w{0,39}", name):
        return f".{name}"
    return f"[{json.dumps(name if len(name) <= 40 else name[:40] + '…', ensure_ascii=False)}]"


def _safe_step(step: str | int) -> str:
    """An index, or a name unless it is a secret itself."""
    if isinstance(step, int):
        return f"[{step}]"
    return '["…"]' if _kinds(step) else _step(step)


def _in_string(text: str, path: str, depth: int) -> Iterator[Finding]:
    inner = _parsed(text)
    nested = [] if inner is None else list(_in_value(inner, f"{path} → $", depth + 1))
    yield from nested or (Finding(path, what) for what in _kinds(text))


def _parsed(text: str) -> object | None:
    """The object, list or string that ``text`` is the JSON of."""
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return None
    try:
        found = json.loads(
            text, object_pairs_hook=_Members, parse_int=str, parse_float=str, parse_constant=str
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list | str) else None


def _across(strings: Sequence[str], path: str) -> Iterator[Finding]:
    """A key cut into neighbouring values. Only strong shapes: chance joins words, too."""
    if len(strings) < 2 or not SHORTEST_STRONG <= sum(map(len, strings)) <= LONG:
        return
    for what in kinds_in(visible("".join(strings)), STRONG):
        if not any(what in kinds_in(visible(one), STRONG) for one in strings):
            yield Finding(path, what + OVER)


def _as_numbers(strings: Sequence[str], path: str) -> Iterator[Finding]:
    """A key as the numbers of its characters, each an item of a list."""
    if SHORTEST_STRONG < len(strings) <= MOST_NUMBERS and all(2 <= len(one) <= 10 for one in strings):
        yield from (Finding(path, what) for what in _kinds(", ".join(strings)))


def _kinds(text: str) -> list[str]:
    """The kinds of secrets in one string, in whatever way they are written."""
    if len(text) < SHORTEST:
        return []
    found: dict[str, None] = {}
    for reading, shapes in readings(text):
        if not shapes:
            found["too many encodings to be checked"] = None
        else:
            found.update(dict.fromkeys(kinds_in(reading, shapes)))
    return list(found)
