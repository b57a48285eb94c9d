"""Budgets for the tests, made the way a person makes them."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from playground.ledger import budgets
from playground.ledger.budgets import Terms
from playground.ledger.days import day_of
from playground.ledger.models import Budget, BudgetCounter
from tests.ledger.books import reserve
from tests.personas import People

MODE = "sandbox"


def cap(
    people: People, usd: str | None = "10", *, runs: int | None = None, by: str = "alice", **terms: Any
) -> Budget:
    """A budget of the team, in the sandbox."""
    values = {
        "name": "Team",
        **terms,
        "limit_usd": Decimal(usd) if usd is not None else None,
        "limit_runs": runs,
    }
    return budgets.make(membership=people.membership(by), mode=MODE, terms=Terms(**values))


def today(people: People) -> date:
    return day_of(people.team, timezone.now())


def hold(people: People, amount: str = "1", *, who: str = "bob", **more: Any) -> UUID:
    """One hold of this person, today in the team's zone."""
    user = people.membership(who).user
    values: dict[str, Any] = {"day": today(people), "person_id": user.id, "person_label": user.label, **more}
    return reserve(people.team.id, amount=amount, **values)


def counter(budget: Budget, subject: str = "") -> tuple[Decimal, Decimal, int]:
    """Spent, held and runs of the newest period; zeros where there is no row."""
    row = BudgetCounter.objects.filter(budget=budget, subject=subject).order_by("-start").first()
    return (row.spent, row.held, row.runs) if row else (Decimal(), Decimal(), 0)
