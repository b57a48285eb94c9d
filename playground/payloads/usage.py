"""What others made of a payload, for whoever looks at it: of the runs that this person may see."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Q

from accounts import access
from accounts.models import Membership
from playground.payloads import stats
from playground.payloads.models import OutsideResult, Payload
from playground.runs.models import Billing, Output, Run, RunInput, RunLink

BEST = 4
LOOKED_AT = 200  # of the newest results; an old one that nobody went back to is not the best


@dataclass(frozen=True, slots=True)
class Usage:
    """``hidden`` where the team keeps runs private, so that others' are not this person's to count."""

    runs: int
    people: int
    cost: Decimal | None
    best: list[Output]
    hidden: bool


def of_payload(*, membership: Membership, mode: str, payload: Payload) -> Usage:
    """Runs of everybody but its owner, and the results that people went on with."""
    seen = Run.objects.visible_to(membership).in_mode(mode).filter(payload_version__payload=payload)
    others = seen if payload.owner_id is None else seen.exclude(person=payload.owner_id)
    figures: Any = others.aggregate(
        runs=Count("id"),
        people=Count("person", distinct=True),
        cost=Avg("cost", filter=Q(billing=Billing.BILLED)),
    )
    return Usage(
        **figures,
        best=best_results(membership=membership, mode=mode, payload=payload),
        hidden=not access.sees_all_runs(membership),
    )


def best_results(*, membership: Membership, mode: str, payload: Payload) -> list[Output]:
    """Those that were used further come first: shown by a link, taken as an input or a cover, run again; then newest.

    Results of others' private runs are for the pages that record a look.
    """
    runs = stats.runs_of(membership=membership, mode=mode, payload=payload).order_by().values("id")
    outputs = list(
        Output.objects.filter(run__in=runs, state=Output.State.COPIED, file__kind__in=("image", "video"))
        .select_related("file", "run")
        .order_by("-run_id", "position")[:LOOKED_AT]
    )
    kept = _kept(outputs)
    return sorted(outputs, key=lambda output: -kept[output.id])[:BEST]


def _kept(outputs: list[Output]) -> Counter[Any]:
    """How often somebody went on with each."""
    ids, files, runs = ([getattr(output, name) for output in outputs] for name in ("id", "file_id", "run_id"))
    shown = Counter(OutsideResult.objects.filter(output__in=ids).values_list("output", flat=True))
    covers = Counter(Payload.objects.filter(cover__in=ids).values_list("cover", flat=True))
    taken: Counter[Any] = Counter(RunInput.objects.filter(file__in=files).values_list("file", flat=True))
    again = Counter(RunLink.objects.filter(earlier__in=runs).values_list("earlier", flat=True))
    return Counter(
        {
            output.id: shown[output.id] + covers[output.id] + taken[output.file_id] + again[output.run_id]
            for output in outputs
        }
    )
