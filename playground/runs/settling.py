"""A person says what a run cost that nothing proves."""

from decimal import Decimal

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import User
from playground.ledger.models import MadeBy
from playground.runs import books, live
from playground.runs.models import OPEN_STATES, Billing, CostSource, Run


class CannotSettle(ValueError):
    """A run that is not in doubt, or a decision that contradicts itself. The message is fit for the person."""


def may_be_settled(run: Run) -> bool:
    """In doubt, or settled by a person before, who may have been wrong. Proof from the provider stays."""
    return run.state not in OPEN_STATES and (run.needs_person or "settled_by" in run.evidence)


def settle_by_person(
    *,
    run: Run,
    actor: User,
    billed: bool,
    cost: Decimal | None,
    reason: str,
    request: HttpRequest | None = None,
) -> Run:
    """The run with billing and cost as ``actor`` found out; its state stays what it was.

    The evidence gains who, when and why, and what stood there before. Raises CannotSettle. A late answer of the
    provider still replaces what a person said.
    """
    if not billed and cost is not None:
        raise CannotSettle("A run that was not billed has no cost.")
    if not reason.strip():
        raise CannotSettle("Say how you know, for whoever reads this later.")
    with transaction.atomic():
        locked = Run.objects.select_for_update(no_key=True).get(id=run.id)
        if not may_be_settled(locked):
            raise CannotSettle("This run is not in doubt any more. Reload the page to see what is known.")
        before = {"billing": locked.billing, "cost": _text(locked.cost)}
        locked.billing = Billing.BILLED if billed else Billing.NOT_BILLED
        locked.cost = cost
        locked.cost_source = CostSource.PERSON if cost is not None else ""
        locked.evidence = {
            **locked.evidence,
            "settled_by": actor.label,
            "settled_at": timezone.now().isoformat(timespec="seconds"),
            "settled_reason": reason.strip(),
            "settled_before": f"{before['billing'].replace('_', ' ')}, cost {before['cost'] or 'unknown'}",
        }
        locked.save(update_fields=["billing", "cost", "cost_source", "evidence"])
        books.say(
            [locked],
            made_by=MadeBy.PERSON,
            actor_id=actor.id,
            actor_label=actor.label,
            reason=reason.strip(),
        )
        audit.record(
            team=locked.team,
            actor=actor,
            verb="run.settled",
            target=f"{locked.endpoint} of {locked.person_label}",
            before=before,
            after={"billing": locked.billing, "cost": _text(cost), "run": str(locked.id)},
            request=request,
        )
        transaction.on_commit(lambda: live.publish([live.Change.read(locked)]))
    return locked


def _text(cost: Decimal | None) -> str:
    return "" if cost is None else f"{cost:f}"
