"""Every way in which a string may be read: as it stands, and as what somebody may have encoded in it.

Of each reading it is said which shapes mean something in it: in what came out of chance bytes, backwards or shifted
letters only the strong ones do.
"""

import base64
import binascii
import codecs
import contextlib
import html
import re
import unicodedata
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

from playground.payloads.secret_shapes import SHAPES, STRONG, Shape

MAX_DEPTH = 5  # encodings inside encodings
MOST_READ = 60  # times the length of a document, of all readings of all its strings together
MOST_OF_LONG = 6_000_000  # characters of them; and MOST_READ_LONG times its length
MOST_READ_LONG = 16  # hundreds of pictures, or notes with markup, need as many
SHORTEST = 14  # characters of anything encoded
SHORTEST_BASE64 = 20
LONGEST_SHIFTED = 20_000  # characters of base64 that are read from each of its first letters
LONGEST_TOKEN = 4_000  # characters of rarer encodings
LONG = 200_000  # characters above which a text is read forwards only
MOST_UNPACKED = 200_000  # bytes
PIECE = 500  # characters that are normalised at a time

Reading = tuple[str, Sequence[Shape]]

_LOOK_ALIKE = str.maketrans(
    "АВСЕНІЈКМОРЅТХУаеіјорѕсхуԁһҝԍɡΑΒΕΖΗΙΚΜΝΟΡΤΧΥορѵԛԝⲟ‐‑‒–—−＿",
    "ABCEHIJKMOPSTXYaeijopscxydhkGgABEZHIKMNOPTXYopvqwo------_",
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\u0300-\u036f]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]")  # invisible, and an alphabet all the same
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_BACKSLASH = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|([0-7]{3}))"
)
_MARKUP = re.compile(r"<[^<>]{0,200}>|\*\*|__|~~|`")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
# Possessive, from the start of a word: linear in whatever was pasted.
_WRAPPED_BASE64 = re.compile(r"(?<![\w+/-])(?:[A-Za-z0-9+/_-]{4,}+={0,2}\s*+){2,}+")
_BASE32 = re.compile(r"(?<![A-Z2-7])[A-Z2-7]{24,}={0,6}")
_TOKEN = re.compile(r"(?<!\S)[!-~]{23,}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[\s:]?){19,}[0-9A-Fa-f]?")
# Possessive, and digits end where the next number's prefix begins: there is one way to read each number.
_NUMBER = r"(?:(?!0[xbo][0-9A-Fa-f]{2})[0-9A-Fa-f]){2,8}+"
_CODES = re.compile(
    rf"(?:(?:U\+|0[xbo]|&#x?|=|\\){_NUMBER}[\s,;]{{0,3}}+){{18,}}+"
    r"|(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2,8}[\s,;|:.-]{1,3}){18,}[0-9A-Fa-f]{2,8}",
    re.IGNORECASE,
)
_CODE = re.compile(rf"(?:U\+|0[xbo]|&#x?|=|\\)?({_NUMBER})", re.IGNORECASE)
# A character, something between, a character, and so on.
_SPREAD = re.compile(r"(?:\w[^\w\n]{1,6}){15,}\w|(?:[A-Za-z0-9]-){15,}[A-Za-z0-9]")


class TooManyReadings(Exception):
    """Whoever hides a key behind a heap of others' encodings is not let through either."""


class Budget:
    """How many characters of readings may still be read of one document of this ``length``."""

    def __init__(self, length: int) -> None:
        self.left = LONG + MOST_READ_LONG * length + min(MOST_READ * length, MOST_OF_LONG)

    def spend(self, characters: int) -> None:
        self.left -= characters
        if self.left < 0:
            raise TooManyReadings


def readings(text: str, budget: Budget) -> Iterator[Reading]:
    """Each once, the plainest first. Raises TooManyReadings where the budget does not reach to the end."""
    seen: set[str] = set()
    waiting = deque[tuple[str, Sequence[Shape], int]]([(text, SHAPES, 0)])
    while waiting:
        raw, shapes, depth = waiting.popleft()
        reading = visible(raw)
        if reading in seen:
            continue
        seen.add(reading)
        budget.spend(len(reading))
        yield reading, shapes
        if len(reading) <= LONG:
            yield reading[::-1], STRONG
            yield codecs.encode(reading, "rot13"), STRONG
        # What came out of a whole film is read once: it has everything in it that looks like an encoding.
        if depth < MAX_DEPTH and (len(reading) <= LONG or shapes is SHAPES):
            if not raw.isascii() and _TAGS.search(raw):
                waiting.append((_TAGS.sub(lambda one: chr(ord(one[0]) - 0xE0000), raw), shapes, depth + 1))
            waiting.extend((one, kind, depth + 1) for one, kind in _decoded(reading, shapes))


