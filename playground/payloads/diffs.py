"""What changed between two versions, over the exact text: lines with the words that differ, and the declaration."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from playground.payloads.models import PayloadVersion

AROUND = 3
MOST_LINES = 4000
LONGEST_LINE = 4000
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
    """``facts`` says what changed beside the text; ``too_long`` where the texts are beyond comparing on a page."""

    lines: tuple[Line, ...]
    facts: tuple[str, ...]
    too_long: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.lines or self.facts or self.too_long)


def between(old: PayloadVersion, new: PayloadVersion) -> Difference:
    before, after = old.text.splitlines(), new.text.splitlines()
    facts = tuple(_facts(old, new))
    if max(len(before), len(after)) > MOST_LINES:
        return Difference((), facts, too_long=old.text != new.text)
    lines = tuple(_lines(before, after))
    if not lines and old.text != new.text:
        facts = (*facts, "Only line ends or the end of the text differ.")
    return Difference(lines, facts)


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    last = 0
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(AROUND):
        skipped = group[0][1] - last
        if skipped:
            words = f"{skipped} line{'s' if skipped > 1 else ''} the same"
            yield Line("left-out", None, None, (Part(words),))
        for tag, i1, i2, j1, j2 in group:
            yield from _step(tag, before[i1:i2], after[j1:j2], i1, j1)
        last = group[-1][2]


def _step(tag: str, old: Sequence[str], new: Sequence[str], i: int, j: int) -> Iterator[Line]:
    if tag == "equal":
        for offset, text in enumerate(old):
            yield Line("same", i + offset + 1, j + offset + 1, (Part(_short(text)),))
        return
    pairs = [_inside(a, b) for a, b in zip(old, new, strict=False)]
    for offset, text in enumerate(old):
        parts = pairs[offset][0] if offset < len(pairs) else (Part(_short(text)),)
        yield Line("gone", i + offset + 1, None, parts)
    for offset, text in enumerate(new):
        parts = pairs[offset][1] if offset < len(pairs) else (Part(_short(text)),)
        yield Line("new", None, j + offset + 1, parts)


def _inside(old: str, new: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Both lines in pieces, the words that differ marked."""
    if max(len(old), len(new)) > LONGEST_LINE:
        return (Part(_short(old)),), (Part(_short(new)),)
    before, after = _WORD.findall(old), _WORD.findall(new)
    left: list[Part] = []
    right: list[Part] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
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
