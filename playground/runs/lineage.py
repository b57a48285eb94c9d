"""What an output was made from: files that went into a run and had come out of an earlier one."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Membership
from playground.runs.models import Output, Run, RunInput, RunQuerySet

MOST_STEPS = 10
MOST_RUNS = 50
MOST_LATER = 8


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A run that made something this one was made from; ``steps`` is how far back it is."""

    run: Run
    steps: int
    output: Output


@dataclass(frozen=True)
class Lineage:
    """The chain behind a run, and what was made from it. ``cost`` is that of the whole chain, this run included."""

    ancestors: list[Ancestor]
    later: list[Run]
    cost: Decimal
    unknown: int
    is_cut: bool

    @property
    def is_empty(self) -> bool:
        return not (self.ancestors or self.later)


def lineage_of(membership: Membership, run: Run) -> Lineage:
    """As far as this person may see: one pair of queries for each step back.

    Where runs are private, an admin sees the chain through this run's person alone: that look is recorded.
    """
    visible = _visible(membership, run)
    found: dict[uuid.UUID, Ancestor] = {}
    frontier = [run]
    steps = 0
    while frontier and steps < MOST_STEPS and len(found) < MOST_RUNS:
        steps += 1
        frontier = [one for one in _makers(visible, frontier, found, steps) if one.id != run.id]
    runs = [run, *(one.run for one in found.values())]
    files = Output.objects.filter(run=run, file__isnull=False).values("file")
    later = visible.filter(inputs__file__in=files, id__gt=run.id).distinct().newest_first()[:MOST_LATER]
    return Lineage(
        ancestors=list(found.values())[:MOST_RUNS],
        later=list(later),
        cost=sum((one.cost for one in runs if one.cost is not None), Decimal()),
        unknown=sum(one.needs_person for one in runs),
        is_cut=bool(frontier),
    )


def _visible(membership: Membership, run: Run) -> RunQuerySet:
    visible = Run.objects.visible_to(membership).in_mode(run.mode)
    if membership.team.own_runs_only:
        visible = visible.filter(person__in=[membership.user_id, run.person_id])
    return visible


def _makers(
    visible: RunQuerySet, runs: Iterable[Run], found: dict[uuid.UUID, Ancestor], steps: int
) -> list[Run]:
    """The runs that made the inputs of ``runs``: of several that made the same bytes, the last one before."""
    new: list[Run] = []
    for run in runs:
        inputs = RunInput.objects.filter(run=run).values("file")
        made = (
            Output.objects.filter(file__in=inputs, run__in=visible.filter(id__lt=run.id))
            .order_by("file_id", "-run_id")
            .distinct("file_id")
            .select_related("run", "file")
        )
        for output in made:
            if output.run_id not in found:
                found[output.run_id] = Ancestor(output.run, steps, output)
                new.append(output.run)
    return new
