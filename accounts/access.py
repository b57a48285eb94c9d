"""What a membership may do. Nothing else decides it.

Views begin with ``membership_or_404``: a stranger to the team learns nothing, not even that it exists. What a
role may do is asked with ``can`` or enforced with ``require`` (403 for a member who may not).
"""

from enum import Enum, auto

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils import timezone

from accounts import visits
from accounts.models import ApiKey, Membership, Role, Team, User


class Ability(Enum):
    RUN = auto()  # send requests, keep drafts, upload files, own keys
    SEE_CONTENT = auto()  # prompts, bodies, files and error text of the runs they see
    SEE_ALL_RUNS = auto()  # rows of everybody in the team, whatever the team's visibility setting
    SETTLE_RUNS = auto()  # say what an unknown run cost
    MANAGE_MEMBERS = auto()
    MANAGE_OWNERS = auto()
    MANAGE_TEAM = auto()  # name, zone, visibility, retention, own endpoints, hidden models
    SEE_AUDIT = auto()
    SEE_LENT_BALANCES = auto()
    SEE_VAULT = auto()  # how many key rows are on which ring key
    SEE_BOOKS = auto()  # everybody's spend, budgets, holds, reconciliation and the record's proof
    MANAGE_BUDGETS = auto()  # make and end budgets, grant more, freeze a person's spending
    CLOSE_PERIODS = auto()
    MANAGE_PAYLOADS = auto()  # trash, restore and hand on payloads that the whole team sees
    ALLOW_OUTSIDE_LINKS = auto()  # let the team make links that people without an account can open
    RECONCILE = auto()  # name what explains a step of a balance, say which keys share an account


_MEMBER = {Ability.RUN, Ability.SEE_CONTENT}
_ADMIN = _MEMBER | {
    Ability.SEE_ALL_RUNS,
    Ability.SETTLE_RUNS,
    Ability.MANAGE_MEMBERS,
    Ability.MANAGE_TEAM,
    Ability.SEE_AUDIT,
    Ability.SEE_LENT_BALANCES,
    Ability.SEE_VAULT,
    Ability.SEE_BOOKS,
    Ability.MANAGE_BUDGETS,
    Ability.CLOSE_PERIODS,
    Ability.MANAGE_PAYLOADS,
    Ability.RECONCILE,
}
ABILITIES: dict[str, frozenset[Ability]] = {
    Role.OWNER: frozenset(_ADMIN | {Ability.MANAGE_OWNERS, Ability.ALLOW_OUTSIDE_LINKS}),
    Role.ADMIN: frozenset(_ADMIN),
    Role.MEMBER: frozenset(_MEMBER),
    Role.AUDITOR: frozenset(
        {Ability.SEE_ALL_RUNS, Ability.SEE_AUDIT, Ability.SEE_LENT_BALANCES, Ability.SEE_BOOKS}
    ),
}


def can(membership: Membership, ability: Ability) -> bool:
    return ability in ABILITIES[membership.role]


def require(membership: Membership, ability: Ability) -> None:
    """PermissionDenied (403) unless the membership has ``ability``."""
    if not can(membership, ability):
        raise PermissionDenied


def find_membership(user: User, team_slug: str) -> Membership | None:
    return Membership.objects.select_related("team", "user").filter(team__slug=team_slug, user=user).first()


def membership_or_404(request: HttpRequest, team_slug: str) -> Membership:
    """The signed-in person's membership of the team in the address; times are shown in its zone."""
    user = request.user
    membership = find_membership(user, team_slug) if isinstance(user, User) and user.is_active else None
    if membership is None:
        raise Http404
    request.membership = membership  # type: ignore[attr-defined]
    visits.remember(request, membership.team)
    timezone.activate(membership.team.zone)
    return membership


def sees_all_runs(membership: Membership) -> bool:
    """Whether every run of the team is visible, or only the person's own."""
    return can(membership, Ability.SEE_ALL_RUNS) or not membership.team.own_runs_only


def may_use_key(membership: Membership, key: ApiKey) -> bool:
    """A key runs for its owner, and for the whole team once lent, while it is active."""
    return (
        can(membership, Ability.RUN)
        and key.team_id == membership.team_id
        and key.state == ApiKey.State.ACTIVE
        and (key.owner_id == membership.user_id or key.lent)
    )


def may_see_balance(membership: Membership, key: ApiKey) -> bool:
    if key.team_id != membership.team_id:
        return False
    return key.owner_id == membership.user_id or (key.lent and can(membership, Ability.SEE_LENT_BALANCES))


def may_manage_key(membership: Membership, key: ApiKey) -> bool:
    """Only its owner replaces, lends or deletes a key; stopping a lent one is ``may_stop_key``."""
    return key.team_id == membership.team_id and key.owner_id == membership.user_id


def may_stop_key(membership: Membership, key: ApiKey) -> bool:
    return may_manage_key(membership, key) or (
        key.team_id == membership.team_id and can(membership, Ability.MANAGE_MEMBERS)
    )


def may_touch_member(membership: Membership, target: Membership) -> bool:
    """Give another role or remove: admins everybody but owners, owners everybody; anyone may leave."""
    if target.team_id != membership.team_id:
        return False
    if target.role == Role.OWNER:
        return can(membership, Ability.MANAGE_OWNERS)
    return can(membership, Ability.MANAGE_MEMBERS)


def grantable_roles(membership: Membership) -> list[Role]:
    """The roles this membership may give to others."""
    if not can(membership, Ability.MANAGE_MEMBERS):
        return []
    return [role for role in Role if role != Role.OWNER or can(membership, Ability.MANAGE_OWNERS)]


def may_create_team(user: User) -> bool:
    """Whoever already runs a team, and the operator's staff: nobody else can start spending unseen."""
    return user.is_staff or Membership.objects.filter(user=user, role__in=(Role.OWNER, Role.ADMIN)).exists()


def teams_of(user: User) -> list[Team]:
    return list(Team.objects.filter(memberships__user=user).order_by("name", "id"))
