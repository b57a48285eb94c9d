"""The chart above the history: requests over time by billing, and the sums beside it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, DateTimeField, F, Func, Sum, Value
from django.utils import timezone

from accounts.models import Team
from playground.ledger.models import OpenHold, QuarterHour
from playground.runs.history import between
from playground.runs.models import NEEDS_PERSON, Billing, Run, RunQuerySet

LONGEST = timedelta(days=31)
LONGEST_WHOLE = timedelta(days=366)
QUARTER = timedelta(minutes=15)
USUAL = timedelta(hours=24)
_STEPS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
)
FEWEST = 23
WIDTH, HEIGHT, GAP = 1200, 64, 4
_ORDER = (
    (Billing.BILLED, "bar-billed"),
    (Billing.PENDING, "bar-pending"),
    (Billing.NOT_BILLED, "bar-free"),
    (Billing.UNKNOWN, "bar-unknown"),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle of the SVG."""

    css: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """Requests of one span of time. ``label`` names it in the team's zone."""

    start: datetime
    label: str
    billed: int
    not_billed: int
    pending: int
    unknown: int
    cost: Decimal

    @property
    def total(self) -> int:
        return self.billed + self.not_billed + self.pending + self.unknown


@dataclass(frozen=True, slots=True)
class Chart:
    """``cost`` is the sum of the known costs in US dollars; ``needs_person`` counts unknown ones and missing costs."""

    buckets: list[Bucket]
    start: datetime
    end: datetime
    step: timedelta
    billed: int
    not_billed: int
    pending: int
    unknown: int
    needs_person: int
    cost: Decimal
    was_cut: bool

    @property
    def requests(self) -> int:
        return self.billed + self.not_billed + self.pending + self.unknown

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def bars(self) -> list[Bar]:
        """The rectangles, stacked from the bottom; a single request is still seen beside a thousand."""
        top = max((bucket.total for bucket in self.buckets), default=0) or 1
        slot = WIDTH / max(1, len(self.buckets))
        # A year has more bars than fit with the usual gap.
        gap = min(GAP, slot / 4)
        bars = []
        for place, bucket in enumerate(self.buckets):
            y = float(HEIGHT)
            for billing, css in _ORDER:
                count = getattr(bucket, str(billing.value))
                if count:
                    height = max(2.0, count / top * (HEIGHT - 4))
                    y = max(0.0, y - height)
                    bars.append(
                        Bar(
                            css,
                            round(place * slot + gap / 2, 2),
                            round(y, 2),
                            round(slot - gap, 2),
                            round(height, 2),
                        )
                    )
        return bars

    @property
    def slots(self) -> list[tuple[float, float, Bucket]]:
        """(x, width, bucket) of each full-height area that names its bucket on hover."""
        slot = WIDTH / max(1, len(self.buckets))
        return [(round(place * slot, 2), round(slot, 2), bucket) for place, bucket in enumerate(self.buckets)]

    @property
    def marks(self) -> list[str]:
        """Five labels along the axis."""
        count = len(self.buckets)
        return [self.buckets[place * (count - 1) // 4].label for place in range(5)] if count > 4 else []


@dataclass(slots=True)
class _Tally:
    """What was found in each step: counts by billing, and sums."""

    counts: dict[tuple[datetime, str], int] = field(default_factory=dict)
    sums: dict[datetime, Decimal] = field(default_factory=dict)
    needs_person: int = 0


def span(
    start: datetime | None, end: datetime | None, longest: timedelta = LONGEST
) -> tuple[datetime, datetime, bool]:
    """(start, end, cut) of the chart: the filtered period, at most its last days; the last 24 hours without one."""
    now = timezone.now()
    until = min(end, now) if end is not None else now
    since = start if start is not None else until - USUAL
    since = min(since, until - timedelta(minutes=24))
    if until - since > longest + timedelta(hours=1):
        return until - longest, until, True
    return since, until, False


def step_for(length: timedelta) -> timedelta:
    """The widest step that still makes at least 23 buckets; at most 61 of them up to a month, a day beyond it."""
    fitting = [step for step in _STEPS if length / step >= FEWEST]
    return fitting[-1] if fitting else _STEPS[0]


def build(runs: RunQuerySet, *, start: datetime | None, end: datetime | None, zone: ZoneInfo) -> Chart:
    """One query over the runs of the period alone, grouped and summed by the database."""
    since, until, was_cut = span(start, end)
    step = step_for(until - since)
    if start is None or was_cut:
        # Whole steps of the team's clock: bars do not wander while one looks.
        since = _floor(since, step, zone)
    tally = _from_runs(runs, since, until, step)
    return _chart(tally, since, until, step, zone, was_cut=was_cut)


def build_whole(team: Team, mode: str, *, start: datetime | None, end: datetime | None) -> Chart:
    """The same for everything of the team, from the ledger's sums: as quick at ten million runs, and up to a year."""
    since, until, was_cut = span(start, end, LONGEST_WHOLE)
    step = step_for(until - since)
    if step < QUARTER:
        return build(Run.objects.filter(team=team, mode=mode), start=start, end=end, zone=team.zone)
    if start is None or was_cut:
        since = _floor(since, step, team.zone)
    tally = _from_ledger(team, mode, since, until, step)
    return _chart(tally, since, until, step, team.zone, was_cut=was_cut)


def _bin(step: timedelta, name: str, since: datetime) -> Func:
    return Func(Value(step), F(name), Value(since), function="date_bin", output_field=DateTimeField())


def _from_runs(runs: RunQuerySet, since: datetime, until: datetime, step: timedelta) -> _Tally:
    found = (
        between(runs, since, until)
        .order_by()
        .annotate(bin=_bin(step, "created_at", since))
        .values("bin", "billing")
        .annotate(count=Count("id"), sum=Sum("cost"), person=Count("id", filter=NEEDS_PERSON))
    )
    tally = _Tally()
    for row in found:
        tally.counts[row["bin"], row["billing"]] = row["count"]
        tally.sums[row["bin"]] = tally.sums.get(row["bin"], Decimal(0)) + (row["sum"] or Decimal(0))
        tally.needs_person += row["person"]
    return tally


def _from_ledger(team: Team, mode: str, since: datetime, until: datetime, step: timedelta) -> _Tally:
    """Settled runs from the quarters of an hour, the others from the holds that are open."""
    tally = _Tally()
    quarters = QuarterHour.objects.filter(team_id=team.id, mode=mode, bucket__gte=since, bucket__lt=until)
    summed = (
        quarters.annotate(bin=_bin(step, "bucket", since))
        .values("bin")
        .annotate(Sum("billed"), Sum("not_billed"), Sum("unknown"), Sum("spent"))
        .values_list("bin", "billed__sum", "not_billed__sum", "unknown__sum", "spent__sum")
    )
    for bin_, billed, free, unknown, spent in summed:
        tally.counts |= {
            (bin_, Billing.BILLED): billed,
            (bin_, Billing.NOT_BILLED): free,
            (bin_, Billing.UNKNOWN): unknown,
        }
        tally.sums[bin_] = spent
    holds = OpenHold.objects.filter(
        team_id=team.id, mode=mode, effective_at__gte=since, effective_at__lt=until
    )
    open_ = (
        holds.annotate(bin=_bin(step, "effective_at", since)).values("bin", "billing").annotate(Count("pk"))
    )
    for bin_, billing, count in open_.values_list("bin", "billing", "pk__count"):
        if billing == Billing.PENDING:
            tally.counts[bin_, Billing.PENDING] = count
        else:
            tally.needs_person += count
    return tally


def _chart(
    tally: _Tally, since: datetime, until: datetime, step: timedelta, zone: ZoneInfo, *, was_cut: bool
) -> Chart:
    buckets = _buckets(since, until, step, zone, tally.counts, tally.sums)
    totals = {name: sum(getattr(bucket, name) for bucket in buckets) for name in Billing.values}
    return Chart(
        buckets,
        since,
        until,
        step,
        **totals,
        needs_person=tally.needs_person,
        cost=sum(tally.sums.values(), Decimal(0)),
        was_cut=was_cut,
    )


def _floor(moment: datetime, step: timedelta, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + (local - midnight) // step * step).astimezone(UTC)


def _buckets(
    since: datetime,
    until: datetime,
    step: timedelta,
    zone: ZoneInfo,
    counts: dict[tuple[datetime, str], int],
    sums: dict[datetime, Decimal],
) -> list[Bucket]:
    buckets = []
    start = since.astimezone(UTC)
    while start < until:
        numbers = {name: counts.get((start, name), 0) for name in Billing.values}
        label = _label(start.astimezone(zone), step)
        buckets.append(Bucket(start, label, **numbers, cost=sums.get(start, Decimal(0))))
        start += step
    return buckets


def _label(local: datetime, step: timedelta) -> str:
    if step >= timedelta(days=1):
        return f"{local:%a} {local.day} {local:%b}"
    if step >= timedelta(hours=2):
        return f"{local.day} {local:%b} {local:%H:%M}"
    return f"{local:%H:%M}"
