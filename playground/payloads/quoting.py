"""The words of one command line as bash reads it, up to the end of the first command. Nothing is ever run."""

import re

from playground.payloads.pasted import PasteProblem

OPEN = "A quote in this command is never closed. Was it copied whole?"
FILLED = "The shell would fill in a part of this command. Put the text itself there instead of $(…) or `…`."

_LETTERS = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"
}  # fmt: skip
_CODED = re.compile(r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})")
_HIGH_LOW = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_CONTINUED = re.compile(r"\\[ \t]*\r?\n")
_REDIRECT = re.compile(r"(?:\d|&)?>>?(?:&\d)?|<")
_GAP = re.compile(r"\s*+")
_PLAIN = re.compile(r"[^\s\\'\"$`|;&<>()#\d]+|\d+(?!>)|\d")


class Words:
    """Words as they grow. The one after a redirection names a file and is dropped."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._parts: list[str] | None = None
        self._drop = False

    @property
    def between(self) -> bool:
        return self._parts is None

    def add(self, part: str) -> None:
        if self._parts is None:
            self._parts = []
        self._parts.append(part)

    def end(self) -> None:
        if self._parts is None:
            return
        if not self._drop:
            self.done.append("".join(self._parts))
        self._parts, self._drop = None, False

    def drop_next(self) -> None:
        self.end()
        self._drop = True


class Gaps:
    """The spaces and line ends between words. Each gap is looked through once, however many lines it has."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self._has_option = False

    def goes_on(self, at: int) -> bool:
        """Whether an option follows the line end at ``at``, which is never before the one asked for last."""
        if at >= self._end:
            gap = _GAP.match(self._text, at)
            self._end = gap.end() if gap else at
            self._has_option = self._text.startswith("-", self._end)
        return self._has_option


def bash(text: str) -> list[str]:
    """Words of a POSIX shell, and ``$'…'``. Variables stay as they are written."""
    words, gaps = Words(), Gaps(text)
    at = 0
    while at < len(text):
        char = text[at]
        if continued := _CONTINUED.match(text, at):
            at = continued.end()
        elif char == "\n" and not gaps.goes_on(at):
            if words.done:
                break
            at += 1
        elif char.isspace():
            words.end()
            at += 1
        elif words.between and char == "#":
            at = _line_end(text, at)
        elif words.between and (redirect := _REDIRECT.match(text, at)):
            at = redirect.end()
            if not redirect[0][-1].isdigit():
                words.drop_next()
        elif char in "|;&<>":
            break
        else:
            at = _bash_part(text, at, words)
    words.end()
    return words.done


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _bash_part(text: str, at: int, words: Words) -> int:
    """One piece of a word; where the next one begins."""
    char = text[at]
    if char == "'":
        end = find(text, "'", at + 1)
        words.add(text[at + 1 : end])
        return end + 1
    if char == '"':
        return _double(text, at + 1, words)
    if text.startswith("$'", at):
        return _ansi(text, at + 2, words)
    if char == "\\":
        words.add(text[at + 1 : at + 2])
        return at + 2
    if char == "`" or text.startswith("$(", at):
        raise PasteProblem(FILLED)
    plain = _PLAIN.match(text, at)
    words.add(plain[0] if plain else char)
    return plain.end() if plain else at + 1


def find(text: str, what: str, at: int) -> int:
    found = text.find(what, at)
    if found < 0:
        raise PasteProblem(OPEN)
    return found


def _double(text: str, at: int, words: Words) -> int:
    parts: list[str] = []
    for piece in re.compile(r'[^"\\`$]+|\\\r?\n|\\[\s\S]|.', re.DOTALL).finditer(text, at):
        part = piece[0]
        if part == '"':
            words.add("".join(parts))
            return piece.end()
        if part == "`" or text.startswith("$(", piece.start()):
            raise PasteProblem(FILLED)
        if part[0] == "\\" and part[-1] in '"\\$`\n':
            part = part[1:].strip("\r\n")
        parts.append(part)
    raise PasteProblem(OPEN)


def _ansi(text: str, at: int, words: Words) -> int:
    """``$'…'``: C's escapes. Bytes given one by one are put together as UTF-8, pairs of halves as one character."""
    parts: list[bytes] = []
    while at < len(text):
        char = text[at]
        if char == "'":
            words.add(_text_of(b"".join(parts)))
            return at + 1
        at += 1
        if char != "\\":
            parts.append(char.encode("utf-8", "surrogatepass"))
        elif coded := _CODED.match(text, at):
            parts.append(_coded(coded))
            at = coded.end()
        else:
            letter = text[at : at + 1]
            escaped = _LETTERS.get(letter) or (letter if letter in "\\'\"?" else "\\" + letter)
            parts.append(escaped.encode("utf-8", "surrogatepass"))
            at += 1
    raise PasteProblem(OPEN)


def _text_of(data: bytes) -> str:
    try:
        return _HIGH_LOW.sub(_joined, data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _coded(found: re.Match[str]) -> bytes:
    if found[1]:
        return bytes([int(found[1], 16)])
    if found[4]:
        return bytes([int(found[4], 8) & 0xFF])
    number = int(found[2] or found[3], 16)
    return chr(number).encode("utf-8", "surrogatepass") if number <= 0x10FFFF else b"?"
