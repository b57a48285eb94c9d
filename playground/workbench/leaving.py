"""A person leaves a team, or for good: one deed over several rooms, in one transaction."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from accounts import access, teams
from accounts.access import Ability
from accounts.models import ApiKey, Membership, Role, Team, User
from playground.payloads.handing import hand_on
from playground.payloads.models import Payload, Visibility
from playground.runs.models import Run, State
from playground.runs.submit import cancel


def remove_member(
    *,
    actor: Membership,
    leaving: Membership,
    heir: Membership | None = None,
    request: HttpRequest | None = None,
) -> int:
    """End the membership; the number of unsent runs that were cancelled.

    Their lent keys stop, their sessions end, their open streams close. What they ran stays in the
    books. Payloads they shared go to ``heir``, else to the actor, or to an owner where they leave by themselves; their
    private ones go to the trash. Raises what accounts.teams.remove_member raises.
    """
    leaver = leaving.user
    waiting = Run.objects.filter(team=leaving.team_id, person=leaving.user_id)
    with transaction.atomic():
        # This first: it locks the team, so a run that is made meanwhile is either here to cancel or refused.
        teams.remove_member(actor=actor, membership=leaving, request=request)
        hand_on(
            team_id=leaving.team_id,
            leaving=leaver,
            heir=heir or _heir(leaving.team_id, leaver, actor.user),
            actor=actor.user,
        )
        return cancel(runs=waiting, reason="member_removed")


def heirs(leaving: Membership) -> list[Membership]:
    """Who may take over what somebody shared: everybody else of the team who runs."""
    others = (
        Membership.objects.filter(team=leaving.team_id).exclude(id=leaving.id).select_related("user", "team")
    )
    return sorted(
        (member for member in others if access.can(member, Ability.RUN)),
        key=lambda member: member.user.label.casefold(),
    )


def _heir(team_id: UUID, leaver: User, actor: User | None) -> Membership | None:
    """The one who removes, else the owner who has been in the team for longest."""
    others = Membership.objects.filter(team=team_id).exclude(user=leaver).select_related("user", "team")
    return others.filter(user=actor).first() or others.filter(role=Role.OWNER).order_by("id").first()


@dataclass(frozen=True, slots=True)
class Farewell:
    """What deleting an account will do; while ``owned_alone`` names a team, it is refused."""

    owned_alone: list[Team]
    teams: list[Team]
    keys: list[ApiKey]
    unsent: int
    under_way: int
    shared_payloads: int
    private_payloads: int

    @property
    def lent(self) -> list[ApiKey]:
        return [key for key in self.keys if key.lent]


def farewell_of(user: User) -> Farewell:
    """As things stand now; a run may still begin or end before the deed."""
    keys = ApiKey.objects.filter(owner=user).exclude(state=ApiKey.State.DELETED)
    under_way = Run.objects.filter(api_key__in=keys, state__in=(State.SENDING, State.ACCEPTED))
    payloads = Payload.objects.filter(owner=user)
    return Farewell(
        owned_alone=teams.owned_alone(user),
        teams=list(Team.objects.filter(memberships__user=user).order_by("name", "id")),
        keys=list(keys.for_list().select_related("team")),
        unsent=Run.objects.filter(person=user, state=State.QUEUED).count(),
        under_way=under_way.count(),
        shared_payloads=payloads.exclude(visibility=Visibility.PRIVATE).count(),
        private_payloads=payloads.filter(visibility=Visibility.PRIVATE).count(),
    )


def delete_person(*, user: User, actor: User | None, request: HttpRequest | None = None) -> int:
    """Delete the account; the number of unsent runs that were cancelled.

    Keys are wiped and sessions end; runs and records keep the person's name as a label. ``actor`` is None when the
    operator does it. Raises what accounts.teams.delete_person raises.
    """
    with transaction.atomic():
        # This first, as above. It may still be refused, and then nothing was cancelled.
        teams.lock_teams_of(user)
        cancelled = cancel(runs=Run.objects.filter(person=user), reason="person_deleted")
        for membership in Membership.objects.filter(user=user).order_by("team_id"):
            team_id = membership.team_id
            hand_on(team_id=team_id, leaving=user, heir=_heir(team_id, user, None), actor=actor)
        teams.delete_person(user=user, actor=actor, request=request)
        return cancelled
