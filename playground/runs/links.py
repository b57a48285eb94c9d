"""That a run came of an earlier one: written in the transaction that makes it."""

from playground.runs.models import Run, RunLink


def link(*, run: Run, earlier: Run, why: str) -> None:
    """Once; the same run made again by its token keeps the link it has."""
    RunLink.objects.get_or_create(run=run, defaults={"earlier": earlier, "why": why})
