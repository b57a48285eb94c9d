"""A person's spending is frozen: one deed over several rooms, in one transaction."""

from django.db import transaction
from django.http import HttpRequest

from accounts.models import Membership, Team
from playground.ledger import freezes
from playground.runs.models import Run
from playground.runs.submit import cancel


def freeze_member(
    *, actor: Membership, target: Membership, mode: str, reason: str, request: HttpRequest | None = None
) -> int:
    """Freeze the spending; the number of unsent runs that were cancelled. Raises freezes.FreezeProblem.

    Runs that were sent already are finished: the provider has no cancel.
    """
    waiting = Run.objects.filter(team=target.team_id, person=target.user_id, mode=mode)
    with transaction.atomic():
        # The team first: a run that is made meanwhile is either here to cancel or meets the freeze.
        Team.objects.select_for_update().get(id=target.team_id)
        freezes.freeze(membership=actor, target=target, mode=mode, reason=reason, request=request)
        return cancel(runs=waiting, reason="spending_frozen")
