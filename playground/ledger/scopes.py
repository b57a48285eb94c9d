"""What a budget covers, in the words people choose it by."""

from collections.abc import Callable
from uuid import UUID

from accounts import access
from accounts.access import Ability
from accounts.models import Membership, User
from playground.ledger.models import Budget

EVERYBODY = "The whole team"
EACH = "Each member"

# (slug, category) of every model a membership may run. Set when the app starts: models belong to a room that this one
# does not know.
offered_models: Callable[[Membership], list[tuple[str, str]]] = lambda membership: []  # noqa: E731


def who(budget: Budget) -> str:
    if budget.per_member:
        return EACH
    return budget.person.label if budget.person else EVERYBODY


def what(budget: Budget) -> str:
    """The endpoint or category, as people read it; empty for everything."""
    return budget.endpoint or budget.category


def covers(budget: Budget) -> str:
    """``Each member, kling-2.6``."""
    return ", ".join(filter(None, (who(budget), what(budget))))


def runners(membership: Membership) -> list[User]:
    """The people of the team who may run anything, by name: those whom a cap can be about."""
    rows = Membership.objects.filter(team=membership.team_id).select_related("user")
    able = [row.user for row in rows if access.can(row, Ability.RUN)]
    return sorted(able, key=lambda user: (user.label.lower(), str(user.id)))


def managers(team_id: UUID) -> list[User]:
    """Whom to ask about money: owners and admins, by name."""
    rows = Membership.objects.filter(team=team_id, user__is_active=True).select_related("user")
    able = [row.user for row in rows if access.can(row, Ability.MANAGE_BUDGETS)]
    return sorted(able, key=lambda user: (user.label.lower(), str(user.id)))


def is_about(budget: Budget, membership: Membership) -> bool:
    """Whether runs of this person count against ``budget``."""
    if budget.team_id != membership.team_id or not access.can(membership, Ability.RUN):
        return False
    return budget.person_id in (None, membership.user_id)


def subject_of(budget: Budget, membership: Membership) -> str:
    """Whose counter it is, where each member has one to themselves."""
    return str(membership.user_id) if budget.per_member else ""


def may_see_sums(budget: Budget, membership: Membership) -> bool:
    """Whether what is spent of ``budget`` is for this person to know: a team may keep its members' runs apart."""
    if access.can(membership, Ability.SEE_BOOKS):
        return True
    own = budget.per_member or budget.person_id == membership.user_id
    return is_about(budget, membership) and (own or access.sees_all_runs(membership))
