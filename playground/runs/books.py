"""What a run tells the ledger, in the transaction that changes the run."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from playground.catalogue.offers import Offer
from playground.ledger import entries
from playground.ledger.days import day_of
from playground.ledger.entries import Fact, Hold
from playground.ledger.models import MadeBy
from playground.runs import holding
from playground.runs.models import Run
from playground.runs.outcome import Outcome


def hold_of(run: Run, *, body_text: str, offer: Offer) -> Hold:
    """What ``run`` may cost, to be held before it can be claimed."""
    size = holding.size_of(body_text)
    return Hold(
        run_id=run.id,
        team_id=run.team_id,
        mode=run.mode,
        person_id=run.person_id,
        person_label=run.person_label,
        key_id=run.api_key_id,
        key_label=run.key_label,
        key_last_four=run.key_last_four,
        endpoint=run.endpoint,
        category=offer.category,
        source=run.source,
        tag=run.tag,
        size=size,
        amount=holding.amount(
            team_id=run.team_id, mode=run.mode, endpoint=run.endpoint, size=size, offer=offer
        ),
        effective_at=run.created_at,
        day=day_of(run.team, run.created_at),
        rule_version=run.rule_version,
    )


Moment = datetime | None


def settle(outcomes: Iterable[tuple[Outcome, Moment, Moment]]) -> None:
    """Record what these outcomes said of their runs, whose rows are locked; each with when its run was claimed and
    when the provider accepted it.
    """
    entries.record([_fact_of(*found) for found in outcomes])


def _fact_of(outcome: Outcome, claimed_at: Moment, accepted_at: Moment) -> Fact:
    ended = None if outcome.next_poll is not None else outcome.at
    return Fact(
        run_id=outcome.run_id,
        state=outcome.state,
        billing=outcome.billing,
        cost=outcome.cost,
        error_kind=outcome.error_kind,
        seconds=None if ended is None or claimed_at is None else ended - claimed_at.timestamp(),
        evidence={
            **outcome.evidence,
            "cost_source": outcome.cost_source,
            "claimed_at": _text(claimed_at),
            "accepted_at": _text(accepted_at),
            "finished_at": None if ended is None else _text(datetime.fromtimestamp(ended, UTC)),
        },
        rule_version=outcome.rule_version,
    )


def say(
    runs: Sequence[Run],
    *,
    made_by: str = MadeBy.RUN,
    actor_id: UUID | None = None,
    actor_label: str = "",
    reason: str = "",
) -> None:
    """Record what ``runs``, whose rows are locked, have come to by other means than an outcome of their own."""
    said = {
        "made_by": made_by,
        "actor_id": None if actor_id is None else str(actor_id),
        "actor_label": actor_label,
        "reason": reason,
    }
    entries.keep_open(run.team_id for run in runs)
    entries.record([_fact_as_is(run, said) for run in runs])


def _fact_as_is(run: Run, said: dict[str, Any]) -> Fact:
    return Fact(
        run_id=str(run.id),
        state=run.state,
        billing=run.billing,
        cost=None if run.cost is None else f"{run.cost:f}",
        error_kind=run.error_kind,
        seconds=run.took,
        evidence={
            **run.evidence,
            "cost_source": run.cost_source,
            "claimed_at": _text(run.claimed_at),
            "accepted_at": _text(run.accepted_at),
            "finished_at": _text(run.finished_at),
        },
        rule_version=run.rule_version,
        **said,
    )


def _text(moment: Moment) -> str | None:
    return None if moment is None else moment.isoformat()
