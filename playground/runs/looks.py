"""Whoever looks into somebody else's private run leaves a trace: which person, whose run, from where."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from accounts import access, audit
from accounts.access import Ability
from accounts.models import AuditEvent, Membership
from playground.runs.history import Filter, lowest_id
from playground.runs.models import Run

AGAIN = timedelta(hours=1)


def note_look(request: HttpRequest, membership: Membership, run: Run) -> None:
    """Records that this person sees the content of ``run``, once an hour, where it is another's private one."""
    if (
        run.person_id == membership.user_id
        or not _sees_private(membership)
        or _looked_lately(membership, run)
    ):
        return
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb="run.viewed",
        target=run.person_label,
        after={"run": str(run.id), "endpoint": run.endpoint},
        request=request,
    )


def note_export(request: HttpRequest, membership: Membership, mode: str, chosen: Filter) -> None:
    """Records that this person takes the words of others' private runs along."""
    if chosen.person == membership.user_id or not _sees_private(membership):
        return
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb="run.exported",
        after={"mode": mode},
        request=request,
    )


def _sees_private(membership: Membership) -> bool:
    return membership.team.own_runs_only and all(
        access.can(membership, ability) for ability in (Ability.SEE_CONTENT, Ability.SEE_ALL_RUNS)
    )


def _looked_lately(membership: Membership, run: Run) -> bool:
    return AuditEvent.objects.filter(
        id__gte=lowest_id(timezone.now() - AGAIN),
        team=membership.team_id,
        actor=membership.user_id,
        verb="run.viewed",
        after__run=str(run.id),
    ).exists()
