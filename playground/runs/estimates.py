"""What a run will probably cost and how long it will probably take, and where that is known from."""

import statistics
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.db.models import F, Q

from accounts.models import Team
from playground import figures
from playground.catalogue.models import Endpoint
from playground.catalogue.prices import price_hint
from playground.runs.models import Billing, Run

LAST = 50
SLOW_FACTOR = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars and seconds; None where nothing is known. A hint, never a charge.

    ``low`` and ``high`` span what was seen (or published), ``count`` is how many runs of the team stand behind it.
    """

    low: Decimal | None = None
    median: Decimal | None = None
    high: Decimal | None = None
    usual_seconds: float | None = None
    basis: Literal["team", "catalogue", "none"] = "none"
    count: int = 0
    published: bool = False

    @property
    def price(self) -> str:
        """``$ 0.0300 to 0.0500``, ``about $ 0.0400``, or an empty text."""
        if (
            self.low is not None
            and self.high is not None
            and figures.money(self.low) != figures.money(self.high)
        ):
            return f"$ {figures.money(self.low)} to {figures.money(self.high)}"
        middle = self.median if self.median is not None else self.low
        if middle is None:
            return ""
        certain = self.low == self.high and (self.basis == "team" or self.published)
        return f"{'' if certain else 'about '}$ {figures.money(middle)}"

    @property
    def usual_time(self) -> str:
        return "" if self.usual_seconds is None else figures.about(self.usual_seconds)

    @property
    def source(self) -> str:
        """Which runs or which data the figures come from, as a sentence."""
        if self.basis == "team":
            runs = "last billed run" if self.count == 1 else f"last {self.count} billed runs"
            return f"From this team's {runs} of this model."
        if self.basis == "catalogue":
            what = "Segmind's published price" if self.published else "the average of all Segmind's calls"
            return f"From the catalogue: {what}. This team has no billed run of it yet."
        return "Nothing is known yet about the price and time of this model."

    @property
    def sentence(self) -> str:
        """All of it: ``$ 0.0300 to 0.0500, usually 28 s. From this team's last 50 billed runs of this model.``"""
        time = f"usually {self.usual_time}" if self.usual_time else ""
        facts = ", ".join(part for part in (self.price, time) if part)
        return f"{facts[:1].upper()}{facts[1:]}. {self.source}" if facts else self.source

    @property
    def slow_after(self) -> float | None:
        """The seconds after which a run is slower than usual; None where no usual time is known."""
        return None if self.usual_seconds is None else SLOW_FACTOR * max(self.usual_seconds, 1.0)

    def is_slow(self, seconds: float) -> bool:
        """Whether a run that has been under way for so long is slower than usual."""
        return self.slow_after is not None and seconds > self.slow_after


def estimate(*, team: Team, mode: str, endpoint: str) -> Estimate:
    """From the team's last 50 billed runs of this model in this mode, else from the catalogue."""
    rows = list(
        Run.objects.filter(
            team=team, mode=mode, endpoint=endpoint, billing=Billing.BILLED, cost__isnull=False
        )
        .order_by("-id")
        .values_list("cost", "claimed_at", "finished_at")[:LAST]
    )
    if not rows:
        return _from_catalogue(team, endpoint)
    costs = [cost for cost, _, _ in rows if cost is not None]
    times = [
        (done - begun).total_seconds() for _, begun, done in rows if begun is not None and done is not None
    ]
    usual = statistics.median(times) if times else _from_catalogue(team, endpoint).usual_seconds
    return Estimate(min(costs), statistics.median(costs), max(costs), usual, "team", len(rows))


def _from_catalogue(team: Team, endpoint: str) -> Estimate:
    found = (
        Endpoint.objects.filter(Q(team=team) | Q(team=None), slug=endpoint)
        .order_by(F("team").asc(nulls_last=True))
        .only("avg_cost", "avg_latency_s", "price_low", "price_high")
        .first()
    )
    hint = price_hint(found) if found is not None else None
    if found is None or (hint is None and found.avg_latency_s is None):
        return Estimate()
    seconds = None if found.avg_latency_s is None else float(found.avg_latency_s)
    if hint is None:
        return Estimate(usual_seconds=seconds, basis="catalogue")
    return Estimate(hint.low, found.avg_cost, hint.high, seconds, "catalogue", published=hint.published)
