"""Many at once: no cap is passed, and every counter says what the entries say."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.db.models import Sum

from playground.ledger.entries import OverBudget
from playground.ledger.models import Budget, Entry
from tests.ledger.books import learn
from tests.ledger.caps import cap, counter, hold
from tests.personas import People, make_people
from tests.runs.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
SUBMITTERS = 64


def submit(people: People, number: int) -> UUID | None:
    """One hold of 0.30, whose cost turns out to be 0.20 for every other one."""
    try:
        run = hold(people, "0.30", who=("bob", "alice")[number % 2])
    except OverBudget:
        return None
    if number % 4 == 0:
        learn(run, "billed", "0.20")
    return run


def agrees(budget: Budget) -> bool:
    sums = Entry.objects.aggregate(spent=Sum("spent"), held=Sum("held"))
    return (sums["spent"], sums["held"]) == counter(budget)[:2]


def test_64_submitters_never_pass_the_cap() -> None:
    people = make_people()
    budget = cap(people, "5")
    runs = together(*(lambda number=number: submit(people, number) for number in range(SUBMITTERS)))
    started = [run for run in runs if run is not None]
    spent, held, count = counter(budget)
    assert spent + held <= 5
    assert 16 <= len(started) < SUBMITTERS
    assert count == len(started)
    assert agrees(budget)
    # What is free again can be used, and nothing beyond it.
    for run in started:
        learn(run, "billed", "0.20")
    spent, held, _ = counter(budget)
    assert held == 0
    assert agrees(budget)
    room = int((5 - spent) / Decimal("0.30"))
    more = together(*(lambda number=number: submit(people, number) for number in range(1, 2 * SUBMITTERS, 4)))
    assert len([run for run in more if run is not None]) == room


def test_a_budget_that_is_made_meanwhile_misses_nothing_and_counts_nothing_twice() -> None:
    people = make_people()
    made: list[Budget] = []

    def make() -> UUID | None:
        made.append(cap(people, "1000"))
        return None

    deeds = [lambda number=number: submit(people, number) for number in range(24)]
    together(*deeds[:12], make, *deeds[12:], make)
    assert len(made) == 2
    for budget in made:
        assert agrees(budget)
        assert counter(budget)[2] == 24


def test_one_cap_for_each_of_many_people_and_one_for_the_team() -> None:
    people = make_people()
    team, each = cap(people, "6"), cap(people, None, runs=8, per_member=True, name="Each")
    together(*(lambda number=number: submit(people, number) for number in range(32)))
    spent, held, _ = counter(team)
    assert spent + held <= 6
    for persona in (people.bob, people.alice):
        assert counter(each, str(persona.user.id))[2] == 8
