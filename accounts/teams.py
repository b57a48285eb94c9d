"""Teams and their members: founding, settings, roles, leaving. Invitations are in ``invitations.py``."""

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import slugify

from accounts import access, audit, presence, zones
from accounts.access import Ability
from accounts.models import ApiKey, Membership, Role, Team, User

SETTINGS = ("name", "time_zone", "own_runs_only", "keep_files_days", "keep_text_days")


class TeamProblem(Exception):
    """A deed in a team that can't be done; ``str()`` says why and what to do instead."""


class LastOwner(TeamProblem):
    def __init__(self, team: Team) -> None:
        super().__init__(f"{team} needs at least one owner. Make somebody else an owner first.")


class OnlyOwners(TeamProblem):
    def __init__(self) -> None:
        super().__init__("Only an owner can make, change or remove an owner.")


def _free_slug(name: str) -> str:
    slug = slugify(name)[:48].strip("-") or "team"
    if Team.objects.filter(slug=slug).exists():
        slug = f"{slug}-{secrets.token_hex(3)}"
    return slug


@transaction.atomic
def create_team(
    *, owner: User, name: str, time_zone: str = "UTC", request: HttpRequest | None = None
) -> Membership:
    """Founds a team; the answer is its owner's membership. The slug is made from the name and stays."""
    team = Team.objects.create(name=name, slug=_free_slug(name), time_zone=time_zone)
    membership = Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    audit.record(team=team, actor=owner, verb="team.created", target=name, request=request)
    return membership


@transaction.atomic
def update_team(
    *, membership: Membership, changes: Mapping[str, Any], request: HttpRequest | None = None
) -> Team:
    """Writes the given ``SETTINGS`` (others are not accepted) and records what really changed.

    Another time zone waits for the next month once anything of the team is written down by its day.
    """
    team = apply_zone(team_id=membership.team_id)
    if "time_zone" in changes and zones.has_days(team.id):
        _choose_zone(team, changes["time_zone"], actor=membership.user, request=request)
        changes = {name: value for name, value in changes.items() if name != "time_zone"}
    before = {name: getattr(team, name) for name in SETTINGS if name in changes}
    changed = {name: changes[name] for name, old in before.items() if changes[name] != old}
    if changed:
        for name, value in changed.items():
            setattr(team, name, value)
        team.save(update_fields=list(changed))
        old = {name: before[name] for name in changed}
        audit.record(
            team=team, actor=membership.user, verb="team.changed", before=old, after=changed, request=request
        )
    return team


@transaction.atomic
def allow_outside_links(*, membership: Membership, allowed: bool, request: HttpRequest | None = None) -> None:
    """Lets payloads be shown to people outside by a link, or ends every such link for good. Safe to repeat."""
    access.require(membership, Ability.ALLOW_OUTSIDE_LINKS)
    team = Team.objects.select_for_update().get(id=membership.team_id)
    if (team.outside_links_since is not None) == allowed:
        return
    team.outside_links_since = timezone.now() if allowed else None
    team.save(update_fields=["outside_links_since"])
    verb = "team.links_allowed" if allowed else "team.links_stopped"
    audit.record(team=team, actor=membership.user, verb=verb, request=request)


def _choose_zone(team: Team, name: str, *, actor: User, request: HttpRequest | None) -> None:
    if name == (team.next_time_zone or team.time_zone):
        return
    stays = name == team.time_zone
    team.next_time_zone = "" if stays else name
    team.next_zone_on = None if stays else zones.next_month(team)
    team.save(update_fields=["next_time_zone", "next_zone_on"])
    audit.record(
        team=team,
        actor=actor,
        verb="team.zone_chosen",
        target=name,
        after=None if team.next_zone_on is None else {"from_day": team.next_zone_on.isoformat()},
        request=request,
    )


@transaction.atomic
def apply_zone(*, team_id: UUID) -> Team:
    """Writes down that the chosen zone is in force, if it is. The clock does this, or whoever comes first."""
    team = Team.objects.select_for_update().get(id=team_id)
    if team.next_zone_on is not None and zones.is_due(team):
        before = team.time_zone
        team.past_zones = [*team.past_zones, {"zone": before, "until": team.next_zone_on.isoformat()}]
        team.time_zone, team.next_time_zone, team.next_zone_on = team.next_time_zone, "", None
        team.save(update_fields=["time_zone", "next_time_zone", "next_zone_on", "past_zones"])
        audit.record(
            team=team,
            actor=None,
            by_itself=True,
            verb="team.zone_applied",
            target=team.time_zone,
            before={"time_zone": before},
            after={"time_zone": team.time_zone},
        )
    return team


def apply_due_zones() -> None:
    """For the clock: every team whose chosen zone has come into force."""
    for team in Team.objects.exclude(next_zone_on=None):
        if zones.is_due(team):
            apply_zone(team_id=team.id)


