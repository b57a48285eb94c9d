"""Walk the chain and say where it is broken, and how."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from playground.ledger import blocks
from playground.ledger.blocks import Span
from playground.ledger.models import Seal

_SEALS = 500

TAIL = timedelta(hours=1)
"""How long an entry may wait for its block before that is a fault."""


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong. ``kind`` is changed, missing, added, key, chain, head or tail."""

    kind: str
    words: str
    block: int | None = None

    def __str__(self) -> str:
        return f"Block {self.block}: {self.words}" if self.block else self.words


@dataclass
class Walk:
    """How far a verification came, and the fault that ended it."""

    blocks: int = 0
    entries: int = 0
    head: Seal | None = None
    fault: Fault | None = None

    @property
    def words(self) -> str:
        if self.fault is not None:
            return str(self.fault)
        if self.head is None:
            return "Nothing is sealed yet."
        one = self.blocks == 1
        held = f"{self.blocks} {'block' if one else 'blocks'} with {_entries(self.entries)}"
        return f"{held} {'is as it was' if one else 'are as they were'} sealed."


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


@dataclass(frozen=True)
class Head:
    """A block as somebody saw it earlier: its number and at least eight digits of its digest."""

    block: int
    digest: str

    @classmethod
    def parse(cls, text: str) -> "Head":
        """From ``42:9f3c…``. ValueError when it is something else."""
        block, _, digest = text.strip().partition(":")
        digest = digest.strip().rstrip("…").lower()
        if len(digest) < 8 or set(digest) - set("0123456789abcdef"):
            raise ValueError(
                "A head is a block and at least eight digits of its digest, such as 42:9f3c0a1b."
            )
        return cls(int(block), digest)


def verify(
    *,
    from_block: int = 1,
    expect: Head | None = None,
    tail: timedelta = TAIL,
    progress: Callable[[Walk], None] | None = None,
) -> Walk:
    """Recompute every block from ``from_block`` on; the blocks before it are believed. Stops at the first fault."""
    walk = Walk(head=Seal.objects.filter(block=from_block - 1).first())
    if from_block > 1 and walk.head is None:
        walk.fault = Fault("chain", "The block is missing.", from_block - 1)
        return walk
    ends = _Ends()
    for seal in _seals(from_block):
        walk.fault = _fault(seal, walk, ends)
        if walk.fault is not None:
            return walk
        walk.head = seal
        walk.blocks += 1
        walk.entries += seal.count
        if progress is not None:
            progress(walk)
    walk.fault = (_cut_off(expect, walk.head) if expect else None) or _unsealed(walk.head, tail)
    return walk


def verify_newest() -> Walk:
    """The newest block alone, against the one before: cheap enough for a button."""
    newest = Seal.objects.order_by("-block").values_list("block", flat=True).first()
    return verify(from_block=newest or 1)


def _seals(start: int) -> Iterator[Seal]:
    while found := list(Seal.objects.filter(block__gte=start).order_by("block")[:_SEALS]):
        yield from found
        start = found[-1].block + 1


class _Ends:
    """Until when each era's entries were recorded: the next era says so."""

    def __init__(self) -> None:
        self._known: dict[int, datetime | None] = {}

    def of(self, era: int) -> datetime | None:
        if era not in self._known:
            following = Seal.objects.filter(era=era + 1).order_by("block").first()
            self._known[era] = following.since if following else None
        return self._known[era]


def _fault(seal: Seal, walk: Walk, ends: _Ends) -> Fault | None:
    before = walk.head
    expected = before.block + 1 if before else 1
    if seal.block != expected:
        return Fault("chain", "The block is missing.", expected)
    if seal.before != (before.digest if before else ""):
        return Fault("chain", "It does not follow the block before it.", seal.block)
    key = blocks.key_named(seal.key_name)
    if key is None:
        return Fault(
            "key", f"It was sealed with the key {seal.key_name}, which LEDGER_KEYS lacks.", seal.block
        )
    if blocks.key_check(key) != seal.key_check:
        return Fault(
            "key", f"{seal.key_name} in LEDGER_KEYS is another key than the one that sealed it.", seal.block
        )
    same_era = before is not None and before.era == seal.era
    if before is not None and not same_era:
        left = Span(after=_end(before), since=before.since, until=seal.since).count()[0]
        if left:
            return Fault("added", f"In no block after it: {_entries(left)}.", before.block)
    after = _end(before) if before is not None and same_era else blocks.FIRST
    return _content(seal, key, Span(after=after, upto=_end(seal), since=seal.since, until=ends.of(seal.era)))


def _content(seal: Seal, key: bytes, span: Span) -> Fault | None:
    if seal.form not in blocks.FORMS:
        return Fault("chain", "It was sealed by a newer version of Atelier.", seal.block)
    hasher = blocks.Hasher(key)
    for text in span.texts(seal.form):
        hasher.add(text)
    if hasher.digest(seal) == seal.digest:
        return None
    counts = f"It was sealed with {_entries(seal.count)}, and now there are {hasher.count}."
    if hasher.count < seal.count:
        return Fault("missing", f"{counts} Something was removed.", seal.block)
    if hasher.count > seal.count:
        return Fault("added", f"{counts} Something was added.", seal.block)
    return Fault(
        "changed", f"One of its entries ({seal.count}), or the block itself, was changed.", seal.block
    )


def _end(seal: Seal) -> tuple[int, UUID]:
    return seal.last_xact, seal.last_id


def _cut_off(expect: Head, newest: Seal | None) -> Fault | None:
    seen = Seal.objects.filter(block=expect.block).first()
    if seen is None:
        ends = f"ends at block {newest.block}" if newest else "is empty"
        return Fault("head", f"The chain {ends}, but this block was seen: its end was cut off.", expect.block)
    if not seen.digest.startswith(expect.digest):
        return Fault("head", f"Its digest was {expect.digest} and is {seen.digest[:16]} now.", expect.block)
    return None


def _unsealed(newest: Seal | None, tail: timedelta) -> Fault | None:
    span = Span(after=_end(newest), since=newest.since) if newest else Span()
    count, oldest = span.count()
    if oldest is None or oldest > timezone.now() - tail:
        return None
    since = f"{oldest:%Y-%m-%d %H:%M} UTC"
    return Fault(
        "tail", f"In no block: {_entries(count)}, the oldest since {since}. Is the sealing task running?"
    )
