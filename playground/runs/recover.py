"""What a crash leaves behind, put right by looking at the table."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from playground.runs import live, nudge
from playground.runs.execute import SENDER_GONE, settle_all, settle_many
from playground.runs.models import Output, Run, State
from playground.runs.outcome import Outcome
from playground.runs.spool import left_behind
from playground.segmind.billing import judge_unknown

logger = logging.getLogger(__name__)


def recover() -> dict[str, int]:
    """Nudge what waits, give up what nobody is sending any more; how many of each.

    A run whose sender is gone may have reached the provider, so it becomes UNKNOWN, never "failed". A late answer may
    still move it on.
    """
    now = timezone.now()
    waiting = Run.objects.filter(state=State.QUEUED, created_at__lt=now - timedelta(seconds=5)).count()
    if waiting:
        nudge.send()
    overdue = list(
        Run.objects.filter(state=State.SENDING, deadline_at__lt=now)
        .order_by("id")
        .values_list("id", "team_id")[:1000]
    )
    settled = (
        settle_many([_given_up(str(run_id), str(team_id)) for run_id, team_id in overdue]) if overdue else 0
    )
    return {"waiting": waiting, "unknown": settled}


def _given_up(run_id: str, team_id: str) -> Outcome:
    verdict = judge_unknown(SENDER_GONE, request_id="", submit_status=None, answer=None)
    return Outcome.from_verdict(run_id, team_id, verdict)


def replay_spool() -> int:
    """Settle what workers that are gone had left on this node's disk; the count. Safe to repeat."""
    settled = 0
    for path, outcomes in left_behind():
        settled += settle_all(outcomes)
        path.unlink(missing_ok=True)
        logger.info("Replayed %d outcomes from %s", len(outcomes), path.name)
    return settled


def copy_again(*, output: Output) -> None:
    """Try once more to copy an output that was given up."""
    with transaction.atomic():
        Output.objects.filter(id=output.id, state=Output.State.LOST).exclude(url="").update(
            state=Output.State.COPYING, next_try_at=timezone.now(), reason=""
        )
        run = output.run
        transaction.on_commit(lambda: live.publish([live.Change.read(run)]))
        transaction.on_commit(nudge.send)