def _locked_member(actor: Membership, membership: Membership) -> Membership:
    """The membership as it is now, with the team locked: two owners can't both stop being the last one."""
    Team.objects.select_for_update().get(id=membership.team_id)
    row = Membership.objects.select_related("user", "team").get(id=membership.id)
    if row.role == Role.OWNER and not access.can(actor, Ability.MANAGE_OWNERS):
        raise OnlyOwners
    return row


def _keep_an_owner(row: Membership) -> None:
    owners = Membership.objects.filter(team_id=row.team_id, role=Role.OWNER)
    if row.role == Role.OWNER and not owners.exclude(id=row.id).exists():
        raise LastOwner(row.team)


@transaction.atomic
def change_role(
    *, actor: Membership, membership: Membership, role: str, request: HttpRequest | None = None
) -> Membership:
    """``actor`` gives ``membership`` another role. Raises ``OnlyOwners`` and ``LastOwner``.

    An auditor runs nothing, so the keys of somebody who becomes one stop being lent.
    """
    row = _locked_member(actor, membership)
    if role == row.role:
        return row
    if role == Role.OWNER and not access.can(actor, Ability.MANAGE_OWNERS):
        raise OnlyOwners
    _keep_an_owner(row)
    before, row.role = row.role, role
    row.save(update_fields=["role"])
    if not access.can(row, Ability.RUN):
        ApiKey.objects.filter(team_id=row.team_id, owner_id=row.user_id, lent=True).update(lent=False)
    presence.ask_again(row.user_id)
    audit.record(
        team=row.team,
        actor=actor.user,
        verb="member.role",
        target=row.user.label,
        before={"role": before},
        after={"role": role},
        request=request,
    )
    return row


@transaction.atomic
def remove_member(*, actor: Membership, membership: Membership, request: HttpRequest | None = None) -> None:
    """Ends a membership: keys in this team are revoked, sessions end if it was the person's last team.

    A person may end their own. Raises ``OnlyOwners`` and ``LastOwner``. Runs and streams are not known here:
    the whole deed is put together in the workbench, inside one transaction around this one.
    """
    row = _locked_member(actor, membership)
    _keep_an_owner(row)
    stopped = _stop_keys(row)
    user = row.user
    audit.record(
        team=row.team,
        actor=actor.user,
        verb="member.left" if row.user_id == actor.user_id else "member.removed",
        target=user.label,
        before={"role": row.role},
        after={"keys_revoked": stopped} if stopped else None,
        request=request,
    )
    row.delete()
    presence.ask_again(user.id)
    if not Membership.objects.filter(user=user).exists():
        transaction.on_commit(lambda: end_sessions(user))


def lock_teams_of(user: User) -> None:
    """Inside the caller's transaction: nobody joins, leaves or submits a run there before it ends."""
    mine = Membership.objects.filter(user=user).values("team")
    list(Team.objects.select_for_update().filter(id__in=mine).order_by("id"))


def owned_alone(user: User) -> list[Team]:
    """The teams that would be left without an owner if this person went."""
    others = Membership.objects.filter(team=OuterRef("pk"), role=Role.OWNER).exclude(user=user)
    mine = Team.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
    return list(mine.filter(~Exists(others)).order_by("name", "id"))


def _stop_keys(row: Membership) -> int:
    active = ApiKey.objects.filter(team_id=row.team_id, owner_id=row.user_id, state=ApiKey.State.ACTIVE)
    return active.update(state=ApiKey.State.REVOKED, lent=False, is_default=False, revoked_at=timezone.now())


def end_sessions(user: User) -> None:
    """Signs the person out everywhere."""
    for session in UserSession.objects.filter(user=user):
        session.end()


@transaction.atomic
def delete_person(*, user: User, actor: User | None, request: HttpRequest | None = None) -> None:
    """Removes an account. Keys, runs and records keep the person's label; the text of their keys is wiped.

    ``actor`` is None when the operator does it. Raises ``LastOwner`` if a team would be left without one. Runs are not
    known here: the whole deed is put together in the workbench, inside one transaction around this one.
    """
    verb = "member.gone" if actor == user else "member.deleted"
    lock_teams_of(user)
    for row in Membership.objects.filter(user=user).select_related("team", "user").order_by("team_id"):
        _keep_an_owner(row)
        audit.record(team=row.team, actor=actor, verb=verb, target=user.label, request=request)
    ApiKey.objects.filter(owner=user).exclude(state=ApiKey.State.DELETED).update(
        state=ApiKey.State.DELETED,
        ciphertext=None,
        ring_key="",
        needs_reentry=False,
        lent=False,
        is_default=False,
        credits=None,
        free_credits=None,
        balance_at=None,
        revoked_at=timezone.now(),
    )
    end_sessions(user)
    presence.ask_again(user.id)
    user.delete()
