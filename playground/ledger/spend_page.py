"""What the spend page shows, put together for one membership, one period and one cut."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import closing, crossing, days, links, periods, spend, spend_chart, spend_tables
from playground.ledger.models import Cut
from playground.ledger.periods import Kind, Period
from playground.ledger.reconcile import agreement
from playground.ledger.spend import Scope, Sums
from playground.ledger.spend_forecast import forecast, same_part_before

BY = {Cut.PERSON: "person", Cut.ENDPOINT: "model", Cut.KEY: "key", Cut.SOURCE: "source", Cut.TAG: "tag"}
CUT_OF = {word: cut for cut, word in BY.items()}
# The table beside the main one ends about where that ends.
FEWEST_BESIDE = 6
NONE_KNOWN: Mapping[Cut, dict[str, Sums]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """How the spend differs from the period before, in percent of it; None where that was nothing."""

    before: Sums
    span: str
    percent: int | None

    @property
    def is_more(self) -> bool:
        return self.percent is not None and self.percent > 0

    @property
    def size(self) -> int:
        return abs(self.percent or 0)


def cut_of(scope: Scope, word: str) -> Cut:
    """The cut that the address names, else the first one that this scope has."""
    cut = CUT_OF.get(word)
    return cut if cut in scope.cuts else scope.cuts[0]


def frame(membership: Membership, mode: str, period: Period) -> dict[str, Any]:
    """What every page about a period needs."""
    team = membership.team
    today = days.today(team)
    return {
        "membership": membership,
        "team": team,
        "zone": team.zone,
        "mode": mode,
        "period": period,
        "today": today,
        "is_running": period.holds(today),
        "has_next": period.last < today,
        "sees_all": spend.scope_of(membership, mode).person_id is None,
        "presets": _presets(today, period),
        "agreement": agreement(team, mode) if access.can(membership, Ability.SEE_BOOKS) else None,
    }


def _presets(today: date, period: Period) -> list[Link]:
    month, week = periods.around(Kind.MONTH, today), periods.around(Kind.WEEK, today)
    day = periods.around(Kind.DAY, today)
    quarter = Period(Kind.CUSTOM, month.before.before.first, month.last)
    found = {
        "This month": month,
        "Last month": month.before,
        "This week": week,
        "Last week": week.before,
        "Today": day,
        "Yesterday": day.before,
        "Three months": quarter,
    }
    return [Link(label, one.query, one == period) for label, one in found.items()]


def build(
    membership: Membership, mode: str, period: Period, cut: Cut, pair: tuple[Cut, Cut] | None
) -> dict[str, Any]:
    team, scope = membership.team, spend.scope_of(membership, mode)
    main = spend_tables.table(membership, scope, period, cut)
    beside = spend_tables.BESIDE.get(cut)
    tables = [
        main,
        spend_tables.table(membership, scope, period, beside, most=max(FEWEST_BESIDE, len(main.rows)))
        if beside in scope.cuts
        else None,
    ]
    today = days.today(team)
    # A chart has no money for runs that are only held.
    names = {row.value: row.label for row in main.rows if row.sums}

    def link(first: date, last: date) -> str:
        person = {"person": str(scope.person_id)} if scope.person_id else {}
        return links.history(team, mode, since=first, until=last, **person)

    return {
        **frame(membership, mode, period),
        "cut": cut,
        "by": BY[cut],
        "tabs": [Link(spend_tables.TITLES[one][0], BY[one], one == cut) for one in scope.cuts],
        "table": main,
        "beside": tables[1],
        "beside_by": BY[beside] if beside else "",
        "sums": main.total,
        "change": change(scope, period, today, main.total),
        "held": spend.held(scope),
        "forecast": forecast(team, scope, period, main.total.spent) if period.holds(today) else None,
        "per_day": main.total.spent / period.days,
        "chart": spend_chart.build(scope, period, cut, names, link=link),
        "all_url": link(period.first, period.last),
        "billed_url": f"{link(period.first, period.last)}&billing=billed",
        **crossed(membership, scope, period, cut, pair, known={one.cut: one.sums for one in tables if one}),
        **closing_of(membership, mode, period),
    }


def change(scope: Scope, period: Period, today: date, now: Sums) -> Change | None:
    compared = same_part_before(period, today)
    if compared is None:
        return None
    before = spend.totals(scope, compared)
    percent = round(100 * (now.spent - before.spent) / before.spent) if before.spent > 0 else None
    return Change(before, periods.span_text(compared.first, compared.last), percent)


def _held_urls(membership: Membership, mode: str, scope: Scope) -> dict[str, str]:
    person = {"person": str(scope.person_id)} if scope.person_id else {}
    team = membership.team
    return {
        "pending": links.history(team, mode, billing="pending", **person),
        "doubts": links.history(team, mode, needs="person", **person),
    }


def pairs() -> dict[str, tuple[Cut, Cut]]:
    """Every two cuts by their name in the address; the first three are read from rollups, the others computed."""
    others = [
        (a, b)
        for place, a in enumerate(spend.CUTS)
        for b in spend.CUTS[place + 1 :]
        if (a, b) not in spend.PAIRS
    ]
    return {f"{BY[a]}-{BY[b]}": (a, b) for a, b in (*spend.PAIRS, *others)}


def crossed(
    membership: Membership,
    scope: Scope,
    period: Period,
    cut: Cut,
    pair: tuple[Cut, Cut] | None,
    *,
    known: Mapping[Cut, dict[str, Sums]] = NONE_KNOWN,
) -> dict[str, Any]:
    """Two cuts crossed, and which others could be; nothing for who sees only their own.

    ``known`` are the sums of cuts that the page has read already.
    """
    if scope.person_id is not None:
        return {}
    usual = {Cut.KEY: (Cut.PERSON, Cut.KEY)}
    pair = pair or usual.get(cut, (Cut.PERSON, Cut.ENDPOINT))
    offered = [
        Link(f"{spend_tables.TITLES[a][0]} × {spend_tables.TITLES[b][0].lower()}", word, (a, b) == pair)
        for word, (a, b) in pairs().items()
    ]
    return {
        "by": BY[cut],
        "quick_pairs": offered[:3],
        "slow_pairs": offered[3:],
        "cross": next(word for word, one in pairs().items() if one == pair),
        **crossing.context(membership.team, scope, period, pair, known),
    }


def closing_of(membership: Membership, mode: str, period: Period) -> dict[str, Any]:
    """Whether these days are closed or may be, and what came after an earlier close."""
    team = membership.team
    closes = closing.closes(team, mode)
    may_close = access.can(membership, Ability.CLOSE_PERIODS)
    closed = next((one for one in closes if one.last_day >= period.last), None)
    closable = may_close and closing.is_closable(team, closes, period)
    sees_all = access.can(membership, Ability.SEE_BOOKS) or access.sees_all_runs(membership)
    return {
        "closed": closed if sees_all else None,
        "is_closed": closed is not None,
        "held_urls": _held_urls(membership, mode, spend.scope_of(membership, mode)),
        "closable": closing.preview(team, mode, closes, period) if closable else None,
        "corrections": closing.corrections(team, mode, closes, period) if sees_all else None,
    }
