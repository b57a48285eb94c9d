"""What was spent, by whom, on what and with which key: sums for a period, read from the rollups alone.

Every function takes a ``Scope``, so that whoever may see only their own spend gets no other sum.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import periods
from playground.ledger.models import Cut, Grain, OpenHold, Rollup
from playground.ledger.periods import Period

ZERO = Decimal(0)
# Beyond these many days the chart has a bar for each month.
MOST_BARS = 92
SERIES = 7

CUTS = (Cut.PERSON, Cut.ENDPOINT, Cut.KEY, Cut.SOURCE, Cut.TAG)
PAIRS: dict[tuple[Cut, Cut], Cut] = {
    (Cut.PERSON, Cut.ENDPOINT): Cut.PERSON_ENDPOINT,
    (Cut.PERSON, Cut.KEY): Cut.PERSON_KEY,
    (Cut.ENDPOINT, Cut.KEY): Cut.ENDPOINT_KEY,
}
# Where one person's own sums stand: their id is in ``a``, the value in ``b``.
_OWN = {Cut.ENDPOINT: Cut.PERSON_ENDPOINT, Cut.KEY: Cut.PERSON_KEY}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose money: a team's in one mode, or one person's part of it."""

    team_id: UUID
    mode: str
    person_id: UUID | None = None

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """By what the sums can be parted; of one person alone there are fewer."""
        return CUTS if self.person_id is None else (Cut.ENDPOINT, Cut.KEY)


def scope_of(membership: Membership, mode: str) -> Scope:
    """Everything for who may see everybody's runs or money, else the person's own."""
    sees_all = access.can(membership, Ability.SEE_BOOKS) or access.sees_all_runs(membership)
    return Scope(membership.team_id, mode, None if sees_all else membership.user_id)


@dataclass(frozen=True, slots=True)
class Sums:
    """Settled runs and what they cost, in US dollars. ``billed``, ``not_billed`` and ``unknown`` part ``runs``."""

    spent: Decimal = ZERO
    runs: int = 0
    billed: int = 0
    not_billed: int = 0
    unknown: int = 0
    succeeded: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        added: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in NAMES}
        return Sums(**added)

    def __sub__(self, other: "Sums") -> "Sums":
        left: dict[str, Any] = {name: getattr(self, name) - getattr(other, name) for name in NAMES}
        return Sums(**left)

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in NAMES)

    @property
    def mean(self) -> Decimal | None:
        """What a billed run cost on average; None without one."""
        return self.spent / self.billed if self.billed > 0 else None

    @property
    def success(self) -> int | None:
        """Percent of the settled runs that succeeded; all but one of a thousand is not 100."""
        if self.runs <= 0:
            return None
        percent = 100 * self.succeeded / self.runs
        return min(round(percent), 99) if percent < 100 else 100


NAMES = tuple(field.name for field in fields(Sums))
_SUMS = {f"sum_{name}": Sum(name) for name in NAMES}


def _sums(row: Mapping[str, Any]) -> Sums:
    # The sum of no row is NULL, which leaves the zero of its own type.
    found: dict[str, Any] = {name: value for name in NAMES if (value := row[f"sum_{name}"])}
    return Sums(**found)


def total(parts: Iterable[Sums]) -> Sums:
    return sum(parts, Sums())


def _rows(scope: Scope, cut: Cut) -> QuerySet[Any]:
    """The rows of a cut with its value as ``value``, of all days. ValueError for one this scope does not have."""
    if scope.person_id is None or cut == Cut.PERSON:
        rows = Rollup.objects.filter(team_id=scope.team_id, mode=scope.mode, cut=cut)
        own = rows if scope.person_id is None else rows.filter(a=str(scope.person_id))
        return own.annotate(value=F("a"))
    if cut not in _OWN:
        raise ValueError(f"There are no sums of one person by {cut}.")
    rows = Rollup.objects.filter(team_id=scope.team_id, mode=scope.mode, cut=_OWN[cut])
    return rows.filter(a=str(scope.person_id)).annotate(value=F("b"))


