"""How prices and times of an endpoint read. They are hints; only a run's own cost is a charge."""

from dataclasses import dataclass
from decimal import Decimal

from playground import figures
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
            return f"$ {figures.money(self.low)}"
        return f"$ {figures.money(self.low)} to {figures.money(self.high)}"

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
