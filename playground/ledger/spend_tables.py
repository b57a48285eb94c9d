"""The tables of the spend page: one row for each value of a cut, and two cuts crossed."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from accounts.models import Membership, Team
from playground.ledger import links, names, spend, spend_forecast
from playground.ledger.models import Cut
from playground.ledger.periods import Period
from playground.ledger.spend import ZERO, Scope, Sums
from playground.ledger.spend_chart import colours

TITLES = {
    Cut.PERSON: ("People", "person", "Person"),
    Cut.ENDPOINT: ("Models", "model", "Model"),
    Cut.KEY: ("Keys", "key", "Key"),
    Cut.SOURCE: ("Sources", "source", "Source"),
    Cut.TAG: ("Tags", "tag", "Tag"),
}
BESIDE = {Cut.PERSON: Cut.ENDPOINT, Cut.ENDPOINT: Cut.PERSON, Cut.KEY: Cut.PERSON}
MOST_ROWS, MOST_COLUMNS = 12, 6


@dataclass(frozen=True, slots=True)
class Row:
    """A value and its sums. ``url`` leads to its runs, ``page`` to a page of its own; each may be empty.

    ``filled`` and ``also_held`` are the parts of its meter in percent: of ``limit`` where it has a budget of its
    own, else of all that was spent.
    """

    value: str
    label: str
    css: str
    sums: Sums
    held: Decimal
    limit: Decimal | None
    filled: float
    also_held: float
    url: str
    billed_url: str
    failed_url: str
    page: str

    @property
    def share(self) -> str:
        """Its part of all in percent; what is not nothing is not 0."""
        return "< 1" if 0 < self.filled < 0.5 else str(int(self.filled + 0.5))

    @property
    def limit_text(self) -> str:
        return spend_forecast.limit_text(self.limit)

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.sums.spent + self.held > self.limit


@dataclass(frozen=True, slots=True)
class Table:
    cut: Cut
    title: str
    word: str
    head: str
    rows: list[Row]
    total: Sums
    query: str
    most: int

    @property
    def names(self) -> dict[str, str]:
        return {row.value: row.label for row in self.rows}

    @property
    def sums(self) -> dict[str, Sums]:
        """What is settled; a row may be there for what is held alone."""
        return {row.value: row.sums for row in self.rows if row.sums}

    @property
    def has_limits(self) -> bool:
        return any(row.limit is not None for row in self.rows)

    @property
    def is_short(self) -> bool:
        return len(self.rows) > self.most

    @property
    def first_rows(self) -> list[Row]:
        return self.rows[: self.most]


def table(membership: Membership, scope: Scope, period: Period, cut: Cut, *, most: int = MOST_ROWS) -> Table:
    """Every value of the cut, most spent first, with what is held for it; at most so many are its first rows."""
    team = membership.team
    found = spend.by_value(scope, period, cut)
    held = spend.held_by_value(scope, period, cut)
    for value in held:
        found.setdefault(value, Sums())
    called = names.of(team.id, cut, found)
    css = colours(list(found))
    limits = spend_forecast.member_limits(membership, scope.mode, period.kind) if cut == Cut.PERSON else None
    whole = spend.total(found.values())
    rows = []
    for value, sums in found.items():
        limit = limits.of(value) if limits else None
        filled, also_held = _meter(sums.spent, held.get(value, ZERO), limit or whole.spent)
        rows.append(
            Row(
                value,
                called[value],
                css.get(value, "series-other"),
                sums,
                held.get(value, ZERO),
                limit,
                filled,
                also_held,
                _behind(team, scope, period, {cut: value}),
                _behind(team, scope, period, {cut: value}, billing="billed"),
                _behind(team, scope, period, {cut: value}, billing="not_billed"),
                page_of(team, scope.mode, period, value) if cut == Cut.ENDPOINT else "",
            )
        )
    return Table(cut, *TITLES[cut], rows, whole, period.query, min(most, MOST_ROWS))


def page_of(team: Team, mode: str, period: Period, endpoint: str) -> str:
    return f"{reverse('ledger:spend_model', args=[team.slug, mode, endpoint])}?{period.query}"


def _meter(spent: Decimal, held: Decimal, whole: Decimal) -> tuple[float, float]:
    if whole <= 0:
        return 0.0, 0.0
    filled = min(100.0, max(0.0, float(100 * spent / whole)))
    return round(filled, 2), round(min(100.0 - filled, float(100 * held / whole)), 2)


def _behind(team: Team, scope: Scope, period: Period, values: dict[Cut, str], **filters: str) -> str:
    if scope.person_id is not None:
        values = {Cut.PERSON: str(scope.person_id), **values}
    return links.behind(team, scope.mode, period, values, **filters)


@dataclass(frozen=True, slots=True)
class Cell:
    """``heat`` is 0 to 5: how much of the largest cell this one is."""

    sums: Sums
    heat: int
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    url: str
    cells: list[Cell]
    total: Sums


@dataclass(frozen=True, slots=True)
class Crossed:
    """Lines by columns, the rest of each added up under "others"."""

    first: Cut
    second: Cut
    columns: list[str]
    lines: list[Line]
    sums: list[Sums]
    total: Sums

    @property
    def title(self) -> str:
        return f"{TITLES[self.first][0]} × {TITLES[self.second][0].lower()}"

    @property
    def head(self) -> str:
        return TITLES[self.first][2]


_OTHERS = "\0"
Read = Callable[[list[str], list[str]], dict[tuple[str, str], Sums]]


def crossed(
    team: Team,
    scope: Scope,
    period: Period,
    pair: tuple[Cut, Cut],
    of_first: dict[str, Sums],
    of_second: dict[str, Sums],
    read: Read,
) -> Crossed:
    """The largest lines and columns by name and the others together; ``read`` gives the pairs of those named."""
    lines, columns = _ranked(of_first, MOST_ROWS), _ranked(of_second, MOST_COLUMNS)
    found = read([a for a in lines if a != _OTHERS], [b for b in columns if b != _OTHERS])
    cells = {(a, b): found[a, b] for a in lines for b in columns if (a, b) in found}
    whole = spend.total(of_first.values())
    # What the named ones leave of each line, of each column and of everything.
    if _OTHERS in columns:
        for a in lines:
            if a != _OTHERS:
                cells[a, _OTHERS] = of_first[a] - _sum_of(cells, [a], columns)
    if _OTHERS in lines:
        for b in columns:
            known = _sum_of(cells, lines, [b])
            cells[_OTHERS, b] = (
                of_second[b] if b != _OTHERS else whole - _of_named(of_second, columns)
            ) - known
    line_names, column_names = (
        _named(team, cut, keys) for cut, keys in zip(pair, (lines, columns), strict=True)
    )
    most = max((sums.spent for sums in cells.values()), default=ZERO)

    def cell(a: str, b: str) -> Cell:
        sums = cells.get((a, b), Sums())
        heat = min(5, int(5 * sums.spent / most) + 1) if most > 0 and sums.spent > 0 else 0
        known = _OTHERS not in (a, b) and bool(sums)
        url = _behind(team, scope, period, {pair[0]: a, pair[1]: b}) if known else ""
        return Cell(sums, heat, url, column_names[b])

    made = [
        Line(
            line_names[a],
            "" if a == _OTHERS else _behind(team, scope, period, {pair[0]: a}),
            [cell(a, b) for b in columns],
            spend.total(cells.get((a, b), Sums()) for b in columns),
        )
        for a in lines
    ]
    feet = [spend.total(cells.get((a, b), Sums()) for a in lines) for b in columns]
    return Crossed(*pair, [column_names[b] for b in columns], made, feet, spend.total(feet))


def _sum_of(cells: dict[tuple[str, str], Sums], lines: list[str], columns: list[str]) -> Sums:
    return spend.total(cells.get((a, b), Sums()) for a in lines for b in columns)


def _of_named(sums: dict[str, Sums], values: list[str]) -> Sums:
    return spend.total(sums[value] for value in values if value != _OTHERS)


def _ranked(sums: dict[str, Sums], most: int) -> list[str]:
    """The values with the largest sums, then the sign for all others where there are more."""
    ranked = sorted(sums, key=lambda value: (-sums[value].spent, -sums[value].runs, value))
    return ranked if len(ranked) <= most else [*ranked[:most], _OTHERS]


def _named(team: Team, cut: Cut, values: list[str]) -> dict[str, str]:
    return {**names.of(team.id, cut, [value for value in values if value != _OTHERS]), _OTHERS: "others"}