def visible(text: str) -> str:
    """``text`` as an eye reads it: nothing invisible, no accents, look-alike letters as the Latin ones."""
    if text.isascii():
        return text
    # Piece by piece: a heap of accents is put into order in the square of its length.
    pieces = (text[start : start + PIECE] for start in range(0, len(text), PIECE))
    plain = "".join(unicodedata.normalize("NFKD", piece) for piece in pieces)
    return _INVISIBLE.sub("", plain).translate(_LOOK_ALIKE)


def _decoded(text: str, shapes: Sequence[Shape]) -> Iterator[Reading]:
    if "%" in text and _PERCENT.search(text):
        yield unquote(text), shapes
    if "&" in text:
        yield html.unescape(text), shapes
    if "\\" in text and _BACKSLASH.search(text):
        yield _BACKSLASH.sub(_unescaped, text), shapes
    if _MARKUP.search(text):
        yield _MARKUP.sub("", text), STRONG
    if len(text) >= SHORTEST:
        yield from _from_words(text, shapes)
        if len(text) <= LONG:
            yield from _from_codes(text)
            yield from _from_rarer(text)


def _from_words(text: str, shapes: Sequence[Shape]) -> Iterator[Reading]:
    starts = 4 if len(text) <= LONG else 1
    for match in _BASE64.finditer(text):
        yield from _at_each_start(match[0], shapes, starts)
        if len(match[0]) <= LONGEST_TOKEN and starts > 1:
            yield from _at_each_start(match[0][::-1].lstrip("="), STRONG, starts)
    for match in _WRAPPED_BASE64.finditer(text):
        yield from _at_each_start("".join(match[0].split()), shapes, starts)
    for match in _HEX.finditer(text):
        digits = re.sub(r"[\s:]", "", match[0])
        for start in (0, 1):
            even = digits[start : start + (len(digits) - start) // 2 * 2]
            yield from _as_text(bytes.fromhex(even), shapes)


def _from_codes(text: str) -> Iterator[Reading]:
    """Characters by their numbers, and characters with something between them."""
    for match in _CODES.finditer(text):
        numbers = _CODE.findall(match[0])
        for base in (10, 16, 8, 2):
            try:
                yield "".join(chr(int(number, base)) for number in numbers), STRONG
            except (ValueError, OverflowError):
                # Not all of them are numbers of this base, or of characters.
                continue
    for match in _SPREAD.finditer(text):
        yield re.sub(r"[^\w-]", "", match[0]), STRONG
        yield re.sub(r"[^\w]", "", match[0]), STRONG


def _from_rarer(text: str) -> Iterator[Reading]:
    for match in _BASE32.finditer(text):
        plain = match[0].rstrip("=")
        yield from _as_text(_try(base64.b32decode, plain + "=" * (-len(plain) % 8)), STRONG)
    for match in _TOKEN.finditer(text):
        if len(match[0]) <= LONGEST_TOKEN:
            yield from _as_text(_try(base64.b85decode, match[0]), STRONG)
            yield from _as_text(_try(base64.a85decode, match[0]), STRONG)


def _at_each_start(text: str, shapes: Sequence[Shape], starts: int) -> Iterator[Reading]:
    """Words before it shift where its groups of four letters begin; a whole picture is only read from its start."""
    if len(text) < SHORTEST_BASE64:
        return
    for start in range(starts if len(text) <= LONGEST_SHIFTED else 1):
        yield from _as_text(_from_base64(text[start:]), shapes)


def _unescaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3] or match[4]
    code = int(digits, 16) if digits else int(match[5], 8)
    return chr(code) if code < 0x110000 else ""


def _from_base64(text: str) -> bytes:
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    plain = plain[: len(plain) - 1] if len(plain) % 4 == 1 else plain
    return _try(base64.b64decode, plain + "=" * (-len(plain) % 4))


def _try(decode: Callable[[str], bytes], text: str) -> bytes:
    try:
        return decode(text)
    except (binascii.Error, ValueError):
        return b""


def _as_text(data: bytes, shapes: Sequence[Shape]) -> Iterator[Reading]:
    """Bytes as text: of a picture's or of chance bytes only strong shapes mean anything."""
    if not data:
        return
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield data.decode("utf-16", "replace"), shapes
        return
    if data[:2] == b"\x1f\x8b" or (data[0] == 0x78 and int.from_bytes(data[:2]) % 31 == 0):
        with contextlib.suppress(zlib.error):
            data = zlib.decompressobj(wbits=47).decompress(data, MOST_UNPACKED) or data
    text = data.decode("latin-1")
    readable = sum(32 <= byte < 127 or byte in b"\t\n\r" for byte in data[:4096]) / len(data[:4096])
    yield (text, shapes) if readable > 0.95 else (text, STRONG)
