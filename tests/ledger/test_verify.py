"""Tampering as a superuser could do it, and what the verification says about it."""

from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from playground.ledger import verify
from playground.ledger.models import Entry, LedgerCheck, Seal
from playground.ledger.tasks import verify_chain
from tests.ledger.books import learn, reserve, seal
from tests.ledger.superuser import tamper

pytestmark = pytest.mark.django_db(transaction=True)
TEAM = UUID("00000000-0000-7000-8000-00000000000a")


@pytest.fixture
def runs() -> list[UUID]:
    """Three blocks of two entries, each block one run."""
    runs = []
    for _ in range(3):
        runs.append(reserve(TEAM))
        learn(runs[-1], "billed", "0.04", evidence={"cost_text": "0.04"})
        seal()
    assert Seal.objects.count() == 3
    return runs


def fault(**more: Any) -> tuple[str, int | None] | None:
    found = verify.verify(**more).fault
    return (found.kind, found.block) if found else None


@pytest.mark.parametrize(
    "change",
    [
        "spent = spent + 0.0000000001",
        "held = -0.2, kind = 'correction'",
        "evidence = jsonb_set(evidence, '{cost_text}', '\"0.40\"')",
        "person_label = 'Eve'",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "day = day - 1",
    ],
)
def test_any_changed_column_breaks_its_block(runs: list[UUID], change: str) -> None:
    tamper(f"UPDATE playground_entry SET {change} WHERE run_id = %s AND kind = 'charge'", [runs[1]])
    assert fault() == ("changed", 2)


def test_a_removed_entry_is_missing(runs: list[UUID]) -> None:
    tamper("DELETE FROM playground_entry WHERE run_id = %s AND kind = 'charge'", [runs[2]])
    assert fault() == ("missing", 3)
    assert "sealed with 2 entries, and now there are 1" in verify.verify().words


def test_an_added_entry_is_found(runs: list[UUID]) -> None:
    columns = ", ".join(str(field.column) for field in Entry._meta.local_fields if field.column != "id")
    tamper(
        f"INSERT INTO playground_entry (id, {columns}) SELECT gen_random_uuid(), {columns} FROM playground_entry"
        " WHERE run_id = %s AND kind = 'hold'",
        [runs[0]],
    )
    found = verify.verify().fault
    assert found is not None
    assert found.kind == "added"
    assert found.block in (1, 2)  # its random id sorts before or after the end of its block


def test_a_removed_block_is_missing(runs: list[UUID]) -> None:
    tamper("DELETE FROM playground_seal WHERE block = 2")
    assert fault() == ("chain", 2)


def test_a_changed_block_is_found(runs: list[UUID]) -> None:
    tamper("UPDATE playground_seal SET sealed_at = sealed_at + interval '1 day' WHERE block = 1")
    assert fault() == ("changed", 1)


def test_a_block_sealed_anew_without_the_ones_after_it_does_not_fit(runs: list[UUID]) -> None:
    tamper("UPDATE playground_seal SET digest = repeat('0', 64) WHERE block = 2")
    assert fault() == ("changed", 2)
    assert fault(from_block=3) == ("chain", 3)


def test_a_cut_off_end_needs_the_head_that_was_kept_outside(runs: list[UUID]) -> None:
    head = Seal.objects.get(block=3)
    kept = verify.Head.parse(f"3:{head.digest[:16]}…")
    assert fault(expect=kept) is None
    tamper("DELETE FROM playground_seal WHERE block = 3")
    tamper("DELETE FROM playground_entry WHERE run_id = %s", [runs[2]])
    assert fault() is None
    assert fault(expect=kept) == ("head", 3)
    learn(reserve(TEAM), "billed", "0.01")
    seal()
    assert fault() is None
    assert fault(expect=kept) == ("head", 3)


def test_a_key_that_is_gone_and_one_that_is_another(runs: list[UUID], settings: Settings) -> None:
    settings.LEDGER_RING = [("other", bytes(range(32)))]
    assert fault() == ("key", 1)
    settings.LEDGER_RING = [("tests", bytes(range(32)))]
    assert fault() == ("key", 1)
    assert "another key" in verify.verify().words


def test_what_waits_too_long_for_its_block_is_a_fault(runs: list[UUID]) -> None:
    run = reserve(TEAM)
    assert fault() is None
    tamper(
        "UPDATE playground_entry SET recorded_at = recorded_at - interval '2 hours' WHERE run_id = %s", [run]
    )
    assert fault() == ("tail", None)


def test_verifying_can_begin_later(runs: list[UUID]) -> None:
    tamper("UPDATE playground_entry SET spent = 9 WHERE run_id = %s AND kind = 'charge'", [runs[0]])
    assert fault(from_block=2) is None
    assert fault(from_block=1) == ("changed", 1)
    assert fault(from_block=9) == ("chain", 8)
    assert verify.verify_newest().words == "1 block with 2 entries is as it was sealed."


def test_the_command_says_what_it_found_and_ends_accordingly(runs: list[UUID]) -> None:
    said = StringIO()
    call_command("verify_ledger", stdout=said)
    head = Seal.objects.get(block=3)
    assert "3 blocks with 6 entries are as they were sealed." in said.getvalue()
    assert f"Head: 3:{head.digest}" in said.getvalue()
    call_command("verify_ledger", expect_head=f"3:{head.digest[:8]}", from_block=2, stdout=said)
    assert "2 blocks with 4 entries" in said.getvalue()
    with pytest.raises(CommandError, match="such as 42:9f3c0a1b") as refused:
        call_command("verify_ledger", expect_head="3")
    assert refused.value.returncode == 2
    tamper("DELETE FROM playground_entry WHERE run_id = %s AND kind = 'charge'", [runs[1]])
    with pytest.raises(
        CommandError, match="Block 2: It was sealed with 2 entries, and now there are 1"
    ) as ended:
        call_command("verify_ledger", stdout=said)
    assert ended.value.returncode == 1
    assert list(LedgerCheck.objects.order_by("id").values_list("kind", "agrees")) == [
        ("chain", True),
        ("chain", False),
    ]


def test_the_nightly_task_keeps_its_result(runs: list[UUID]) -> None:
    verify_chain()
    assert LedgerCheck.objects.get().summary == "3 blocks with 6 entries are as they were sealed."
