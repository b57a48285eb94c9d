"""What an entry does: it stays, it moves the sums, and a hold that passes a cap is refused."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from uuid_utils.compat import uuid7

from playground.ledger.models import Entry, OpenHold, QuarterHour, Rollup
from tests.ledger.books import learn, reserve

pytestmark = pytest.mark.django_db
TEAM = UUID("00000000-0000-7000-8000-00000000000a")


def kinds(run_id: UUID) -> list[str]:
    return list(Entry.objects.filter(run_id=run_id).in_order().values_list("kind", flat=True))


def total(cut: str, grain: str = "d") -> tuple[Decimal, int, int, int, int]:
    rows = Rollup.objects.filter(team_id=TEAM, cut=cut, grain=grain)
    return (
        sum((row.spent for row in rows), Decimal()),
        sum(row.runs for row in rows),
        sum(row.billed for row in rows),
        sum(row.not_billed for row in rows),
        sum(row.unknown for row in rows),
    )


@pytest.mark.parametrize(
    "statement",
    ["UPDATE playground_entry SET spent = 0", "DELETE FROM playground_entry", "TRUNCATE playground_entry"],
)
def test_postgresql_refuses_to_change_an_entry(statement: str) -> None:
    reserve(TEAM)
    with pytest.raises(DatabaseError, match="The ledger only grows"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Entry.objects.count() == 1


def test_a_billed_run_holds_then_costs() -> None:
    run = reserve(TEAM, amount="0.25")
    assert OpenHold.objects.get(run_id=run).amount == Decimal("0.25")
    assert total("person") == (Decimal(0), 0, 0, 0, 0)
    learn(run, "billed", "0.0400000001", seconds=3.2)
    assert kinds(run) == ["hold", "charge"]
    charge = Entry.objects.get(run_id=run, kind="charge")
    assert (charge.held, charge.spent, charge.billing_before) == (
        Decimal("-0.25"),
        Decimal("0.0400000001"),
        "pending",
    )
    assert not OpenHold.objects.exists()
    for cut, grain in (
        ("person", "d"),
        ("endpoint", "d"),
        ("key", "d"),
        ("source", "d"),
        ("person_key", "m"),
    ):
        assert total(cut, grain) == (Decimal("0.0400000001"), 1, 1, 0, 0)
    assert QuarterHour.objects.get().spent == Decimal("0.0400000001")


def test_a_refusal_releases_at_once() -> None:
    run = reserve(TEAM)
    learn(run, "not_billed", error_kind="credits")
    assert kinds(run) == ["hold", "release"]
    assert not OpenHold.objects.exists()
    assert total("endpoint") == (Decimal(0), 1, 0, 1, 0)
    assert Rollup.objects.get(cut="refusal").b == "credits"


def test_doubt_keeps_its_hold_until_somebody_knows() -> None:
    run = reserve(TEAM, amount="1.5")
    learn(run, "unknown")
    assert OpenHold.objects.get().billing == "unknown"
    assert total("person") == (Decimal(0), 1, 0, 0, 1)
    learn(run, "billed")
    assert OpenHold.objects.get().billing == "billed"
    learn(run, "billed", "0.7", made_by="person", actor_label="Alice", reason="Seen in the console")
    assert kinds(run) == ["hold", "hold", "charge", "correction"]
    assert not OpenHold.objects.exists()
    assert total("person") == (Decimal("0.7"), 1, 1, 0, 0)
    learn(run, "not_billed", made_by="person", actor_label="Alice", reason="It was another run")
    assert total("person") == (Decimal(0), 1, 0, 1, 0)


def test_a_late_answer_can_take_a_run_back_under_way() -> None:
    run = reserve(TEAM)
    learn(run, "unknown")
    learn(run, "pending")
    assert total("person") == (Decimal(0), 0, 0, 0, 0)
    assert OpenHold.objects.get().billing == "pending"
    learn(run, "billed", "0")
    assert total("person") == (Decimal(0), 1, 1, 0, 0)
    assert Rollup.objects.get(cut="cost").b == "zero"


def test_a_fact_that_changes_nothing_writes_nothing() -> None:
    run = reserve(TEAM)
    learn(run, "billed", "0.1")
    learn(run, "billed", "0.10")
    assert kinds(run) == ["hold", "charge"]


def test_evidence_has_only_its_fixed_keys() -> None:
    run = reserve(TEAM)
    learn(
        run,
        "billed",
        "0.1",
        evidence={"cost_text": "0.10", "prompt": "a harbour", "status": 200, "reason": ""},
    )
    assert Entry.objects.get(kind="charge").evidence == {"cost_text": "0.10", "status": 200}


def test_an_unknown_run_writes_nothing() -> None:
    learn(uuid7(), "billed", "0.1")
    assert not Entry.objects.exists()
