"""How each version fared, over the runs that the person asking may see, in one mode."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, Avg, Count, DurationField, F, Q

from accounts.models import Membership
from playground.payloads.models import Payload, PayloadVersion
from playground.runs.models import OPEN_STATES, Billing, Run, RunQuerySet, State

NEVER_SENT = (State.CANCELLED, State.NOT_SENT)


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, slots=True)
class Stats:
    """``rate`` is None until a run has ended; cost and time are None where no run tells them."""

    runs: int = 0
    ended: int = 0
    succeeded: int = 0
    cost: Decimal | None = None
    time: timedelta | None = None

    @property
    def rate(self) -> int | None:
        """Percent; 100 only where every run succeeded, 0 only where none did."""
        if not self.ended:
            return None
        whole = round(100 * self.succeeded / self.ended)
        if 0 < self.succeeded < self.ended:
            return min(max(whole, 1), 99)
        return whole

    @property
    def seconds(self) -> float | None:
        return None if self.time is None else self.time.total_seconds()


_ENDED = ~Q(state__in=(*OPEN_STATES, *NEVER_SENT))
_FIGURES = {
    "runs": Count("id"),
    "ended": Count("id", filter=_ENDED),
    "succeeded": Count("id", filter=Q(state=State.SUCCEEDED)),
    "cost": Avg("cost", filter=Q(billing=Billing.BILLED)),
    "time": Median(F("finished_at") - F("claimed_at"), filter=Q(state=State.SUCCEEDED)),
}


def of_versions(
    *, membership: Membership, mode: str, versions: Iterable[PayloadVersion]
) -> dict[UUID, Stats]:
    """By version; a version that was never run is not in it."""
    runs = Run.objects.visible_to(membership).in_mode(mode)
    rows: Any = runs.filter(payload_version__in=[version.id for version in versions])
    return {
        row.pop("payload_version"): Stats(**row)
        for row in rows.values("payload_version").annotate(**_FIGURES).order_by()
    }


def of_payloads(*, membership: Membership, mode: str, payloads: Iterable[Payload]) -> dict[UUID, Stats]:
    """All versions of each together."""
    runs = Run.objects.visible_to(membership).in_mode(mode)
    rows: Any = runs.filter(payload_version__payload__in=[payload.id for payload in payloads])
    return {
        row.pop("of"): Stats(**row)
        for row in rows.values(of=F("payload_version__payload")).annotate(**_FIGURES).order_by()
    }


def mean_cost(runs: RunQuerySet) -> Decimal | None:
    """Of those that were billed; None where none was."""
    cost: Decimal | None = runs.order_by().aggregate(cost=_FIGURES["cost"])["cost"]
    return cost


def runs_of(*, membership: Membership, mode: str, payload: Payload) -> RunQuerySet:
    """The runs of every version, newest first, with their outputs' files.

    Where the team's runs are private these are one's own: pictures of others' are for the pages that record a look.
    """
    runs = Run.objects.visible_to(membership).in_mode(mode).filter(payload_version__payload=payload)
    if membership.team.own_runs_only:
        runs = runs.filter(person=membership.user_id)
    return runs.newest_first().select_related("payload_version").prefetch_related("outputs__file")
