"""Everything the Budgets page shows to one person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import freezes, requests, scopes
from playground.ledger.budget_forms import ApproveForm, DeclineForm
from playground.ledger.days import day_of
from playground.ledger.models import Budget, BudgetRequest, Freeze
from playground.ledger.status import Status, status

ANSWERS_SHOWN = timedelta(days=14)


@dataclass(frozen=True)
class Card:
    """One budget and where it stands: one row, or one per member."""

    budget: Budget
    rows: list[Status]
    may_ask: bool

    @property
    def who(self) -> str:
        return scopes.who(self.budget)

    @property
    def what(self) -> str:
        return scopes.what(self.budget)

    @property
    def first(self) -> Status:
        return self.rows[0]


@dataclass(frozen=True)
class Waiting:
    """An open request, and the two answers it can get."""

    asked: BudgetRequest
    approve: ApproveForm
    decline: DeclineForm

    @property
    def more(self) -> str:
        return requests.more(self.asked.asked_usd, self.asked.asked_runs)


@dataclass(frozen=True)
class Person:
    """Somebody whose spending may be stopped."""

    membership: Membership
    frozen: Freeze | None
    may_freeze: bool


def board(
    membership: Membership, mode: str, *, forms: dict[Any, ApproveForm | DeclineForm] | None = None
) -> dict[str, Any]:
    """The page. ``forms`` are answers that could not be taken, by the id of their request."""
    now = timezone.now()
    return {
        "membership": membership,
        "team": membership.team,
        "mode": mode,
        "may_manage": access.can(membership, Ability.MANAGE_BUDGETS),
        "sees_books": access.can(membership, Ability.SEE_BOOKS),
        "cards": _cards(membership, mode, now),
        "unseen": _unseen(membership, mode),
        "waiting": _waiting(membership, mode, now, forms or {}),
        "running": list(requests.running_of(membership, mode))
        if access.can(membership, Ability.SEE_BOOKS)
        else [],
        "answered": list(requests.answered_of(membership, mode, since=now - ANSWERS_SHOWN)),
        "people": _people(membership, mode),
    }


def _cards(membership: Membership, mode: str, now: datetime) -> list[Card]:
    rows = status(membership, mode, now=now)
    asked = set(
        BudgetRequest.objects.filter(asked_by=membership.user_id, state=BudgetRequest.State.OPEN).values_list(
            "budget_id", flat=True
        )
    )
    return [
        Card(
            budget,
            list(group),
            may_ask=scopes.is_about(budget, membership) and budget.id not in asked,
        )
        for budget, group in groupby(rows, key=lambda row: row.budget)
    ]


def _unseen(membership: Membership, mode: str) -> list[Budget]:
    """Budgets that may stop this person's runs and whose sums are not theirs to know."""
    rows = Budget.objects.filter(team=membership.team_id, mode=mode, ended_at=None).select_related("person")
    return [
        row for row in rows if scopes.is_about(row, membership) and not scopes.may_see_sums(row, membership)
    ]


def _waiting(
    membership: Membership, mode: str, now: datetime, forms: dict[Any, ApproveForm | DeclineForm]
) -> list[Waiting]:
    today = day_of(membership.team, now)
    found = []
    for asked in requests.open_of(membership, mode):
        given = forms.get(asked.id)
        found.append(
            Waiting(
                asked,
                given if isinstance(given, ApproveForm) else ApproveForm(asked=asked, today=today),
                given if isinstance(given, DeclineForm) else DeclineForm(asked=asked),
            )
        )
    return found


def _people(membership: Membership, mode: str) -> list[Person]:
    """For those who see the books: everybody who may run, frozen or not."""
    if not access.can(membership, Ability.SEE_BOOKS):
        return []
    frozen = freezes.in_force(team_id=membership.team_id, mode=mode)
    rows = Membership.objects.filter(team=membership.team_id).select_related("user", "team")
    people = [
        Person(row, frozen.get(row.user_id), freezes.may_freeze(membership, row))
        for row in rows
        if access.can(row, Ability.RUN)
    ]
    return sorted(people, key=lambda one: (one.frozen is None, one.membership.user.label.lower()))