# Months are kept of pairs; summed over the other one of the pair they are months of one.
_MONTHS_OF = {Cut.PERSON: Cut.PERSON_KEY, Cut.ENDPOINT: Cut.ENDPOINT_KEY}


def _rows_in(scope: Scope, cut: Cut, period: Period) -> QuerySet[Any]:
    """The rows of a period whose sum is the period's: of a long one whole months, so that a year is as few rows."""
    pair = _MONTHS_OF.get(cut)
    if scope.person_id is not None and cut != Cut.PERSON:
        return _rows(scope, cut).filter(_in_months_and_days(period))
    if pair is None or not is_monthly(period):
        return _rows(scope, cut).filter(_in_days(period))
    found = Q(cut=pair, grain=Grain.MONTH) | Q(cut=cut, grain=Grain.DAY)
    whole = Rollup.objects.filter(team_id=scope.team_id, mode=scope.mode, cut__in=[pair, cut])
    rows = whole.filter(found, _in_months_and_days(period))
    own = rows if scope.person_id is None else rows.filter(a=str(scope.person_id))
    return own.annotate(value=F("a"))


def _in_days(period: Period) -> Q:
    return Q(grain=Grain.DAY, start__gte=period.first, start__lte=period.last)


def _months_and_days(period: Period) -> list[tuple[Grain, list[date]]]:
    """Whole months from the monthly rows, the rest from the daily ones."""
    months, rest = periods.pieces(period.first, period.last)
    firsts = list(periods.each_month(*months)) if months else []
    singles = [day for stretch in rest for day in periods.each_day(*stretch)]
    return [(Grain.MONTH, firsts), (Grain.DAY, singles)]


def _in_months_and_days(period: Period) -> Q:
    exact, grains, every = Q(pk__in=[]), [], []
    for grain, starts in _months_and_days(period):
        exact |= Q(grain=grain, start__in=starts)
        grains.append(grain)
        every += starts
    # The index is entered only by what stands outside of the OR.
    return Q(grain__in=grains, start__in=every) & exact


def by_value(scope: Scope, period: Period, cut: Cut) -> dict[str, Sums]:
    """The sums of each value, most spent first. Values whose sums came back to zero are left out."""
    found = _rows_in(scope, cut, period).values("value").annotate(**_SUMS)
    made = {row["value"]: _sums(row) for row in found}
    ranked = sorted(made.items(), key=lambda one: (-one[1].spent, -one[1].runs, one[0]))
    return {value: sums for value, sums in ranked if sums}


def totals(scope: Scope, period: Period) -> Sums:
    """One row for each person of the team at most is read."""
    return _sums(_rows_in(scope, Cut.PERSON, period).aggregate(**_SUMS))


def is_monthly(period: Period) -> bool:
    return period.days > MOST_BARS


def over_time(scope: Scope, period: Period, cut: Cut, values: Iterable[str]) -> dict[date, dict[str, Sums]]:
    """The sums of each day, or month of a long period, parted by ``values``; "\\0" holds all the others."""
    named = list(values)
    start = TruncMonth("start") if is_monthly(period) else F("start")
    of_days = _rows(scope, cut).filter(_in_days(period))
    rows = (_rows_in(scope, cut, period) if is_monthly(period) else of_days).annotate(bar=start)
    made: dict[date, dict[str, Sums]] = {}
    for part, more in ((rows.filter(value__in=named), ["value"]), (rows.exclude(value__in=named), [])):
        for row in part.values("bar", *more).annotate(**_SUMS):
            if sums := _sums(row):
                made.setdefault(row["bar"], {})[row.get("value", "\0")] = sums
    return made


def of_endpoint(scope: Scope, period: Period, endpoint: str) -> Sums:
    rows = _rows_in(scope, Cut.ENDPOINT, period).filter(value=endpoint)
    return _sums(rows.aggregate(**_SUMS))


