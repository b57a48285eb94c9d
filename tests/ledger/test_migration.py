"""Runs from before the ledger are taken over: each gets the entries it would have made."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from playground.ledger.models import Entry, OpenHold, QuarterHour, Rollup
from playground.runs import proof
from playground.runs.models import Billing, Run, State
from tests.ledger.superuser import forget_entries, past_the_triggers
from tests.personas import People, make_people
from tests.runs.factories import make_run

pytestmark = pytest.mark.django_db(transaction=True)


def taking_over(executor: MigrationExecutor) -> tuple[str, str]:
    """The migration under test, whatever its number."""
    (found,) = (node for node in executor.loader.graph.nodes if node[1].endswith("_books_entries"))
    name: tuple[str, str] = found
    return name


def go_back() -> None:
    executor = MigrationExecutor(connection)
    node = taking_over(executor)
    executor.migrate([parent.key for parent in executor.loader.graph.node_map[node].parents])


def migrate() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([taking_over(executor)])


def take_over() -> None:
    """Go back to before the ledger with the runs as they are, and let it take them over."""
    forget_entries()
    go_back()
    migrate()


@pytest.fixture
def people() -> Iterator[People]:
    """Runs are made with the newest tables, as the models know them; afterwards these are there again."""
    yield make_people()
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def said(run: Run) -> list[tuple[Any, ...]]:
    rows = Entry.objects.filter(run_id=run.id).in_order()
    return list(rows.values_list("kind", "held", "spent", "cost", "billing", "state"))


FIRST = ("hold", Decimal(0), Decimal(0), None, "pending", "queued")


def test_every_state_is_taken_over(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = people.membership("bob")
    name = taking_over(MigrationExecutor(connection))[1]
    migration = import_module(f"playground.migrations.{name}")
    monkeypatch.setattr(migration, "BATCH", 2)
    states: list[tuple[State, Billing, str | None]] = [
        (State.QUEUED, Billing.PENDING, None),
        (State.SENDING, Billing.PENDING, None),
        (State.ACCEPTED, Billing.PENDING, None),
        (State.SUCCEEDED, Billing.BILLED, "0.0400"),
        (State.SUCCEEDED, Billing.BILLED, None),
        (State.REFUSED, Billing.NOT_BILLED, None),
        (State.CANCELLED, Billing.NOT_BILLED, None),
        (State.UNKNOWN, Billing.UNKNOWN, None),
    ]
    runs = [make_run(bob, state=state, billing=billing, cost=cost) for state, billing, cost in states]
    take_over()
    for run in runs[:3]:
        assert said(run) == [FIRST]
    zero = Decimal(0)
    assert said(runs[3]) == [
        FIRST,
        ("charge", zero, Decimal("0.04"), Decimal("0.04"), "billed", "succeeded"),
    ]
    assert said(runs[4]) == [FIRST, ("charge", zero, zero, None, "billed", "succeeded")]
    assert said(runs[5]) == [FIRST, ("release", zero, zero, None, "not_billed", "refused")]
    assert said(runs[6]) == [FIRST, ("release", zero, zero, None, "not_billed", "cancelled")]
    assert said(runs[7]) == [FIRST, ("hold", zero, zero, None, "unknown", "unknown")]
    assert set(Entry.objects.values_list("made_by", flat=True)) == {"migration"}
    assert OpenHold.objects.count() == 5
    assert Rollup.objects.get(cut="person", grain="d").runs == 5
    assert [progress.differences for progress in proof.compare()] == [[]]
    evidence = Entry.objects.get(run_id=runs[3].id, kind="charge").evidence
    assert evidence["status"] == 200
    assert "finished_at" in evidence


def test_days_are_the_teams_and_gone_people_keep_their_name(people: People) -> None:
    people.team.time_zone = "America/New_York"
    people.team.save()
    run = make_run(people.membership("bob"))
    # What deleting the person leaves; the deletion itself needs tables that are newer than this state.
    Run.objects.filter(id=run.id).update(created_at=datetime(2026, 11, 2, 3, 30, tzinfo=UTC), person=None)
    take_over()
    charge = Entry.objects.get(run_id=run.id, kind="charge")
    assert (charge.day.isoformat(), charge.person_id, charge.person_label) == ("2026-11-01", None, "Bob")
    assert QuarterHour.objects.get().bucket == datetime(2026, 11, 2, 3, 30, tzinfo=UTC)


def test_it_goes_on_where_it_stopped(people: People) -> None:
    runs = [make_run(people.membership("bob")) for _ in range(2)]
    take_over()
    with past_the_triggers() as cursor:
        cursor.execute("DELETE FROM playground_entry WHERE run_id = %s", [runs[1].id])
    go_back()
    migrate()
    assert [len(said(run)) for run in runs] == [2, 2]
