"""Finds what looks like a key, token or password in a text before it leaves the team.

A text is read in every way that somebody may have written a key down: as JSON, member by member; as JSON inside a
string; percent-, HTML-, backslash-, base64- or hex-encoded, several times over; with invisible characters, look-alike
letters or gaps in it; backwards; and cut in two over neighbouring values. A finding names the place, never the secret.
"""

import base64
import binascii
import html
import json
import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from playground.payloads.secret_shapes import SHAPES, STRONG, Shape, kinds_in, secret_member

MAX_DEPTH = 5  # encodings inside encodings
MOST_READ = 40  # times the length of a string, of all its readings together
SHORTEST = 8  # characters of a secret
SHORTEST_STRONG = 14  # of one that counts over several values
SHORTEST_ENCODED = 20  # characters of one in base64
LONGEST_SHIFTED = 20_000  # characters of base64 that are read from each of its first letters
LONG = 200_000  # characters above which encodings are only looked through for strong shapes

_LOOK_ALIKE = str.maketrans(
    "АВСЕНІЈКМОРЅТХУаеіјорѕсхуԁһҝԍɡΑΒΕΖΗΙΚΜΝΟΡΤΧΥορѵԛԝⲟ‐‑‒–—−＿",
    "ABCEHIJKMOPSTXYaeijopscxydhkGgABEZHIKMNOPTXYopvqwo------_",
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\u0300-\u036f]"
)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_BACKSLASH = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|([0-7]{3}))"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
# Possessive, from the start of a word: linear in whatever was pasted.
_WRAPPED_BASE64 = re.compile(r"(?<![\w+/-])(?:[A-Za-z0-9+/_-]{4,}+={0,2}\s*+){2,}+")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[\s:]?){19,}[0-9A-Fa-f]?")
_CODES = re.compile(r"(?:\d{2,3}\s*,\s*){18,}\d{2,3}")


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
        found = _in_value(value, "$", 0)
    return list(dict.fromkeys(found))


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
        yield from _across([item for item in value if isinstance(item, str)], path)
    elif isinstance(value, str):
        yield from _in_string(value, path, depth)


def _in_members(members: _Members, path: str, depth: int) -> Iterator[Finding]:
    strings: list[str] = []
    for name, value in members:
        kinds = _kinds(name)
        place = path + _step("…" if kinds else name)
        yield from (Finding(place, f"{what} in a name") for what in kinds)
        if isinstance(value, str):
            strings += [name, value]
            plain = _visible(value)
            if not kinds and secret_member(_visible(name), plain):
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
    for what in kinds_in(_visible("".join(strings)), STRONG):
        if not any(what in kinds_in(_visible(one), STRONG) for one in strings):
            yield Finding(path, f"{what} over several values")


def _kinds(text: str) -> list[str]:
    """The kinds of secrets in one string, in whatever way they are written."""
    if len(text) < SHORTEST:
        return []
    found: dict[str, None] = {}
    for reading, shapes in _readings(text):
        if not shapes:
            found["too many encodings to be checked"] = None
        else:
            found.update(dict.fromkeys(kinds_in(reading, shapes)))
    return list(found)


def _readings(text: str) -> Iterator[tuple[str, Sequence[Shape]]]:
    """Each with the shapes that mean something in it. Without any at the end, where not all could be read."""
    seen: set[str] = set()
    left = MOST_READ * len(text) + LONG
    waiting = deque[tuple[str, Sequence[Shape], int]]([(text, SHAPES, 0)])
    while waiting:
        reading, shapes, depth = waiting.popleft()
        reading = _visible(reading)
        if reading in seen:
            continue
        seen.add(reading)
        left -= len(reading)
        if left < 0:
            # Whoever hides a key behind a heap of others' encodings is not let through either.
            yield "", ()
            return
        yield reading, shapes
        if len(reading) <= LONG:
            yield reading[::-1], STRONG
        if depth < MAX_DEPTH:
            waiting.extend((one, kind, depth + 1) for one, kind in _decoded(reading, shapes))


def _visible(text: str) -> str:
    """``text`` as an eye reads it: nothing invisible, no accents, look-alike letters as the Latin ones."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text)
    return _INVISIBLE.sub("", plain).translate(_LOOK_ALIKE)


def _decoded(text: str, shapes: Sequence[Shape]) -> Iterator[tuple[str, Sequence[Shape]]]:
    if "%" in text and _PERCENT.search(text):
        yield unquote(text), shapes
    if "&" in text and ";" in text:
        yield html.unescape(text), shapes
    if "\\" in text and _BACKSLASH.search(text):
        yield _BACKSLASH.sub(_unescaped, text), shapes
    if len(text) >= SHORTEST_STRONG:
        yield from _from_codes(text, shapes)


def _from_codes(text: str, shapes: Sequence[Shape]) -> Iterator[tuple[str, Sequence[Shape]]]:
    for match in _BASE64.finditer(text):
        yield from _at_each_start(match[0], shapes)
    for match in _WRAPPED_BASE64.finditer(text):
        yield from _at_each_start("".join(match[0].split()), shapes)
    for match in _HEX.finditer(text):
        digits = re.sub(r"[\s:]", "", match[0])
        for start in (0, 1):
            yield from _as_text(bytes.fromhex(digits[start : start + (len(digits) - start) // 2 * 2]), shapes)
    for match in _CODES.finditer(text):
        yield from _as_text(bytes(int(one) % 256 for one in match[0].split(",")), shapes)


def _at_each_start(text: str, shapes: Sequence[Shape]) -> Iterator[tuple[str, Sequence[Shape]]]:
    """Words before it shift where its groups of four letters begin; a whole picture is only read from its start."""
    if len(text) < SHORTEST_ENCODED:
        return
    for start in range(4 if len(text) <= LONGEST_SHIFTED else 1):
        yield from _as_text(_from_base64(text[start:]), shapes)


def _unescaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3] or match[4]
    code = int(digits, 16) if digits else int(match[5], 8)
    return chr(code) if code < 0x110000 else ""


def _from_base64(text: str) -> bytes:
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    plain = plain[: len(plain) - 1] if len(plain) % 4 == 1 else plain
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return b""


def _as_text(data: bytes, shapes: Sequence[Shape]) -> Iterator[tuple[str, Sequence[Shape]]]:
    """Bytes as text: of a picture's or of chance bytes only strong shapes mean anything."""
    if not data:
        return
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield data.decode("utf-16", "replace"), shapes
        return
    text = data.decode("latin-1")
    readable = sum(32 <= byte < 127 or byte in b"\t\n\r" for byte in data[:4096]) / len(data[:4096])
    yield (text, shapes) if readable > 0.95 else (text, STRONG)
