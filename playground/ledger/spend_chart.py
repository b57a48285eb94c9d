"""The stacked bars of a period: who or what spent how much on each day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from playground.ledger import periods, spend
from playground.ledger.models import Cut
from playground.ledger.periods import Kind, Period
from playground.ledger.spend import SERIES, ZERO, Scope, Sums

WIDTH, HEIGHT = 1200, 168
_OTHERS = "\0"
_ROUND = tuple(map(Decimal, ("1", "1.2", "1.6", "2", "3", "4", "5", "6", "8", "10")))


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of the chart. ``css`` names it; ``value`` is what it stands for."""

    value: str
    label: str
    css: str


@dataclass(frozen=True, slots=True)
class Block:
    css: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A day, or a month of a long period. ``parts`` has the money of each series, in their order."""

    first: date
    last: date
    label: str
    mark: str
    url: str
    sums: Sums
    series: list[Series]
    parts: list[Decimal]
    x: float
    width: float
    blocks: list[Block]

    @property
    def says(self) -> str:
        """The largest parts in words, for pointing at the bar."""
        named = [(part, one.label) for part, one in zip(self.parts, self.series, strict=True) if part > 0]
        return ", ".join(f"{label} {part:.4f}" for part, label in named[:4])

    @property
    def slot_x(self) -> float:
        return round(self.x - self.width * 0.15, 2)

    @property
    def slot_width(self) -> float:
        return round(self.width * 1.3, 2)


@dataclass(frozen=True, slots=True)
class Chart:
    series: list[Series]
    bars: list[Bar]
    top: Decimal
    is_monthly: bool

    @property
    def marks(self) -> tuple[str, str]:
        """The amounts beside the upper and the middle line."""
        return f"{self.top.normalize():f}", f"{(self.top / 2).normalize():f}"

    @property
    def step(self) -> str:
        return "month" if self.is_monthly else "day"

    @property
    def has_money(self) -> bool:
        return any(bar.blocks for bar in self.bars)

    @property
    def filled(self) -> list[Bar]:
        return [bar for bar in self.bars if bar.sums]


def colours(values: list[str]) -> dict[str, str]:
    """The colour of each of the first seven values; the others share one."""
    return {value: f"series-{place}" for place, value in enumerate(values[:SERIES], 1)}


def build(
    scope: Scope,
    period: Period,
    cut: Cut,
    names: dict[str, str],
    *,
    link: Callable[[date, date], str],
) -> Chart:
    """``names`` holds every value of the cut, most spent first. One query for the named, one for the others."""
    css = colours(list(names))
    series = [Series(value, names[value], css[value]) for value in css]
    if len(names) > SERIES:
        series.append(Series(_OTHERS, f"{len(names) - SERIES} others", "series-other"))
    found = spend.over_time(scope, period, cut, css)
    spans = _spans(period)
    top = _round_up(max((_height(found.get(first, {})) for first, _ in spans), default=ZERO))
    width = WIDTH / len(spans)
    bars = []
    for place, (first, last) in enumerate(spans):
        sums = found.get(first.replace(day=1) if spend.is_monthly(period) else first, {})
        parts = [sums[one.value].spent if one.value in sums else ZERO for one in series]
        bars.append(
            Bar(
                first,
                last,
                _label(first, last, period),
                _mark(first, place, period),
                link(first, last),
                spend.total(sums.values()),
                series,
                parts,
                round(place * width + width * 0.115, 2),
                round(width * 0.77, 2),
                _blocks(series, parts, top),
            )
        )
    return Chart(series, bars, top, spend.is_monthly(period))


def _spans(period: Period) -> list[tuple[date, date]]:
    if not spend.is_monthly(period):
        return [(day, day) for day in periods.each_day(period.first, period.last)]
    made, first = [], period.first
    while first <= period.last:
        after = periods.next_month(first)
        made.append((first, min(after - periods.ONE, period.last)))
        first = after
    return made


def _height(sums: dict[str, Sums]) -> Decimal:
    return sum((max(one.spent, ZERO) for one in sums.values()), ZERO)


def _round_up(amount: Decimal) -> Decimal:
    """The next round amount whose half reads well, too."""
    if amount <= 0:
        return Decimal(1)
    unit = Decimal(1).scaleb(amount.adjusted())
    return next(step * unit for step in _ROUND if step * unit >= amount)


def _blocks(series: list[Series], parts: list[Decimal], top: Decimal) -> list[Block]:
    """From the bottom. What was taken back makes no block, and the smallest charge is still seen."""
    y = float(HEIGHT)
    blocks = []
    for one, amount in zip(series, parts, strict=True):
        if amount > 0:
            height = max(1.5, float(amount / top) * HEIGHT)
            y = max(0.0, y - height)
            blocks.append(Block(one.css, round(y, 2), round(height, 2)))
    return blocks


def _label(first: date, last: date, period: Period) -> str:
    if spend.is_monthly(period):
        return f"{first:%B %Y}" if first.day == 1 else periods.span_text(first, last, year=True)
    return f"{first:%a} {first.day} {first:%b}"


def _mark(day: date, place: int, period: Period) -> str:
    """What stands under a bar, so seldom that two never touch."""
    if spend.is_monthly(period):
        return f"{day:%b}" if period.days < 400 or day.month in (1, 7) else ""
    if period.kind == Kind.WEEK or period.days <= 7:
        return f"{day:%a} {day.day}"
    if place == 0:
        return f"{day.day} {day:%b}"
    if period.days <= 31:
        return str(day.day) if place % 7 == 0 else ""
    return f"{day.day} {day:%b}" if place % 14 == 0 else ""
