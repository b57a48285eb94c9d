"""The period of a budget around a day, in days of the team's zone."""

from dataclasses import dataclass
from datetime import date, timedelta

from playground.ledger.models import Budget

Period = Budget.Period


@dataclass(frozen=True, slots=True)
class Span:
    """From ``first`` to the day before ``renews``; without ``renews`` there is no end."""

    period: str
    first: date
    renews: date | None

    @property
    def last(self) -> date | None:
        return self.renews and self.renews - timedelta(days=1)

    @property
    def words(self) -> str:
        """As a sentence ends: ``today``, ``this month``, ``in total``."""
        return {
            Period.DAY.value: "today",
            Period.WEEK.value: "this week",
            Period.MONTH.value: "this month",
        }.get(self.period, "in total")

    @property
    def end_words(self) -> str:
        return {
            Period.DAY.value: "the end of the day",
            Period.WEEK.value: "the end of the week",
            Period.MONTH.value: "the end of the month",
        }.get(self.period, "")

    @property
    def dates(self) -> str:
        """``1 – 30 November``, ``30 November – 6 December``, ``from 3 November``."""
        if self.last is None:
            return f"from {self.first.day} {self.first:%B %Y}"
        if self.first == self.last:
            return f"{self.first.day} {self.first:%B}"
        month = "" if self.first.month == self.last.month else f" {self.first:%B}"
        return f"{self.first.day}{month} – {self.last.day} {self.last:%B}"

    @property
    def renewal(self) -> str:
        """When there is room again by itself."""
        if self.renews is None:
            return "It does not renew by itself."
        if self.period == Period.DAY:
            return "It renews tomorrow at 00:00."
        return f"It renews on {self.renews.day} {self.renews:%B}."


def span_of(period: str, day: date, *, starts_on: date) -> Span:
    """The span around ``day``, by the same rule as ``rules.period_start``. A total counts from ``starts_on``."""
    if period == Period.DAY:
        return Span(period, day, day + timedelta(days=1))
    if period == Period.WEEK:
        first = day - timedelta(days=day.weekday())
        return Span(period, first, first + timedelta(days=7))
    if period == Period.MONTH:
        first = day.replace(day=1)
        return Span(period, first, (first + timedelta(days=31)).replace(day=1))
    return Span(period, starts_on, None)
