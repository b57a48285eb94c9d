"""Budgets are made, changed and ended; what their period has seen already counts from the start."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEvent
from playground.ledger import budgets
from playground.ledger.budgets import BudgetEnded, BudgetProblem, terms_of
from playground.ledger.entries import OverBudget
from playground.ledger.models import Budget
from tests.ledger.books import learn
from tests.ledger.caps import MODE, cap, counter, hold, today
from tests.personas import People


def test_a_budget_begins_with_what_its_period_has_seen(people: People) -> None:
    learn(hold(people, "1"), "billed", "0.4")
    learn(hold(people, "1"), "not_billed")
    learn(hold(people, "1"), "billed")
    hold(people, "0.25", who="alice")
    hold(people, "0.25", mode="live")
    hold(people, "0.25", day=today(people).replace(day=1) - timedelta(days=1))
    assert counter(cap(people)) == (Decimal("0.4"), Decimal("1.25"), 3)
    bob = people.bob.user
    assert counter(cap(people, person=bob)) == (Decimal("0.4"), Decimal(1), 2)
    each = cap(people, per_member=True, endpoint="seedream-4.5")
    assert counter(each, str(people.alice.user.id)) == (Decimal(0), Decimal("0.25"), 1)
    assert counter(cap(people, endpoint="kling-2.6")) == (Decimal(0), Decimal(0), 0)


@pytest.mark.parametrize(
    ("period", "first"),
    [
        ("day", lambda day: day),
        ("week", lambda day: day - timedelta(days=day.weekday())),
        ("month", lambda day: day.replace(day=1)),
        ("total", lambda day: day),
    ],
)
def test_a_budget_counts_from_the_first_day_of_its_period(people: People, period: str, first: object) -> None:
    assert callable(first)
    assert cap(people, period=period).starts_on == first(today(people))


def test_counting_goes_on_with_the_next_entry(people: People) -> None:
    run = hold(people, "1")
    budget = cap(people)
    learn(run, "billed", "0.5")
    assert counter(budget) == (Decimal("0.5"), Decimal(0), 1)


def test_the_number_of_runs_is_a_cap_of_its_own(people: People) -> None:
    cap(people, None, runs=2, per_member=True)
    learn(hold(people), "not_billed")
    hold(people)
    hold(people)
    with pytest.raises(OverBudget) as refused:
        hold(people)
    assert (refused.value.left_runs, refused.value.left_usd) == (0, None)
    hold(people, who="alice")


def test_a_change_ends_one_budget_and_begins_another(people: People) -> None:
    alice = people.membership("alice")
    hold(people, "1")
    old = cap(people, "10")
    terms = budgets.Terms(name="Team", limit_usd=Decimal(5))
    new = budgets.change(membership=alice, budget=old, terms=terms)
    old.refresh_from_db()
    assert old.ended_at is not None
    assert new.id != old.id
    assert counter(new) == (Decimal(0), Decimal(1), 1)
    event = AuditEvent.objects.get(verb="budget.changed")
    assert event.before is not None
    assert event.after is not None
    assert (event.before["limit"], event.after["limit"]) == ("$ 10", "$ 5")
    with pytest.raises(BudgetEnded):
        budgets.change(membership=alice, budget=old, terms=terms)


def test_a_new_name_is_no_new_budget(people: People) -> None:
    old = cap(people)
    terms = budgets.Terms(name="Studio", limit_usd=Decimal(10))
    assert budgets.change(membership=people.membership("alice"), budget=old, terms=terms).id == old.id
    assert Budget.objects.get().name == "Studio"


@pytest.mark.parametrize("limit", ["11", None])
def test_raising_takes_a_reason(people: People, limit: str | None) -> None:
    alice, old = people.membership("alice"), cap(people, "10", runs=5)
    terms = budgets.Terms(name="Team", limit_usd=Decimal(limit) if limit else None, limit_runs=5)
    with pytest.raises(BudgetProblem) as problem:
        budgets.change(membership=alice, budget=old, terms=terms)
    assert problem.value.field == "reason"
    budgets.change(membership=alice, budget=old, terms=terms, reason="The trailer")
    after = AuditEvent.objects.get(verb="budget.changed").after
    assert after is not None
    assert after["reason"] == "The trailer"


@pytest.mark.parametrize(
    ("terms", "takes"),
    [
        ({"period": "day", "limit_usd": Decimal(10)}, True),
        ({"period": "day", "limit_usd": Decimal("0.3")}, False),
        ({"period": "total", "limit_usd": Decimal(10)}, False),
        ({"per_member": True, "limit_usd": Decimal(10)}, True),
        ({"limit_usd": Decimal(10), "limit_runs": 5}, False),
    ],
)
def test_what_lets_more_be_spent_takes_a_reason(people: People, terms: dict[str, Any], takes: bool) -> None:
    before = budgets.terms_of(cap(people, "10", period="month"))
    assert budgets.raises(before, budgets.Terms(name="Team", **terms)) is takes


def test_a_total_goes_on_counting_when_its_limit_changes(people: People) -> None:
    old = cap(people, period="total")
    Budget.objects.filter(id=old.id).update(starts_on=today(people) - timedelta(days=40))
    hold(people, "1", day=today(people) - timedelta(days=40))
    old.refresh_from_db()
    terms = budgets.Terms(name="Team", period="total", limit_usd=Decimal(8))
    new = budgets.change(membership=people.membership("alice"), budget=old, terms=terms)
    assert counter(new) == (Decimal(0), Decimal(1), 1)


def test_an_ended_budget_stops_nobody(people: People) -> None:
    budget = cap(people, "0.5")
    with pytest.raises(OverBudget):
        hold(people, "1")
    budgets.end(membership=people.membership("alice"), budget=budget)
    hold(people, "1")
    assert AuditEvent.objects.filter(verb="budget.ended", target="Team").exists()


def test_a_budget_needs_a_limit_and_one_thing_to_cover(people: People) -> None:
    with pytest.raises(BudgetProblem, match="an amount"):
        cap(people, None)
    with pytest.raises(BudgetProblem, match="not both"):
        cap(people, endpoint="kling-2.6", category="Text to video")


def test_terms_can_be_read_back(people: People) -> None:
    budget = cap(people, "10", runs=3, person=people.bob.user, period="week")
    assert budgets.change(
        membership=people.membership("alice"), budget=budget, terms=terms_of(budget)
    ) == Budget.objects.get(mode=MODE)
