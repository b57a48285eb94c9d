"""Walk along an account's balances and find the steps that no charge of ours explains.

A balance was read at some moment of a span, and a charge happened at some moment between a run's submission and its
entry. Where the two overlap nobody can say which came first; then only the part of a difference is a step that no order
of events explains. What hides in such an overlap shows at the next balance that was read in a quiet moment.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from playground.ledger.models import Snapshot

ZERO = Decimal(0)

# Entries between the same marks count as one; ``since`` and ``until`` are the numbers of marks before them.
_CHARGES = """
SELECT width_bucket(least(coalesce(original_at, effective_at), recorded_at), %(marks)s::timestamptz[]) AS since,
    width_bucket(recorded_at, %(marks)s::timestamptz[]) AS until, team_id = %(team)s AS ours,
    coalesce(sum(spent) FILTER (WHERE spent > 0), 0), coalesce(sum(spent) FILTER (WHERE spent < 0), 0), count(*)
FROM playground_entry
WHERE key_id = ANY(%(keys)s) AND spent <> 0 AND recorded_at >= %(start)s
GROUP BY 1, 2, 3
"""


class _Charges(NamedTuple):
    since: int
    until: int
    ours: bool
    more: Decimal
    less: Decimal
    number: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One balance on the walk. ``ours`` and ``others`` sum all charges recorded before it since the first reading.

    ``calls`` counts ours. ``run_id`` is empty for a run of another team: which one it was is nothing to know here.
    """

    at: datetime
    total: Decimal
    credits: Decimal | None
    free: Decimal | None
    source: str
    key_id: UUID
    run_id: UUID | None
    ours: Decimal
    others: Decimal
    calls: int


@dataclass(frozen=True, slots=True)
class Step:
    """A difference that was first seen ``at`` and came after ``since``; below zero where money went away."""

    since: datetime
    at: datetime
    amount: Decimal

    @property
    def size(self) -> Decimal:
        return abs(self.amount)


@dataclass(frozen=True, slots=True)
class Walk:
    """``moving`` is how far the last reading still depends on the order of events."""

    readings: tuple[Reading, ...]
    steps: tuple[Step, ...]
    moving: Decimal

    def before(self, moment: datetime) -> Reading | None:
        """The last reading up to this moment."""
        return next((one for one in reversed(self.readings) if one.at <= moment), None)


NOTHING = Walk((), (), ZERO)


def walk(*, team_id: UUID, keys: Sequence[UUID], since: datetime, start: datetime | None = None) -> Walk:
    """The walk along the balances of one account's ``keys`` from the last one before ``since`` until now.

    ``ours`` are the charges of ``team_id``. Nothing before ``start`` is looked at: what it was read with is gone.
    """
    snapshots = _apart(_snapshots(keys, since, start))
    if not snapshots:
        return NOTHING
    marks = sorted({moment for one in snapshots for moment in (one.since, one.at)})
    return _steps(snapshots, _Sums(team_id, marks, _charges(team_id, keys, marks)))


def _snapshots(keys: Sequence[UUID], since: datetime, start: datetime | None) -> list[Snapshot]:
    rows = Snapshot.objects.filter(key_id__in=keys)
    if start is not None:
        rows = rows.filter(since__gte=start)
    before = rows.filter(at__lt=since).order_by("-at", "-id")[:1]
    return [*before, *rows.filter(at__gte=since).order_by("at", "id")]


def _apart(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """As many as can be told apart in time: each was asked for after the one before had been read."""
    chosen: list[Snapshot] = []
    for one in snapshots:
        if not chosen or one.since >= chosen[-1].at:
            chosen.append(one)
    return chosen


def _charges(team_id: UUID, keys: Sequence[UUID], marks: Sequence[datetime]) -> list[_Charges]:
    values: dict[str, Any] = {"marks": list(marks), "team": team_id, "keys": list(keys), "start": marks[0]}
    with connection.cursor() as cursor:
        cursor.execute(_CHARGES, values)
        return [_Charges(*row) for row in cursor.fetchall()]


class _Sums:
    """Running sums of charges: by when they were recorded, and by when they can have happened at the earliest."""

    def __init__(self, team_id: UUID, marks: Sequence[datetime], charges: Sequence[_Charges]) -> None:
        self.team_id = team_id
        self.marks = marks
        size = len(marks) + 1
        self.more_until, self.less_until = [ZERO] * size, [ZERO] * size
        self.more_since, self.less_since = [ZERO] * size, [ZERO] * size
        self.ours, self.others, self.calls = [ZERO] * size, [ZERO] * size, [0] * size
        for one in charges:
            self.more_until[one.until] += one.more
            self.less_until[one.until] += one.less
            self.more_since[one.since] += one.more
            self.less_since[one.since] += one.less
            (self.ours if one.ours else self.others)[one.until] += one.more + one.less
            self.calls[one.until] += one.number if one.ours else 0
        for name in ("more_until", "less_until", "more_since", "less_since", "ours", "others", "calls"):
            setattr(self, name, list(accumulate(getattr(self, name))))

    def place(self, moment: datetime) -> int:
        """Up to here the sums hold what came before this mark."""
        return bisect_left(self.marks, moment)

    def drift(self, one: Snapshot) -> tuple[Decimal, Decimal]:
        """The balance with our charges put back: at least and at most."""
        certain, possible = self.place(one.since), self.place(one.at)
        low = one.total + one.charged + self.more_until[certain] + self.less_since[possible]
        high = one.total + self.more_since[possible] + self.less_until[certain]
        return low, max(low, high)

    def reading(self, one: Snapshot) -> Reading:
        place = self.place(one.at)
        is_ours = one.team_id == self.team_id
        mine = one.charged if is_ours else ZERO
        return Reading(
            at=one.at,
            total=one.total,
            credits=one.credits,
            free=one.free,
            source=one.source,
            key_id=one.key_id,
            run_id=one.run_id if is_ours else None,
            ours=self.ours[place] + mine,
            others=self.others[place] + one.charged - mine,
            calls=self.calls[place] + bool(mine),
        )


def _steps(snapshots: Sequence[Snapshot], sums: _Sums) -> Walk:
    steps = []
    low, high = sums.drift(snapshots[0])
    for before, one in pairwise(snapshots):
        least, most = sums.drift(one)
        if least > high:
            steps.append(Step(before.at, one.at, least - high))
            low = high = least
        elif most < low:
            steps.append(Step(before.at, one.at, most - low))
            low = high = most
        else:
            low, high = max(low, least), min(high, most)
    return Walk(tuple(sums.reading(one) for one in snapshots), tuple(steps), high - low)
