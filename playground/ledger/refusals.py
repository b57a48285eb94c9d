"""Why the ledger took no hold, in the words a person reads beside Run, and what they can do about it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import amounts, scopes
from playground.ledger.budget_spans import span_of
from playground.ledger.days import day_of
from playground.ledger.entries import Frozen, OverBudget, Refused
from playground.ledger.models import Budget, BudgetRequest, Freeze


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """``text`` is whole sentences. ``missing_usd`` and ``missing_runs`` are what a request may begin with."""

    title: str
    text: str
    budget: Budget | None = None
    may_request: bool = False
    may_raise: bool = False
    missing_usd: Decimal | None = None
    missing_runs: int | None = None
    team: str = ""
    mode: str = ""

    @property
    def budget_id(self) -> UUID | None:
        return self.budget.id if self.budget else None


def explain(membership: Membership, refused: Refused, *, now: datetime | None = None) -> Explanation:
    """What this person is told. Nothing was sent and nothing is held."""
    if isinstance(refused, OverBudget):
        budget = Budget.objects.select_related("person").get(id=refused.budget_id)
        return _over_budget(membership, budget, refused, now or timezone.now())
    reason = refused.reason if isinstance(refused, Frozen) else ""
    return _frozen(membership, reason)


def freeze_text(by: str, reason: str) -> str:
    """What a frozen person reads, on the playground and at Run."""
    stop = "" if reason.endswith((".", "!", "?")) else "."
    return f"{by} stopped it: “{reason}”{stop} Nothing more is sent until it is lifted."


def _frozen(membership: Membership, reason: str) -> Explanation:
    held = Freeze.objects.filter(
        team=membership.team_id, person=membership.user_id, reason=reason, lifted_at=None
    )
    by = held.values_list("frozen_by_label", flat=True).first() or "Somebody who manages budgets"
    return Explanation(
        title="Your spending is frozen",
        text=f"{freeze_text(by, reason)} {_ask_whom(membership, 'to lift it')}",
    )


def _over_budget(membership: Membership, budget: Budget, refused: OverBudget, now: datetime) -> Explanation:
    span = span_of(budget.period, day_of(membership.team, now), starts_on=budget.starts_on)
    told = scopes.may_see_sums(budget, membership)
    lines = [_left(budget, refused, span.words) if told else _too_little(budget), span.renewal]
    asked = BudgetRequest.objects.filter(
        budget=budget, asked_by=membership.user_id, state=BudgetRequest.State.OPEN
    ).exists()
    may_raise = access.can(membership, Ability.MANAGE_BUDGETS)
    if asked:
        lines.append("You have asked for more already; nobody has answered yet.")
    elif not may_raise:
        lines.append(_ask_whom(membership, "for more"))
    usd, runs = _missing(refused)
    return Explanation(
        title="This would pass a budget",
        text=" ".join(line for line in lines if line),
        budget=budget,
        may_request=not asked and scopes.is_about(budget, membership),
        may_raise=may_raise,
        # What is missing tells what is spent, where the limit is known.
        missing_usd=usd if told else (amounts.up_to_cents(refused.hold) if usd else None),
        missing_runs=runs if told else runs and 1,
        team=membership.team.slug,
        mode=budget.mode,
    )


def _left(budget: Budget, refused: OverBudget, when: str) -> str:
    missing_usd, missing_runs = _missing(refused)
    left, of = refused.left_usd, refused.limit_usd
    if missing_usd is not None and left is not None and of is not None:
        rest = f"has {amounts.dollars(left) if left > 0 else 'nothing'} of {amounts.limit(of)} left"
        return f"“{budget.name}” {rest} {when}, and this run would hold {amounts.dollars(refused.hold)}."
    if missing_runs is not None and refused.limit_runs is not None:
        rest = f"has {max(refused.left_runs or 0, 0) or 'nothing'} of {amounts.runs(refused.limit_runs)} left"
        return f"“{budget.name}” {rest} {when}."
    return _too_little(budget)


def _too_little(budget: Budget) -> str:
    return f"“{budget.name}” has too little left for this run."


def _missing(refused: OverBudget) -> tuple[Decimal | None, int | None]:
    """What would have to be there for this run, of each limit that it passes."""
    usd, runs = None, None
    if refused.left_usd is not None and refused.hold > refused.left_usd:
        usd = amounts.up_to_cents(refused.hold - refused.left_usd)
    if refused.left_runs is not None and refused.left_runs < 1:
        runs = 1 - refused.left_runs
    return usd, runs


def _ask_whom(membership: Membership, what: str) -> str:
    names = [user.label for user in scopes.managers(membership.team_id) if user.id != membership.user_id]
    if not names:
        return ""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1][:4])} or {names[-1]}"
    return f"Ask {listed} {what}."
