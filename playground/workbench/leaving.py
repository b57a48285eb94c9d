"""A member leaves: one deed over several rooms, in one transaction."""

from django.db import transaction
from django.http import HttpRequest

from accounts import teams
from accounts.models import Membership
from playground.runs.models import Run
from playground.runs.submit import cancel


def remove_member(*, actor: Membership, leaving: Membership, request: HttpRequest | None = None) -> int:
    """End the membership; the number of unsent runs that were cancelled.

    Their lent keys stop, their sessions end, their open streams close at the next check. What they ran stays in the
    books. Raises what accounts.teams.remove_member raises.
    """
    waiting = Run.objects.filter(team=leaving.team_id, person=leaving.user_id)
    with transaction.atomic():
        # This first: it locks the team, so a run that is made meanwhile is either here to cancel or refused.
        teams.remove_member(actor=actor, membership=leaving, request=request)
        return cancel(runs=waiting, reason="member_removed")
