"""Where every budget stands that a person may see."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership, Team, User
from playground.ledger import budget_forecast, scopes
from playground.ledger.budget_forecast import Forecast, RecentPace
from playground.ledger.budget_spans import Span, span_of
from playground.ledger.days import day_of
from playground.ledger.meters import Bar, bar
from playground.ledger.models import Budget, BudgetCounter, BudgetRequest


@dataclass(frozen=True)
class Status:
    """One cap in its current period. Limits have the raises in force added; None is no limit of that kind."""

    budget: Budget
    subject: str
    subject_label: str  # the member, where each has the cap to themselves
    span: Span
    spent: Decimal
    held: Decimal
    runs: int
    raises: tuple[BudgetRequest, ...]
    forecast: Forecast | None

    @cached_property
    def limit_usd(self) -> Decimal | None:
        return with_raises(self.budget.limit_usd, (row.usd for row in self.raises))

    @cached_property
    def limit_runs(self) -> int | None:
        limit = self.budget.limit_runs
        return None if limit is None else limit + sum(row.runs for row in self.raises)

    @property
    def left_usd(self) -> Decimal | None:
        """Negative where a real cost was above its hold."""
        return None if self.limit_usd is None else self.limit_usd - self.spent - self.held

    @property
    def left_runs(self) -> int | None:
        return None if self.limit_runs is None else self.limit_runs - self.runs

    @property
    def overrun(self) -> Decimal | None:
        """By how much the real cost of runs that were let through passed the limit; None if it did not."""
        if self.limit_usd is None or self.spent + self.held <= self.limit_usd:
            return None
        return self.spent + self.held - self.limit_usd

    @property
    def used(self) -> Decimal:
        """The share that is spent, held or counted: 1 is all of it. Of two limits the nearer one."""
        return max(
            _share(self.spent + self.held, self.limit_usd), _share(Decimal(self.runs), self.limit_runs)
        )

    @property
    def usd_bar(self) -> Bar:
        return bar(self.spent, self.held, self.limit_usd or Decimal())

    @property
    def runs_bar(self) -> Bar:
        return bar(Decimal(self.runs), Decimal(), Decimal(self.limit_runs or 0))

    @property
    def is_used_up(self) -> bool:
        return any(left is not None and left <= 0 for left in (self.left_usd, self.left_runs))


def with_raises(limit: Decimal | None, more: Iterable[Decimal]) -> Decimal | None:
    return None if limit is None else sum(more, limit)


def _share(amount: Decimal, limit: Decimal | int | None) -> Decimal:
    if limit is None:
        return Decimal()
    return amount / limit if limit else Decimal(1)


def visible(membership: Membership, mode: str) -> list[Budget]:
    """The budgets in force whose sums this person may see; the team's first, then each member's, then one's."""
    rows = Budget.objects.filter(team=membership.team_id, mode=mode, ended_at=None).select_related("person")
    seen = [row for row in rows if scopes.may_see_sums(row, membership)]
    return sorted(
        seen,
        key=lambda row: (
            row.person_id is not None,
            row.per_member,
            row.person.label.lower() if row.person else "",
            bool(scopes.what(row)),
            row.name.lower(),
        ),
    )


def status(membership: Membership, mode: str, *, now: datetime | None = None) -> list[Status]:
    """One row per budget, and per member where each has it to themselves. A period without a run counts zero."""
    now = now or timezone.now()
    budgets = visible(membership, mode)
    if not budgets:
        return []
    people = {str(user.id): user.label for user in _people(membership)} if _any_each(budgets) else {}
    caps = [
        (budget, subject, label)
        for budget in budgets
        for subject, label in (people.items() if budget.per_member else [("", "")])
    ]
    return measure(team=membership.team, mode=mode, caps=caps, now=now)


def measure(*, team: Team, mode: str, caps: list[tuple[Budget, str, str]], now: datetime) -> list[Status]:
    """Where these caps (budget, subject, label) of one team and mode stand."""
    budgets = list({budget.id: budget for budget, _, _ in caps}.values())
    today = day_of(team, now)
    spans = {one.id: span_of(one.period, today, starts_on=one.starts_on) for one in budgets}
    rows = BudgetCounter.objects.filter(
        budget__in=budgets, start__gte=min((span.first for span in spans.values()), default=today)
    )
    counters = {(row.budget_id, row.subject, row.start): row for row in rows}
    granted: dict[object, list[BudgetRequest]] = defaultdict(list)
    for request in BudgetRequest.objects.filter(
        budget__in=budgets, state=BudgetRequest.State.APPROVED, until__gt=now
    ).order_by("until", "id"):
        granted[request.budget_id].append(request)
    recent = RecentPace(team, mode, now=now)
    return [
        _measured(
            team=team,
            budget=budget,
            subject=subject,
            label=label,
            span=spans[budget.id],
            counter=counters.get((budget.id, subject, spans[budget.id].first)),
            raises=tuple(row for row in granted[budget.id] if row.subject in ("", subject)),
            recent=recent,
            now=now,
        )
        for budget, subject, label in caps
    ]


def _measured(
    *,
    team: Team,
    budget: Budget,
    subject: str,
    label: str,
    span: Span,
    counter: BudgetCounter | None,
    raises: tuple[BudgetRequest, ...],
    recent: RecentPace,
    now: datetime,
) -> Status:
    counter = counter or BudgetCounter(spent=Decimal(), held=Decimal(), runs=0)
    bare = Status(budget, subject, label, span, counter.spent, counter.held, counter.runs, raises, None)
    forecast = budget_forecast.foresee(
        team=team,
        span=span,
        spent=bare.spent,
        runs=bare.runs,
        left_usd=bare.left_usd,
        left_runs=bare.left_runs,
        recent=recent.of(budget, subject),
        now=now,
    )
    return Status(budget, subject, label, span, bare.spent, bare.held, bare.runs, raises, forecast)


def _any_each(budgets: list[Budget]) -> bool:
    return any(budget.per_member for budget in budgets)


def _people(membership: Membership) -> list[User]:
    if access.can(membership, Ability.SEE_BOOKS):
        return scopes.runners(membership)
    return [membership.user]
