"""The record of who did what. Rows are only ever added; none holds a secret."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import AuditEvent, Membership, Team, User

# The sentence each verb makes after the actor's name. {target} is bold on the page; the rest is plain.
SENTENCES: dict[str, str] = {
    "sign_in.ok": "signed in",
    "sign_in.failed": "failed to sign in",
    "sign_in.out": "signed out",
    "sign_in.password_changed": "changed their password",
    "sign_in.password_reset": "reset their password by mail",
    "sign_in.email_changed": "changed their e-mail address",
    "mfa.added": "added a second factor: {target}",
    "mfa.removed": "removed a second factor: {target}",
    "mfa.reset": "made new recovery codes",
    "key.added": "added the key {target}",
    "key.replaced": "replaced the text of the key {target}",
    "key.revoked": "revoked the key {target}",
    "key.deleted": "deleted the key {target}",
    "key.lent": "lent the key {target} to the team",
    "key.unlent": "stopped lending the key {target}",
    "key.defaulted": "made {target} their default key",
    "member.joined": "joined the team",
    "member.role": "changed the role of {target}",
    "member.removed": "removed {target} from the team",
    "member.left": "left the team",
    "member.deleted": "deleted the account of {target}",
    "member.gone": "deleted their own account",
    "invitation.sent": "invited {target}",
    "invitation.resent": "made a new invitation link for {target}",
    "invitation.revoked": "withdrew the invitation of {target}",
    "team.created": "created the team {target}",
    "team.changed": "changed the team's settings",
    "team.zone_chosen": "chose the time zone {target}",
    "team.zone_applied": "moved the team's days to the time zone {target}",
    "team.links_allowed": "allowed links for people outside",
    "team.links_stopped": "stopped every link for people outside",
    "endpoint.added": "added the endpoint {target}",
    "endpoint.changed": "changed the endpoint {target}",
    "endpoint.deleted": "deleted the endpoint {target}",
    "endpoint.hidden": "hid the model {target} from the team",
    "endpoint.shown": "offered the model {target} to the team again",
    "period.closed": "closed {target}",
    "run.viewed": "looked into a private run of {target}",
    "run.exported": "exported runs of others with what they said",
    "run.settled": "said what a run in doubt cost: {target}",
    "run.erased": "erased the content of a run of {target}",
    "budget.made": "made the budget {target}",
    "budget.changed": "changed the budget {target}",
    "budget.ended": "ended the budget {target}",
    "budget.asked": "asked for more of the budget {target}",
    "budget.granted": "gave more of the budget {target}",
    "budget.raise_ended": "took back what was given beyond the budget {target}",
    "budget.declined": "gave no more of the budget {target}",
    "spending.frozen": "froze the spending of {target}",
    "spending.lifted": "let {target} spend again",
    "alert.webhook_set": "set where alerts are posted: {target}",
    "alert.webhook_removed": "stopped posting alerts to {target}",
    "reconcile.joined": "said that keys share one account: {target}",
    "reconcile.parted": "said that keys share no account: {target}",
    "payload.shared": "changed who sees the payload {target}",
    "payload.trashed": "put the payload {target} into the trash",
    "payload.restored": "took the payload {target} out of the trash",
    "payload.deleted": "deleted the payload {target} for good",
    "payload.imported": "imported {target}",
    "payload.exported": "exported {target}",
    "payload.handed": "handed on the payloads of {target}",
    "payload.link_made": "made a link for people outside to the payload {target}",
    "payload.link_changed": "changed a link for people outside to the payload {target}",
    "payload.link_revoked": "revoked a link for people outside to the payload {target}",
    "payload.links_ended": "left, which ended the links for people outside of {target}",
    "reconcile.named": "named a step in the balance of {target}",
}

# The word in front of the dot, as the filter names it.
GROUPS: dict[str, str] = {
    "sign_in": "Sign-in",
    "mfa": "Second factors",
    "key": "Keys",
    "member": "Members",
    "invitation": "Invitations",
    "team": "Team settings",
    "endpoint": "Endpoints",
    "run": "Runs",
    "budget": "Budgets",
    "spending": "Frozen spending",
    "alert": "Alerts",
    "payload": "Payloads",
    "period": "Closed months",
    "reconcile": "Reconciliation",
}


# How before/after name what they hold.
FIELDS: dict[str, str] = {
    "role": "role",
    "mode": "mode",
    "last_four": "last four",
    "keys_revoked": "keys revoked",
    "name": "name",
    "time_zone": "time zone",
    "from_day": "from",
    "first_day": "first day",
    "last_day": "last day",
    "own_runs_only": "members see only their own runs",
    "keep_files_days": "keep files (days)",
    "keep_text_days": "keep requests and responses (days)",
}


def address_of(request: HttpRequest | None) -> str | None:
    """The client's address as far as it can be trusted (see BEHIND_PROXY)."""
    if request is None:
        return None
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:  # a server on a Unix socket knows no address
        return None


