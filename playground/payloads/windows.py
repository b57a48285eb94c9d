"""The words of one command line as the Windows command prompt and PowerShell read it."""

import re

from playground.payloads.pasted import PasteProblem
from playground.payloads.quoting import FILLED, OPEN, Gaps, Words, find

_CARET = re.compile(r'\^(?:\r?\n(\r?\n|[\s\S])?|([\s\S])?)|"|[^"^]+')
_SLASHES = re.compile(r"\\+")
_RUN = re.compile(r'[^\\"\s|&<>]+|[\s\S]')
_HERE = re.compile(r"""@(['"])[ \t]*\r?\n""")
_POWER_RUN = re.compile(r"[^\s'\"`$;|&@]+|[\s\S]")
_POWER_DOUBLE = re.compile(r'[^"`$]+|`[\s\S]|""|[\s\S]')
_POWER_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b", "a": "\a", "b": "\b"}


def command_prompt(text: str) -> list[str]:
    """Words as ``cmd`` hands them on and a Windows program splits them: ``^``, ``""`` and ``\\"`` are read."""
    text = _without_carets(text)
    words, gaps = Words(), Gaps(text)
    quoted = False
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at = _slashes(text, at, words)
        elif char == '"' and quoted and text.startswith('""', at):
            words.add('"')
            at += 2
        elif char == '"':
            words.add("")
            quoted = not quoted
            at += 1
        elif not quoted and char == "\n" and not gaps.goes_on(at) and words.done:
            break
        elif not quoted and char.isspace():
            words.end()
            at += 1
        elif not quoted and words.between and char in "|&<>":
            break
        else:
            at = _plain(_RUN, text, at, words)
    if quoted:
        raise PasteProblem(OPEN)
    words.end()
    return words.done


def _plain(run: re.Pattern[str], text: str, at: int, words: Words) -> int:
    found = run.match(text, at)
    part = found[0] if found else text[at]
    words.add(part)
    return at + len(part)


def _without_carets(text: str) -> str:
    """What ``cmd`` makes of carets: outside its quotes each makes the next character plain, a line end goes."""
    parts: list[str] = []
    quoted = False
    for piece in _CARET.finditer(text):
        part = piece[0]
        if part == '"':
            quoted = not quoted
        if part[0] == "^" and not quoted:
            part = piece[1] or piece[2] or ""
        elif part[0] == "^" and part.endswith('"'):
            quoted = not quoted
        parts.append(part)
    return "".join(parts)


def _slashes(text: str, at: int, words: Words) -> int:
    """Backslashes before a quote count half; an odd one makes the quote a plain character."""
    found = _SLASHES.match(text, at)
    count = len(found[0]) if found else 0
    end = at + count
    if not text.startswith('"', end):
        words.add("\\" * count)
        return end
    words.add("\\" * (count // 2))
    if count % 2:
        words.add('"')
        return end + 1
    return end


def powershell(text: str) -> list[str]:
    """Words of PowerShell: ``''`` and ``""`` are doubled quotes, the backtick escapes and continues lines."""
    words, gaps, never_closed = Words(), Gaps(text), set[str]()
    at = 0
    while at < len(text):
        char = text[at]
        if words.between and (end := _here(text, at, words, never_closed)):
            at = end
        elif char == "'":
            at = _single(text, at + 1, words)
        elif char == '"':
            at = _double(text, at + 1, words)
        elif char == "`":
            at = _backtick(text, at + 1, words)
        elif char == "\n" and not gaps.goes_on(at) and words.done:
            break
        elif char.isspace():
            words.end()
            at += 1
        elif char in ";|" or (words.between and char in "&>"):
            break
        elif text.startswith("$(", at):
            raise PasteProblem(FILLED)
        else:
            at = _plain(_POWER_RUN, text, at, words)
    words.end()
    return words.done


def _here(text: str, at: int, words: Words, never_closed: set[str]) -> int:
    """Where a text of several lines between ``@'`` and ``'@`` ends, 0 where none begins.

    ``never_closed`` are the ends that are looked for in vain from some place on, and so from every later one.
    """
    begin = _HERE.match(text, at)
    if begin is None or begin[1] in never_closed:
        return 0
    closed = text.find(f"\n{begin[1]}@", begin.end())
    if closed < 0:
        never_closed.add(begin[1])
        return 0
    words.add(text[begin.end() : closed].removesuffix("\r"))
    return closed + 3


def _single(text: str, at: int, words: Words) -> int:
    while True:
        end = find(text, "'", at)
        words.add(text[at:end])
        if not text.startswith("''", end):
            return end + 1
        words.add("'")
        at = end + 2


def _double(text: str, at: int, words: Words) -> int:
    words.add("")
    for piece in _POWER_DOUBLE.finditer(text, at):
        part = piece[0]
        if part == '"':
            return piece.end()
        if part == "$" and text.startswith("$(", piece.start()):
            raise PasteProblem(FILLED)
        if part[0] == "`":
            part = _POWER_LETTERS.get(part[1:], part[1:])
        words.add('"' if part == '""' else part)
    raise PasteProblem(OPEN)


def _backtick(text: str, at: int, words: Words) -> int:
    line_end = re.compile(r"[ \t]*\r?\n").match(text, at)
    if line_end:
        words.end()
        return line_end.end()
    letter = text[at : at + 1]
    words.add(_POWER_LETTERS.get(letter, letter))
    return at + 1