def people_of_endpoint(scope: Scope, period: Period, endpoint: str) -> dict[str, Sums]:
    """The sums of each person on one model, most spent first."""
    people = by_value(scope, period, Cut.PERSON)
    pairs = crossed(scope, period, (Cut.PERSON, Cut.ENDPOINT), people, [endpoint])
    made = {person: sums for (person, _), sums in pairs.items()}
    ranked = sorted(made.items(), key=lambda one: (-one[1].spent, -one[1].runs, one[0]))
    return {value: sums for value, sums in ranked if sums}


def crossed(
    scope: Scope, period: Period, pair: tuple[Cut, Cut], first: Iterable[str], second: Iterable[str]
) -> dict[tuple[str, str], Sums]:
    """The sums of each two of these values that occur together.

    A year has tens of thousands of such pairs: only those that are named are read, each by its place in the index.
    """
    rows = Rollup.objects.filter(
        team_id=scope.team_id, mode=scope.mode, cut=PAIRS[pair], a__in=list(first), b__in=list(second)
    )
    made: dict[tuple[str, str], Sums] = {}
    # Months and days apart: together, each of both would be looked for on all the dates of the other.
    for grain, starts in _months_and_days(period):
        found = rows.filter(grain=grain, start__in=starts).values("a", "b").annotate(**_SUMS)
        for row in found:
            values = (row["a"], row["b"])
            made[values] = made.get(values, Sums()) + _sums(row)
    return {values: sums for values, sums in made.items() if sums}


@dataclass(frozen=True, slots=True)
class Held:
    """Reservations of runs whose cost is not known yet, in US dollars."""

    amount: Decimal
    pending: int
    unknown: int
    cost_unknown: int

    @property
    def runs(self) -> int:
        return self.pending + self.unknown + self.cost_unknown

    @property
    def words(self) -> str:
        """6 pending, 5 unknown, 1 billed without a known cost."""
        parts = ((self.pending, "pending"), (self.unknown, "unknown"))
        named = [f"{count} {word}" for count, word in parts if count]
        if self.cost_unknown:
            named.append(f"{self.cost_unknown} billed without a known cost")
        return ", ".join(named)

    @property
    def doubts(self) -> int:
        """How many wait for a person."""
        return self.unknown + self.cost_unknown


def held(scope: Scope, *, until: date | None = None) -> Held:
    """What is held now, of all days or of those up to ``until``."""
    rows = OpenHold.objects.filter(team_id=scope.team_id, mode=scope.mode)
    if scope.person_id is not None:
        rows = rows.filter(person_id=scope.person_id)
    if until is not None:
        rows = rows.filter(day__lte=until)
    counts = {"pending": 0, "unknown": 0, "billed": 0}
    amount = ZERO
    for row in rows.values("billing").annotate(sum=Sum("amount"), count=Count("run_id")):
        amount += row["sum"]
        counts[row["billing"]] = row["count"]
    return Held(amount, counts["pending"], counts["unknown"], counts["billed"])


_HELD_BY = {
    Cut.PERSON: "person_id",
    Cut.ENDPOINT: "endpoint",
    Cut.KEY: "key_id",
    Cut.SOURCE: "source",
    Cut.TAG: "tag",
}


def held_by_value(scope: Scope, period: Period, cut: Cut) -> dict[str, Decimal]:
    """What is held now for runs of these days, by value."""
    rows = OpenHold.objects.filter(team_id=scope.team_id, mode=scope.mode)
    rows = rows.filter(day__gte=period.first, day__lte=period.last)
    if scope.person_id is not None:
        rows = rows.filter(person_id=scope.person_id)
    column = _HELD_BY[cut]
    found = rows.values_list(column).annotate(Sum("amount"))
    return {"" if value is None else str(value): amount for value, amount in found}