def record(
    *,
    team: Team | None,
    actor: User | None,
    verb: str,
    target: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    request: HttpRequest | None = None,
    by_itself: bool = False,
) -> AuditEvent:
    """Adds one row inside the caller's transaction. ``verb`` is ``group.word``; rooms may bring their own.

    ``by_itself`` names Atelier instead of a person: for what the clock does.

    ``before`` and ``after`` are shown to owner, admin and auditor: names, roles and settings, never a secret.
    """
    return AuditEvent.objects.create(
        team=team,
        actor=actor,
        actor_label=actor.label if actor is not None else "Atelier" if by_itself else "Someone",
        verb=verb,
        target=target[:254],
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        address=address_of(request),
        user_agent=request.headers.get("User-Agent", "")[:300] if request is not None else "",
    )


def record_everywhere(
    *, actor: User, verb: str, target: str = "", request: HttpRequest | None = None
) -> None:
    """One row in each team of ``actor``, for what concerns the person and not one team (signing in, say).

    A row per team stays in that team's record when the person leaves it or their account is deleted.
    """
    memberships = Membership.objects.filter(user=actor).select_related("team")
    teams: list[Team | None] = [membership.team for membership in memberships]
    for team in teams or [None]:
        record(team=team, actor=actor, verb=verb, target=target, request=request)


def people(team: Team) -> list[str]:
    """The names in the team's record, also of those who left."""
    rows = AuditEvent.objects.filter(team=team).order_by("actor_label")
    return list(rows.values_list("actor_label", flat=True).distinct())


def find(
    *,
    team: Team,
    person: str = "",
    group: str = "",
    since: datetime.datetime | None = None,
    before: datetime.datetime | None = None,
    older_than: UUID | None = None,
    newer_than: UUID | None = None,
) -> QuerySet[AuditEvent]:
    """The team's record, newest first; with ``newer_than`` oldest first, for paging back."""
    rows = AuditEvent.objects.filter(team=team)
    if person:
        rows = rows.filter(actor_label=person)
    if group:
        rows = rows.filter(verb__startswith=f"{group}.")
    if since:
        rows = rows.filter(created_at__gte=since)
    if before:
        rows = rows.filter(created_at__lt=before)
    if newer_than:
        return rows.filter(id__gt=newer_than).order_by("id")
    if older_than:
        rows = rows.filter(id__lt=older_than)
    return rows.order_by("-id")


@dataclass(frozen=True)
class Sentence:
    """An event in words: ``lead`` target ``tail``, as in "revoked the key" Studio …7c1e."""

    lead: str
    target: str
    tail: str
    changes: tuple[str, ...]


def describe(event: AuditEvent) -> Sentence:
    """What the page says after the actor's name. A verb without a sentence is shown as it is."""
    words = SENTENCES.get(event.verb, event.verb.replace(".", " ").replace("_", " ") + " {target}")
    lead, marker, tail = words.partition("{target}")
    return Sentence(lead.strip(), event.target if marker else "", tail.strip(), _changes(event))


def _changes(event: AuditEvent) -> tuple[str, ...]:
    before, after = event.before or {}, event.after or {}
    changes = []
    for name in [*before, *(name for name in after if name not in before)]:
        label = FIELDS.get(name, name.replace("_", " "))
        if name in before and name in after:
            changes.append(f"{label}: {_show(before[name])} → {_show(after[name])}")
        else:
            changes.append(f"{label}: {_show(before.get(name, after.get(name)))}")
    return tuple(changes)


def _show(value: object) -> str:
    if value is None:
        return "for ever"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
