"""Where a period is heading, and the budget it will meet there."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Membership, Team
from playground.ledger import days, scopes
from playground.ledger.models import Budget
from playground.ledger.periods import Kind, Period
from playground.ledger.spend import Scope

# Before this part of a period is over its pace says nothing.
_EARLY = Decimal("0.04")


@dataclass(frozen=True, slots=True)
class Forecast:
    """US dollars at the end of a period that runs on at its present pace; None while that is too early to say."""

    amount: Decimal | None
    budget: Decimal | None

    @property
    def over(self) -> Decimal | None:
        """How much the budget would be passed by."""
        if self.amount is None or self.budget is None or self.amount <= self.budget:
            return None
        return self.amount - self.budget

    @property
    def text(self) -> str:
        return _about(self.amount)

    @property
    def budget_text(self) -> str:
        return limit_text(self.budget)

    @property
    def over_text(self) -> str:
        return _about(self.over)


def limit_text(limit: Decimal | None) -> str:
    """A cap as it was set: 400, 0.5."""
    return "" if limit is None else f"{limit.normalize():f}"


def _about(amount: Decimal | None) -> str:
    """An estimate without a precision it does not have: 131, 13.10, 0.0131."""
    if amount is None:
        return ""
    places = 0 if amount >= 100 else 2 if amount >= 1 else 4
    return f"{amount:.{places}f}"


def forecast(team: Team, scope: Scope, period: Period, spent: Decimal) -> Forecast:
    start = days.start_of(team, period.first)
    end = days.start_of(team, period.last + timedelta(days=1))
    part = Decimal((timezone.now() - start) / (end - start))
    amount = spent / min(part, Decimal(1)) if part >= _EARLY else None
    return Forecast(amount, whole_budget(team, scope, period.kind))


def whole_budget(team: Team, scope: Scope, kind: Kind) -> Decimal | None:
    """The tightest budget in force over all of the scope's spend in periods of this kind."""
    budgets = _in_force(team, scope.mode, kind)
    if scope.person_id is None:
        budgets = budgets.filter(person=None, per_member=False)
    else:
        budgets = budgets.filter(Q(person=scope.person_id) | Q(per_member=True))
    found: Decimal | None = budgets.order_by("limit_usd").values_list("limit_usd", flat=True).first()
    return found


@dataclass(frozen=True, slots=True)
class MemberLimits:
    """What each member may spend in a period of one kind."""

    everybody: Decimal | None
    own: dict[str, Decimal]

    def of(self, person: str) -> Decimal | None:
        found = [limit for limit in (self.own.get(person), self.everybody) if limit is not None]
        return min(found) if found and person else None


def member_limits(membership: Membership, mode: str, kind: Kind) -> MemberLimits:
    """As far as they are for this person to know: somebody else's own budget is not."""
    everybody: Decimal | None = None
    own: dict[str, Decimal] = {}
    rows = _in_force(membership.team, mode, kind).exclude(person=None, per_member=False)
    for budget in rows.order_by("-limit_usd"):
        if budget.per_member:
            everybody = budget.limit_usd
        elif budget.limit_usd is not None and scopes.may_see_sums(budget, membership):
            own[str(budget.person_id)] = budget.limit_usd
    return MemberLimits(everybody, own)


def _in_force(team: Team, mode: str, kind: Kind) -> QuerySet[Budget]:
    return Budget.objects.filter(
        team=team, mode=mode, ended_at=None, endpoint="", category="", period=kind, limit_usd__isnull=False
    )


def same_part_before(period: Period, today: date) -> Period | None:
    """The period before, as far as this one has come: half a month is compared with half a month.

    None on the first day of a period: an hour of it says nothing beside a whole day.
    """
    before = period.before
    if not period.holds(today):
        return before
    if today == period.first:
        return None
    return Period(Kind.CUSTOM, before.first, min(before.last, before.first + (today - period.first)))
