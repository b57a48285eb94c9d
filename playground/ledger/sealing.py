"""Chain finished entries into blocks. A later change of any of them breaks the chain at its block.

An entry is finished once no transaction is running that could still add another below it: transaction numbers are
handed out in order, and everything below the oldest running one is committed or gone.

A dump that is restored into another PostgreSQL keeps its entries' numbers while that server counts with its own, so
there a new *era* begins: what came with the dump is finished as it is and ends the old era, and everything recorded
later is ordered by the new numbers. The server's own identifier tells that it is another one.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from playground.ledger import blocks
from playground.ledger.blocks import FIRST, LAST, Span
from playground.ledger.models import Entry, Seal

LOCK = 7011
"""Held by the one who seals, so that two at once never continue the same block."""

BLOCK_ENTRIES = 10_000
BLOCKS_AT_ONCE = 200
ELSEWHERE = "elsewhere"
"""The server of entries that came with a dump before anything was sealed."""


@dataclass(frozen=True)
class Standing:
    """Which server this is, its oldest running transaction and the first number it has not handed out."""

    cluster: str
    oldest_running: int
    next_number: int


def standing() -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier::text, pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint"
            " FROM pg_control_system(), pg_current_snapshot() AS now"
        )
        return Standing(*cursor.fetchone())


def seal(*, entries: int = BLOCK_ENTRIES, at_most: int = BLOCKS_AT_ONCE) -> int:
    """Seal what is finished, in blocks of at most ``entries``. How many blocks were made."""
    made = 0
    while made < at_most and seal_next(entries=entries) is not None:
        made += 1
    return made


def seal_next(*, entries: int = BLOCK_ENTRIES) -> Seal | None:
    """Seal one more block, or None where nothing is finished."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        # Read before the entries: what is below it now was committed before they are looked at.
        here, last = standing(), head()
        for era in _eras(here, last):
            rows = era.span.first(entries)
            if rows:
                return _write(era, last, rows)
    return None


@dataclass(frozen=True)
class _Era:
    number: int
    cluster: str
    span: Span


def _eras(here: Standing, last: Seal | None) -> list[_Era]:
    """Where to look for finished entries, in this order."""
    finished = (here.oldest_running - 1, LAST[1])
    foreign = Entry.objects.filter(xact__gte=here.next_number)
    if last is not None and last.cluster == here.cluster:
        after = (last.last_xact, last.last_id)
        return [_Era(last.era, last.cluster, Span(after=after, upto=finished, since=last.since))]
    if last is None and not foreign.exists():
        return [_Era(1, here.cluster, Span(upto=finished))]
    latest = foreign.aggregate(latest=Max("recorded_at"))["latest"]
    if last is None:
        old = _Era(1, ELSEWHERE, Span(until=latest))
    else:
        latest = max(filter(None, (latest, last.recorded_until)))
        after = (last.last_xact, last.last_id)
        old = _Era(last.era, last.cluster, Span(after=after, since=last.since, until=latest))
    return [old, _Era(old.number + 1, here.cluster, Span(after=FIRST, upto=finished, since=latest))]


def _write(era: _Era, last: Seal | None, rows: list[tuple[int, UUID, datetime, str]]) -> Seal:
    name, key = blocks.newest_key()
    hasher = blocks.Hasher(key)
    for row in rows:
        hasher.add(row[3])
    latest = max(row[2] for row in rows)
    block = Seal(
        block=last.block + 1 if last else 1,
        form=blocks.NEWEST_FORM,
        era=era.number,
        since=era.span.since,
        cluster=era.cluster,
        last_xact=rows[-1][0],
        last_id=rows[-1][1],
        recorded_until=max(latest, last.recorded_until) if last else latest,
        count=len(rows),
        before=last.digest if last else "",
        key_name=name,
        key_check=blocks.key_check(key),
        sealed_at=timezone.now(),
    )
    block.digest = hasher.digest(block)
    block.save(force_insert=True)
    return block


def head() -> Seal | None:
    """The newest block; None while nothing is sealed."""
    return Seal.objects.order_by("-block").first()


def head_line() -> str:
    """The head in one line, for mails and exports: a copy outside proves later that the chain's end is still there."""
    newest = head()
    if newest is None:
        return "ledger head: nothing sealed yet"
    return f"ledger head: block {newest.block} {newest.digest[:16]} {newest.sealed_at:%Y-%m-%d}"
