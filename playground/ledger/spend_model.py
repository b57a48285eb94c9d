"""One model's page: what it costs and how long it takes, as a spread and not as a mean, and why it refuses."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum

from accounts.models import Membership
from playground.ledger import days, links, names, periods, spend, spend_chart, spend_page
from playground.ledger.models import Cut, Grain, Rollup
from playground.ledger.periods import Period
from playground.ledger.spend import Scope
from playground.segmind.errors import Explanation, explain_reason

STEPS = 20  # to a decade
WIDTH, HEIGHT = 600, 72


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: runs between ``low`` and ``high``; both are zero for those that were free."""

    low: Decimal
    high: Decimal
    runs: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles are middles of steps, each 12 % wider than the one before: about right, never exact."""

    runs: int
    median: Decimal
    p90: Decimal
    p95: Decimal
    low: Decimal
    high: Decimal
    steps: list[Step]


def _edge(step: int) -> Decimal:
    return Decimal(10) ** (Decimal(step) / STEPS)


def _middle(step: int | None) -> Decimal:
    return Decimal(0) if step is None else (_edge(step) * _edge(step + 1)).sqrt()


def spread(scope: Scope, period: Period, cut: Cut, endpoint: str) -> Spread | None:
    """Of ``Cut.COST`` or ``Cut.TIME``; None where nothing is known. Runs that turned out billed count once."""
    rows = _of(scope, period, cut, endpoint).annotate(count=Sum("billed")).filter(count__gt=0)
    found = {None if b == "zero" else int(b): count for b, count in rows.values_list("b", "count")}
    if not found:
        return None
    ordered = sorted(found, key=lambda step: -(10**9) if step is None else step)
    runs = sum(found.values())

    def percentile(percent: int) -> Decimal:
        wanted, passed = runs * percent / 100, 0
        for step in ordered:
            passed += found[step]
            if passed >= wanted:
                return _middle(step)
        return _middle(ordered[-1])

    low, high = ordered[0], ordered[-1]
    return Spread(
        runs,
        percentile(50),
        percentile(90),
        percentile(95),
        Decimal(0) if low is None else _edge(low),
        Decimal(0) if high is None else _edge(high + 1),
        _steps(found),
    )


def _of(scope: Scope, period: Period, cut: Cut, endpoint: str) -> Any:
    rows = Rollup.objects.filter(team_id=scope.team_id, mode=scope.mode, cut=cut, grain=Grain.DAY, a=endpoint)
    # Named one by one, each day is a place in the index; a range would read every model of these days.
    return rows.filter(start__in=list(periods.each_day(period.first, period.last))).values("b")


def _steps(found: dict[int | None, int]) -> list[Step]:
    """At least a decade wide, so that one price is one bar and not a wall."""
    known = [step for step in found if step is not None]
    first, last = (min(known), max(known)) if known else (0, 0)
    room = max(0, STEPS - 1 - (last - first))
    places: list[int | None] = [None] if None in found else []
    places += range(first - room // 2, last + (room + 1) // 2 + 1)
    most, width = max(found.values()), WIDTH / len(places)
    made = []
    for place, step in enumerate(places):
        if count := found.get(step, 0):
            height = max(2.0, count / most * HEIGHT)
            low, high = (Decimal(0),) * 2 if step is None else (_edge(step), _edge(step + 1))
            made.append(
                Step(
                    low,
                    high,
                    count,
                    round(place * width + width * 0.08, 2),
                    round(width * 0.84, 2),
                    round(HEIGHT - height, 2),
                    round(height, 2),
                )
            )
    return made


@dataclass(frozen=True, slots=True)
class Refusal:
    meaning: Explanation
    runs: int


def refusals(scope: Scope, period: Period, endpoint: str) -> list[Refusal]:
    """Why runs were refused or failed, commonest first."""
    rows = _of(scope, period, Cut.REFUSAL, endpoint)
    counted = rows.annotate(count=Sum(F("billed") + F("not_billed"))).filter(count__gt=0)
    found = counted.order_by("-count", "b").values_list("b", "count")
    return [Refusal(explain_reason(kind), count) for kind, count in found]


def build(membership: Membership, mode: str, period: Period, endpoint: str) -> dict[str, Any]:
    team, scope = membership.team, spend.scope_of(membership, mode)
    sums = spend.of_endpoint(scope, period, endpoint)
    whole = scope.person_id is None
    person = {} if whole else {"person": str(scope.person_id)}

    def link(first: Any, last: Any) -> str:
        return links.history(team, mode, since=first, until=last, endpoint=endpoint, **person)

    url = link(period.first, period.last)
    return {
        **spend_page.frame(membership, mode, period),
        "endpoint": endpoint,
        "sums": sums,
        "all_url": url,
        "billed_url": f"{url}&billing=billed",
        "refused_url": f"{url}&state=refused",
        "cost": spread(scope, period, Cut.COST, endpoint) if whole else None,
        "time": spread(scope, period, Cut.TIME, endpoint) if whole else None,
        "refusals": refusals(scope, period, endpoint) if whole else [],
        "people": _people(membership, scope, period, endpoint) if whole else None,
        "known": bool(sums) or days.has_days(team.id),
    }


def _people(membership: Membership, scope: Scope, period: Period, endpoint: str) -> list[Any]:
    """Who ran it, most spent first."""
    found = spend.people_of_endpoint(scope, period, endpoint)
    called = names.of(membership.team_id, Cut.PERSON, found)
    css = spend_chart.colours(list(found))
    cuts = ((value, {Cut.PERSON: value, Cut.ENDPOINT: endpoint}) for value in found)
    urls = {value: links.behind(membership.team, scope.mode, period, cut) for value, cut in cuts}
    return [
        (called[value], css.get(value, "series-other"), sums, urls[value]) for value, sums in found.items()
    ]
