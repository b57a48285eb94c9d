"""Days, weeks, months and ranges of the team's calendar, as the address of a page names them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

ONE = timedelta(days=1)


class Kind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, ``first`` and ``last`` included."""

    kind: Kind
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def label(self) -> str:
        if self.kind == Kind.MONTH:
            return f"{self.first:%B %Y}"
        if self.kind == Kind.DAY:
            return f"{self.first:%A} {self.first.day} {self.first:%B %Y}"
        return span_text(self.first, self.last, year=True)

    @property
    def query(self) -> str:
        """What names it in an address."""
        if self.kind == Kind.CUSTOM:
            return f"period=custom&from={self.first}&to={self.last}"
        on = f"{self.first:%Y-%m}" if self.kind == Kind.MONTH else self.first.isoformat()
        return f"period={self.kind}&on={on}"

    @property
    def before(self) -> "Period":
        if self.kind == Kind.CUSTOM:
            length = timedelta(days=self.days)
            return Period(self.kind, self.first - length, self.last - length)
        return around(self.kind, self.first - ONE)

    @property
    def after(self) -> "Period":
        if self.kind == Kind.CUSTOM:
            length = timedelta(days=self.days)
            return Period(self.kind, self.first + length, self.last + length)
        return around(self.kind, self.last + ONE)

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


def around(kind: Kind, day: date) -> Period:
    """The day, week (from Monday) or month that holds ``day``."""
    if kind == Kind.WEEK:
        first = day - timedelta(days=day.weekday())
        return Period(kind, first, first + timedelta(days=6))
    if kind == Kind.MONTH:
        return Period(kind, day.replace(day=1), next_month(day) - ONE)
    return Period(Kind.DAY, day, day)


def next_month(day: date) -> date:
    """The first of the month after that of ``day``."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def pieces(first: date, last: date) -> tuple[tuple[date, date] | None, list[tuple[date, date]]]:
    """(whole months, other stretches of days) that make up the range; months as the firsts of first and last."""
    start = first if first.day == 1 else next_month(first)
    end = (last + ONE).replace(day=1)
    if start >= end:
        return None, [(first, last)]
    rest = [(first, start - ONE), (end, last)]
    return (start, (end - ONE).replace(day=1)), [(a, b) for a, b in rest if a <= b]


def each_day(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def each_month(first: date, last: date) -> Iterator[date]:
    """The firsts of the months from that of ``first`` to that of ``last``."""
    while first <= last:
        yield first
        first = next_month(first)


def span_text(first: date, last: date, *, year: bool = False) -> str:
    """1 to 27 Oct, 28 Sep to 4 Oct 2026."""
    tail = f" {last.year}" if year else ""
    if first == last:
        return f"{first.day} {first:%b}{tail}"
    head = f"{first.day}"
    if (first.year, first.month) != (last.year, last.month):
        head += f" {first:%b}"
    if first.year != last.year and year:
        head += f" {first.year}"
    return f"{head} to {last.day} {last:%b}{tail}"
