"""Statements that every run goes through are planned once, and a plan that has become useless costs no outcome."""

from collections.abc import Iterator

import pytest
from django.db import connection

from accounts.models import Membership
from playground.runs import execute
from playground.runs.models import Billing, Run, State
from tests.personas import make_people
from tests.runs.factories import make_run
from tests.runs.test_execute import billed, outcome

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob(transactional_db: None) -> Membership:
    return make_people().membership("bob")


def on_its_way(bob: Membership) -> Run:
    return make_run(bob, state=State.SENDING, billing=Billing.PENDING)


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [row[0] for row in cursor.fetchall()]


def widen(length: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE playground_run ALTER endpoint TYPE varchar({length})")


@pytest.fixture
def column() -> Iterator[None]:
    length: int = Run._meta.get_field("endpoint").max_length  # type: ignore[assignment]
    yield
    widen(length)


def test_settling_is_planned_once_and_nothing_else_is_prepared(bob: Membership) -> None:
    for _ in range(2):
        assert execute.settle_all([outcome(on_its_way(bob), billed())]) == 1
    found = prepared()
    assert len(found) == 2
    assert any("UPDATE playground_run" in text for text in found)
    assert any("INSERT INTO playground_entry" in text for text in found)


@pytest.mark.usefixtures("column")
def test_an_outcome_survives_a_change_of_the_table_under_its_plan(bob: Membership) -> None:
    assert execute.settle_all([outcome(on_its_way(bob), billed())]) == 1
    run = on_its_way(bob)
    # As a migration does while workers run: PostgreSQL refuses the plan once, and the driver forgets it.
    widen(200)
    assert execute.settle_all([outcome(run, billed("0.25"))]) == 1
    run.refresh_from_db()
    assert (run.billing, f"{run.cost:.2f}") == (Billing.BILLED, "0.25")
