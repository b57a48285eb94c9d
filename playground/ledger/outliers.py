"""A run that cost much more than runs of its model and size usually do."""

from decimal import Decimal
from uuid import UUID

from playground.ledger import amounts
from playground.ledger.models import Cut, Grain, Rollup

Steps = list[tuple[Decimal, int]]

FACTOR = 4
"""From this many times its median a cost is worth a word."""
ENOUGH = 5


def outlier(team_id: UUID, mode: str, endpoint: str, size: str, cost: Decimal) -> Decimal | None:
    """How many times the median of its like this cost is, with one decimal; None below ``FACTOR``.

    ``cost`` is already among the sums, as it is once its charge is written, and is left out of the median. With
    fewer than ``ENOUGH`` others nobody knows what is usual.
    """
    return factor(steps(team_id, mode, endpoint, size), cost)


def steps(team_id: UUID, mode: str, endpoint: str, size: str) -> Steps:
    """What runs of this model and size have cost: (cost, how many), from the cheapest on."""
    rows = Rollup.objects.filter(
        team_id=team_id,
        mode=mode,
        cut=Cut.PRICE,
        grain=Grain.EVER,
        a=f"{endpoint} {size}"[:250],
        billed__gt=0,
    )
    # Each row is a twentieth of a decade, so its mean is as good as any of its costs.
    return sorted((row.spent / row.billed, row.billed) for row in rows)


def factor(steps: Steps, cost: Decimal) -> Decimal | None:
    """How many times the median of the others ``cost`` is, if that is worth a word."""
    median = _median(_without(steps, cost))
    if not median or cost < FACTOR * median:
        return None
    return (cost / median).quantize(Decimal("0.1"))


def sentence(endpoint: str, cost: Decimal, factor: Decimal) -> str:
    """``This run cost $ 1.2000, 4.1 times the median of kling-2.6.``"""
    return f"This run cost {amounts.dollars(cost)}, {factor:f} times the median of {endpoint}."


def _without(steps: Steps, cost: Decimal) -> Steps:
    """The steps less one charge of ``cost``: taken from the one whose mean is nearest."""
    if not steps:
        return []
    nearest = min(range(len(steps)), key=lambda index: abs(steps[index][0] - cost))
    return [
        (mean, count - (index == nearest))
        for index, (mean, count) in enumerate(steps)
        if count - (index == nearest)
    ]


def _median(steps: Steps) -> Decimal | None:
    total = sum(count for _, count in steps)
    if total < ENOUGH:
        return None
    passed = 0
    for mean, count in steps:
        passed += count
        if 2 * passed >= total:
            return mean
    return None


def told(person: str, endpoint: str, cost: Decimal, factor: Decimal) -> str:
    """The same for those who did not run it."""
    return f"A run of {person} cost {amounts.dollars(cost)}, {factor:f} times the median of {endpoint}."
