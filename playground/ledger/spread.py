"""How costs and times spread: quantiles from the logarithmic steps that the rollups count."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from playground.ledger.models import Cut, Grain, Rollup

STEPS_PER_DECADE = 20
"""Neighbouring steps differ by 12 %: no quantile is further off than that."""


def upper_edge(step: str) -> Decimal:
    """The largest value that a step counts; ``zero`` counts only zeros."""
    if step == "zero":
        return Decimal(0)
    return Decimal(10) ** (Decimal(int(step) + 1) / STEPS_PER_DECADE)


def lower_edge(step: str) -> Decimal:
    return Decimal(0) if step == "zero" else Decimal(10) ** (Decimal(int(step)) / STEPS_PER_DECADE)


def quantile(counts: Mapping[str, int], share: float) -> Decimal | None:
    """The upper edge of the step that holds the ``share`` quantile; None without any count."""
    total = sum(counts.values())
    passed = 0
    for step in sorted(counts, key=lower_edge):
        passed += counts[step]
        if passed and passed >= share * total:
            return upper_edge(step)
    return None


def costs_of_size(*, team_id: UUID, mode: str, endpoint: str, size: str) -> dict[str, int]:
    """How many charges of this endpoint and size the team has had in each step of cost."""
    rows = Rollup.objects.filter(
        team_id=team_id, mode=mode, cut=Cut.PRICE, grain=Grain.EVER, a=f"{endpoint} {size}"[:250]
    )
    return dict(rows.values_list("b", "runs"))
