"""Make, change and end budgets. A change ends one and begins another, so that the past can still be read."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Membership, Team, User
from playground.ledger import amounts, requests, rules, scopes
from playground.ledger.budget_spans import span_of
from playground.ledger.days import day_of
from playground.ledger.models import Budget


class BudgetProblem(ValueError):
    """Terms that cannot be. ``field`` names the part they belong to; empty for the whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class BudgetEnded(BudgetProblem):
    def __init__(self) -> None:
        super().__init__("", "This budget was changed or ended meanwhile. Look at the list again.")


# How often a year; a total that renews at all renews for ever.
_RENEWALS = {
    Budget.Period.DAY.value: Decimal(366),
    Budget.Period.WEEK.value: Decimal(53),
    Budget.Period.MONTH.value: Decimal(12),
    Budget.Period.TOTAL.value: Decimal("0.000001"),
}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Everything a person decides about a budget. None is no limit of that kind; one of the two is needed."""

    name: str
    person: User | None = None
    per_member: bool = False
    endpoint: str = ""
    category: str = ""
    period: str = Budget.Period.MONTH.value
    limit_usd: Decimal | None = None
    limit_runs: int | None = None

    @property
    def cover(self) -> tuple[object, ...]:
        return (self.person and self.person.id, self.per_member, self.endpoint, self.category)


def terms_of(budget: Budget) -> Terms:
    return Terms(**{name: getattr(budget, name) for name in Terms.__dataclass_fields__})


def raises(before: Terms, after: Terms) -> bool:
    """Whether more could be spent under ``after``, by others, or sooner again: that takes a reason."""
    if after.cover != before.cover:
        return True
    times = _RENEWALS[after.period] / _RENEWALS[before.period]
    return any(
        old is not None and (new is None or new > old or (times > 1 and new * times > old))
        for old, new in ((before.limit_usd, after.limit_usd), (before.limit_runs, after.limit_runs))
    )


@transaction.atomic
def make(*, membership: Membership, mode: str, terms: Terms, request: HttpRequest | None = None) -> Budget:
    """A budget in force at once, with what its current period has spent and holds already."""
    _require(terms)
    team = _alone(membership)
    budget = _begin(team, membership, mode, terms)
    audit.record(
        team=team,
        actor=membership.user,
        verb="budget.made",
        target=budget.name,
        after=_told(budget),
        request=request,
    )
    return budget


@transaction.atomic
def change(
    *,
    membership: Membership,
    budget: Budget,
    terms: Terms,
    reason: str = "",
    request: HttpRequest | None = None,
) -> Budget:
    """The budget that takes the place of this one. Raises that still run, and open requests, go on with it.

    What ``raises`` takes a ``reason``. Raises BudgetEnded if somebody else was faster.
    """
    _require(terms)
    team = _alone(membership)
    old = _in_force(membership, budget)
    before = terms_of(old)
    if terms == before:
        return old
    if raises(before, terms) and not reason:
        raise BudgetProblem("reason", "Say why more may be spent. The reason is kept in the team's record.")
    told = _told(old)
    new = _replace(team, membership, old, terms)
    audit.record(
        team=team,
        actor=membership.user,
        verb="budget.changed",
        target=new.name,
        before=told,
        after=_told(new) | ({"reason": reason} if reason else {}),
        request=request,
    )
    return new


@transaction.atomic
def end(*, membership: Membership, budget: Budget, request: HttpRequest | None = None) -> None:
    """From now on this budget stops nobody. Open requests for it are declined. Raises BudgetEnded."""
    team = _alone(membership)
    old = _in_force(membership, budget)
    requests.close_all(membership=membership, budget=old, answer="The budget was ended.")
    _stop(old)
    audit.record(
        team=team,
        actor=membership.user,
        verb="budget.ended",
        target=old.name,
        before=_told(old),
        request=request,
    )


def _require(terms: Terms) -> None:
    if terms.limit_usd is None and terms.limit_runs is None:
        raise BudgetProblem("limit_usd", "Give an amount, a number of runs, or both.")
    if terms.endpoint and terms.category:
        raise BudgetProblem("covers", "Choose a model or a category, not both.")


def _alone(membership: Membership) -> Team:
    """The team, while nobody writes an entry of it. Its row is locked first, as by everybody who wants both."""
    team = Team.objects.select_for_update(no_key=True).get(id=membership.team_id)
    with connection.cursor() as cursor:
        cursor.execute(rules.LOCK_TEAM_ALONE, [str(team.id)])
    return team


def _in_force(membership: Membership, budget: Budget) -> Budget:
    rows = Budget.objects.select_related("person").select_for_update(of=("self",))
    found = rows.filter(id=budget.id, team=membership.team_id, ended_at=None).first()
    if found is None:
        raise BudgetEnded
    return found


def _replace(team: Team, membership: Membership, old: Budget, terms: Terms) -> Budget:
    before = terms_of(old)
    same = terms.cover == before.cover
    if same and (terms.period, terms.limit_usd, terms.limit_runs) == (
        before.period,
        before.limit_usd,
        before.limit_runs,
    ):
        old.name = terms.name
        old.save(update_fields=["name"])
        return old
    _stop(old)
    # A total that stays one goes on counting from where it began.
    total = old.period == terms.period == Budget.Period.TOTAL
    new = _begin(team, membership, old.mode, terms, since=old.starts_on if total and same else None)
    if same:
        requests.carry_over(old=old, new=new)
    else:
        requests.close_all(membership=membership, budget=old, answer="The budget now covers something else.")
    return new


def _stop(budget: Budget) -> None:
    budget.ended_at = timezone.now()
    budget.save(update_fields=["ended_at"])


def _begin(
    team: Team, membership: Membership, mode: str, terms: Terms, *, since: date | None = None
) -> Budget:
    today = day_of(team, timezone.now())
    budget = Budget.objects.create(
        team=team,
        mode=mode,
        starts_on=since or span_of(terms.period, today, starts_on=today).first,
        created_by_label=membership.user.label,
        **{name: getattr(terms, name) for name in Terms.__dataclass_fields__},
    )
    with connection.cursor() as cursor:
        cursor.execute(
            rules.COUNT_BUDGET,
            {"team": team.id, "mode": mode, "day": budget.starts_on, "budget": budget.id},
        )
    return budget


def _told(budget: Budget) -> dict[str, str]:
    """A budget as the team's record shows it."""
    return {
        "mode": budget.mode,
        "covers": scopes.covers(budget),
        "period": budget.get_period_display(),
        "limit": "none" if budget.limit_usd is None else amounts.limit(budget.limit_usd),
        "runs": "no limit" if budget.limit_runs is None else str(budget.limit_runs),
    }
