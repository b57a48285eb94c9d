"""How prices and times of an endpoint read. They are hints; only a run's own cost is a charge."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from playground.catalogue.models import Endpoint


@dataclass(frozen=True)
class PriceHint:
    """US dollars for one call, ``low`` equal to ``high`` where one figure is known.

    ``published`` tells Segmind's price from an average of calls.
    """

    low: Decimal
    high: Decimal
    published: bool

    @property
    def text(self) -> str:
        if self.low == self.high:
            return f"$ {money_text(self.low)}"
        return f"$ {money_text(self.low)} to {money_text(self.high)}"

    @property
    def source(self) -> str:
        return "published by Segmind" if self.published else "average of all Segmind calls"


def price_hint(endpoint: Endpoint) -> PriceHint | None:
    """The published price where there is one, else the average over all Segmind's callers, else None."""
    if endpoint.price_low is not None:
        high = endpoint.price_low if endpoint.price_high is None else endpoint.price_high
        return PriceHint(low=endpoint.price_low, high=high, published=True)
    if endpoint.avg_cost is not None:
        return PriceHint(low=endpoint.avg_cost, high=endpoint.avg_cost, published=False)
    return None


def money_text(amount: Decimal) -> str:
    """Four decimals, more where two significant digits need them: a charge never reads as zero."""
    if amount == 0:
        return "0.0000"
    places = max(4, 1 - amount.adjusted())
    return f"{amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN):f}"


def time_text(seconds: Decimal | None) -> str:
    """A usual time, no finer than it is known: 0.7 s, 28 s, 1 min 10 s, 12 min. Empty when unknown."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    step = 10 if seconds < 300 else 60
    minutes, rest = divmod(round(seconds / step) * step, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
