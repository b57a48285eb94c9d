"""A budget as a bar: widths are attributes of an SVG, because the content security policy allows no styles."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """Places and widths in percent. ``over_at`` and ``over`` are what lies beyond the limit, empty if nothing does."""

    spent: str
    held_at: str
    held: str
    over_at: str
    over: str
    percent: int  # of the limit, rounded down, so that 100 is all of it


def bar(spent: Decimal, held: Decimal, limit: Decimal) -> Bar:
    """What is solid, what is held and what is over, on a scale that ends with the limit or with what passed it."""
    spent, held = max(spent, Decimal()), max(held, Decimal())
    used = spent + held
    scale = max(limit, used)
    if not scale:
        return Bar("100%", "100%", "0%", "", "", 100)
    is_over = used > limit
    return Bar(
        spent=_percent(spent / scale),
        held_at=_percent(spent / scale),
        held=_percent(held / scale),
        over_at=_percent(limit / scale) if is_over else "",
        over=_percent((used - limit) / scale) if is_over else "",
        percent=int(100 * used / limit) if limit else 100,
    )


def _percent(share: Decimal) -> str:
    return f"{100 * share:.2f}%"
