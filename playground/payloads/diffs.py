"""What changed between two versions, over the exact text: lines with the words that differ, and the declaration."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from typing import Any, Literal

from playground.payloads.models import PayloadVersion

AROUND = 3
MOST_LINES = 4000
LONGEST_LINE = 4000
# Places compared in one attempt, and in all lines of one difference together where words are: some tenths of a second.
MOST_STEPS = 2_000_000
MOST_WORD_STEPS = 2 * MOST_STEPS
_WORD = re.compile(r"\w+|\s+|[^\w\s]")

Kind = Literal["same", "gone", "new", "left-out"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line; ``changed`` where it is not in the other text."""

    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its numbers in the old and the new text; ``left-out`` stands for lines that are the same."""

    kind: Kind
    before: int | None
    after: int | None
    parts: tuple[Part, ...]

    @property
    def sign(self) -> str:
        return {"gone": "−", "new": "+"}.get(self.kind, " ")


@dataclass(frozen=True, slots=True)
class Difference:
    """``facts`` says what changed beside the text; ``too_long`` where the texts are beyond comparing on a page.

    Lines that share too little to be compared word by word are whole, without marks.
    """

    lines: tuple[Line, ...]
    facts: tuple[str, ...]
    too_long: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.lines or self.facts or self.too_long)


def between(old: PayloadVersion, new: PayloadVersion) -> Difference:
    return of_texts(old.text, new.text, facts=tuple(_facts(old, new)))


def of_texts(old: str, new: str, *, facts: tuple[str, ...] = ()) -> Difference:
    """Between two texts; ``facts`` is what else changed, in words."""
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > MOST_LINES:
        return Difference((), facts, too_long=old != new)
    matcher = _matched(before, after, _Effort(2 * MOST_STEPS))
    if matcher is None:
        return Difference((), facts, too_long=True)
    lines = tuple(_lines(matcher))
    if not lines and old != new:
        facts = (*facts, "Only line ends or the end of the text differ.")
    return Difference(lines, facts)


class _TooMuch(Exception):
    pass


@dataclass(slots=True)
class _Effort:
    """Steps that may still be taken."""

    left: int


class _Matcher(SequenceMatcher[str]):
    """One that gives up: what it does grows with the cube of the texts where much of them repeats."""

    a: Sequence[str]
    b: Sequence[str]
    b2j: dict[str, list[int]]

    def __init__(self, before: Sequence[str], after: Sequence[str], *, autojunk: bool, most: int) -> None:
        super().__init__(None, before, after, autojunk)
        self.taken = 0
        self._most = most

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        steps = sum(1 + len(self.b2j.get(piece, ())) for piece in self.a[alo:ahi])
        if self.taken + steps > self._most:
            raise _TooMuch
        self.taken += steps
        return super().find_longest_match(alo, ahi, blo, bhi)


def _matched(before: Sequence[str], after: Sequence[str], effort: _Effort) -> _Matcher | None:
    """What both share; where that takes too long, found by what is rare in them; None where that does as well."""
    for autojunk in (False, True):
        effort.left -= len(before) + len(after)
        if effort.left < 0:
            return None
        matcher = _Matcher(before, after, autojunk=autojunk, most=min(MOST_STEPS, effort.left))
        try:
            matcher.get_matching_blocks()
        except _TooMuch:
            continue
        finally:
            effort.left -= matcher.taken
        return matcher
    return None


def _lines(matcher: _Matcher) -> Iterator[Line]:
    before, after = matcher.a, matcher.b
    effort = _Effort(MOST_WORD_STEPS)
    last = 0
    for group in matcher.get_grouped_opcodes(AROUND):
        skipped = group[0][1] - last
        if skipped:
            words = f"{skipped} line{'s' if skipped > 1 else ''} the same"
            yield Line("left-out", None, None, (Part(words),))
        for tag, i1, i2, j1, j2 in group:
            yield from _step(tag, before[i1:i2], after[j1:j2], i1, j1, effort)
        last = group[-1][2]


def _step(
    tag: str, old: Sequence[str], new: Sequence[str], i: int, j: int, effort: _Effort
) -> Iterator[Line]:
    if tag == "equal":
        for offset, text in enumerate(old):
            yield Line("same", i + offset + 1, j + offset + 1, (Part(_short(text)),))
        return
    pairs = [_inside(a, b, effort) for a, b in zip(old, new, strict=False)]
    for offset, text in enumerate(old):
        parts = pairs[offset][0] if offset < len(pairs) else (Part(_short(text)),)
        yield Line("gone", i + offset + 1, None, parts)
    for offset, text in enumerate(new):
        parts = pairs[offset][1] if offset < len(pairs) else (Part(_short(text)),)
        yield Line("new", None, j + offset + 1, parts)


def _inside(old: str, new: str, effort: _Effort) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Both lines in pieces, the words that differ marked."""
    whole = (Part(_short(old)),), (Part(_short(new)),)
    if max(len(old), len(new)) > LONGEST_LINE or effort.left <= 0:
        return whole
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = _matched(before, after, effort)
    if matcher is None:
        return whole
    left: list[Part] = []
    right: list[Part] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        changed = tag != "equal"
        for parts, words in ((left, before[i1:i2]), (right, after[j1:j2])):
            if words:
                parts.append(Part("".join(words), changed))
    return tuple(left), tuple(right)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}… ({len(text)} characters)"


def _facts(old: PayloadVersion, new: PayloadVersion) -> Iterator[str]:
    if old.version != new.version:
        yield f"v{old.version} → v{new.version}"
    before: dict[str, Any] = {row["name"]: row for row in old.variables}
    after: dict[str, Any] = {row["name"]: row for row in new.variables}
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield f"{name} is no variable any more"
        elif name not in before:
            yield f"{name} is a variable now ({after[name]['type']})"
        elif before[name] != after[name]:
            yield f"{name}: {_changed(before[name], after[name])}"


def _changed(old: dict[str, Any], new: dict[str, Any]) -> str:
    return ", ".join(
        f"{key} {_shown(old.get(key))} → {_shown(new.get(key))}"
        for key in ("type", "default", "choices", "description")
        if old.get(key) != new.get(key)
    )


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
