"""When a budget will be used up, from the pace of its period so far and of the last days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F, Sum

from accounts.models import Team
from playground.ledger import amounts
from playground.ledger.budget_spans import Span
from playground.ledger.days import day_of, start_of
from playground.ledger.models import Budget, Cut, Grain, Rollup

RECENT_DAYS = 7
_DAY = timedelta(days=1)
_ANY = ""
# Less of a period than this says nothing about the rest of it.
_ENOUGH = Decimal("0.125")


@dataclass(frozen=True, slots=True)
class Forecast:
    """``used_up_on`` inside the period, or else ``at_end``: what it will have cost. In total there is no end."""

    used_up_on: date | None
    at_end: Decimal | None
    span: Span
    today: date

    @property
    def words(self) -> str:
        """``Used up on the 19th at this pace``; empty where there is nothing to say."""
        if self.used_up_on is not None:
            return f"Used up {self.when} at this pace"
        if self.at_end is not None and self.span.end_words:
            return f"About {amounts.about(self.at_end)} by {self.span.end_words}"
        return ""

    @property
    def when(self) -> str:
        """``today``, ``on the 19th``, ``on 3 March``."""
        day = self.used_up_on or self.today
        if day == self.today:
            return "today"
        if (day.year, day.month) == (self.today.year, self.today.month):
            return f"on the {day.day}{_ending(day.day)}"
        return f"on {day.day} {day:%B}" + (f" {day.year}" if day.year != self.today.year else "")


@dataclass(frozen=True, slots=True)
class Pace:
    """What a day costs, and how many runs it has."""

    usd: Decimal
    runs: Decimal


class RecentPace:
    """What the last days cost by person and model: one query for all budgets of a team."""

    def __init__(self, team: Team, mode: str, *, now: datetime) -> None:
        first = day_of(team, now) - timedelta(days=RECENT_DAYS - 1)
        self._days = _days(start_of(team, first), now)
        self._sums: dict[tuple[str, str], tuple[Decimal, int]] = defaultdict(lambda: (Decimal(), 0))
        rows = Rollup.objects.filter(
            team_id=team.id, mode=mode, cut=Cut.PERSON_ENDPOINT, grain=Grain.DAY, start__gte=first
        )
        for person, endpoint, spent, runs in rows.values_list("a", "b").annotate(
            usd=Sum("spent"), count=Sum(F("runs") - F("not_billed"))
        ):
            for key in ((person, endpoint), (person, _ANY), (_ANY, endpoint), (_ANY, _ANY)):
                before = self._sums[key]
                self._sums[key] = (before[0] + spent, before[1] + runs)

    def of(self, budget: Budget, subject: str) -> Pace | None:
        """None for a category: the sums by day know none."""
        if budget.category:
            return None
        person = subject or (str(budget.person_id) if budget.person_id else _ANY)
        spent, runs = self._sums[person, budget.endpoint]
        return Pace(spent / self._days, runs / self._days)


def foresee(
    *,
    team: Team,
    span: Span,
    spent: Decimal,
    runs: int,
    left_usd: Decimal | None,
    left_runs: int | None,
    recent: Pace | None,
    now: datetime,
) -> Forecast | None:
    """None while there is nothing to go by, or nothing left to run out of."""
    if any(left is not None and left <= 0 for left in (left_usd, left_runs)):
        return None
    elapsed = _days(start_of(team, span.first), now)
    so_far = Pace(spent / elapsed, runs / elapsed) if elapsed >= _ENOUGH else None
    if span.period == Budget.Period.DAY:
        recent = None
    paces = [pace for pace in (so_far, recent) if pace is not None]
    usd = _mean([pace.usd for pace in paces])
    count = _mean([pace.runs for pace in paces])
    waits = [
        left / pace
        for left, pace in ((left_usd, usd), (None if left_runs is None else Decimal(left_runs), count))
        if left is not None and pace
    ]
    if not waits:
        return None
    end = start_of(team, span.renews) if span.renews else None
    rest = _days(now, end) if end else None
    soonest = min(waits, default=None)
    if soonest is not None and (soonest < rest if rest is not None else soonest < 366):
        return Forecast(day_of(team, now + float(soonest) * _DAY), None, span, day_of(team, now))
    at_end = None if rest is None or not usd or left_usd is None else spent + usd * rest
    return Forecast(None, at_end, span, day_of(team, now))


def _ending(number: int) -> str:
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number not in (11, 12, 13) else 0, "th")


def _mean(values: list[Decimal]) -> Decimal | None:
    return sum(values, Decimal()) / len(values) if values else None


def _days(first: datetime, last: datetime) -> Decimal:
    """At least a minute, so that nothing is divided by nothing."""
    return Decimal(max((last - first).total_seconds(), 60)) / 86400
