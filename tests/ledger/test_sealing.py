"""Finished entries are chained into blocks, each once, whatever runs beside or restarts in between."""

import re
import threading
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from playground.ledger import blocks, sealing, verify
from playground.ledger.models import Entry, Seal
from playground.ledger.tasks import seal as seal_task
from tests.ledger.books import learn, reserve, seal
from tests.ledger.superuser import tamper
from tests.runs.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
TEAM = UUID("00000000-0000-7000-8000-00000000000a")


def sealed() -> list[tuple[int, int]]:
    return list(Seal.objects.order_by("block").values_list("block", "count"))


def test_blocks_follow_each_other_and_hold_every_entry_once() -> None:
    for _ in range(3):
        learn(reserve(TEAM), "billed", "0.04")
    assert seal(entries=4) == 2
    assert sealed() == [(1, 4), (2, 2)]
    learn(reserve(TEAM), "not_billed")
    seal()
    seal_task()
    assert sealed() == [(1, 4), (2, 2), (3, 2)]
    assert seal() == 0
    first, second, third = Seal.objects.order_by("block")
    assert (first.before, second.before, third.before) == ("", first.digest, second.digest)
    walk = verify.verify()
    assert (walk.fault, walk.blocks, walk.entries) == (None, 3, 8)


def test_an_entry_waits_while_an_older_transaction_could_still_write() -> None:
    began, end = threading.Event(), threading.Event()

    def slowly() -> int:
        with transaction.atomic():
            reserve(TEAM)
            began.set()
            assert end.wait(20)
        return 0

    def meanwhile() -> int:
        assert began.wait(20)
        reserve(TEAM)
        made = sealing.seal()
        end.set()
        return made

    assert together(slowly, meanwhile) == [0, 0]
    assert seal() == 1
    assert sealed() == [(1, 2)]
    assert verify.verify().fault is None


def test_two_sealers_at_once_do_not_fork_the_chain() -> None:
    for _ in range(12):
        reserve(TEAM)

    def slowly() -> int:
        return seal(entries=1)

    assert sum(together(slowly, slowly, slowly)) == 12
    assert sealed() == [(number, 1) for number in range(1, 13)]
    assert verify.verify().fault is None


@pytest.mark.parametrize(
    "statement",
    ["UPDATE playground_seal SET count = 0", "DELETE FROM playground_seal", "TRUNCATE playground_seal"],
)
def test_postgresql_refuses_to_change_a_block(statement: str) -> None:
    reserve(TEAM)
    seal()
    with pytest.raises(DatabaseError, match="The ledger only grows"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Seal.objects.count() == 1


def test_every_column_is_hashed() -> None:
    columns = {re.sub(r"^.*(?:FROM|to_char\()\s*(\w+).*$", r"\1", text) for text in blocks.FORMS[1]}
    assert columns == {field.column for field in Entry._meta.local_fields}


def test_the_text_of_an_entry_depends_on_no_setting_of_the_session() -> None:
    learn(reserve(TEAM), "billed", "0.0400", evidence={"cost_text": "0.0400 “odd”\n", "status": 200})

    def texts() -> list[str]:
        return list(blocks.Span().texts(blocks.NEWEST_FORM))

    usual = texts()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'Asia/Kathmandu'")
        cursor.execute("SET LOCAL DateStyle = 'German'")
        cursor.execute("SET LOCAL extra_float_digits = 0")
        assert texts() == usual
    assert '"0.0400 “odd”\\n"' in usual[1]
    assert "0.0400000000" in usual[1]


def test_the_newest_key_seals_and_older_ones_still_verify(settings: Settings) -> None:
    reserve(TEAM)
    seal()
    settings.LEDGER_RING = [("next", bytes(range(32))), *settings.LEDGER_RING]
    reserve(TEAM)
    seal()
    assert list(Seal.objects.order_by("block").values_list("key_name", flat=True)) == ["tests", "next"]
    assert verify.verify().fault is None


def test_the_head_in_one_line() -> None:
    assert sealing.head_line() == "ledger head: nothing sealed yet"
    reserve(TEAM)
    seal()
    head = Seal.objects.get()
    assert sealing.head_line() == f"ledger head: block 1 {head.digest[:16]} {head.sealed_at:%Y-%m-%d}"


# -- After a dump was restored into another PostgreSQL, whose transaction numbers are lower

FAR = 10**12


def pretend_dumped() -> None:
    """The entries of now, as a dump of a server that counted further would leave them here."""
    tamper(
        "UPDATE playground_entry SET xact = xact + %s, recorded_at = recorded_at - interval '1 day'", [FAR]
    )


def seal_there(monkeypatch: pytest.MonkeyPatch, *, entries: int) -> None:
    """What that server sealed before the dump: up to ``entries``."""
    there = sealing.Standing("7000000000000000001", oldest_running=2 * FAR, next_number=2 * FAR)
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "standing", lambda: there)
        assert sealing.seal_next(entries=entries) is not None


def test_a_restored_dump_goes_on_in_a_new_era(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        reserve(TEAM)
    pretend_dumped()
    seal_there(monkeypatch, entries=3)
    reserve(TEAM)
    reserve(TEAM)
    seal()
    eras = list(Seal.objects.order_by("block").values_list("era", "count"))
    assert eras == [(1, 3), (1, 2), (2, 2)]
    reserve(TEAM)
    seal()
    assert Seal.objects.order_by("block").values_list("era", "count").last() == (2, 1)
    walk = verify.verify()
    assert (walk.fault, walk.entries) == (None, 8)


def test_a_dump_of_a_chain_without_a_tail_goes_on_in_a_new_era(monkeypatch: pytest.MonkeyPatch) -> None:
    reserve(TEAM)
    pretend_dumped()
    seal_there(monkeypatch, entries=3)
    assert seal() == 0
    reserve(TEAM)
    assert seal() == 1
    assert list(Seal.objects.order_by("block").values_list("era", flat=True)) == [1, 2]
    assert verify.verify().fault is None


def test_a_dump_from_before_anything_was_sealed_is_sealed_as_it_is() -> None:
    reserve(TEAM)
    pretend_dumped()
    reserve(TEAM)
    seal()
    assert list(Seal.objects.order_by("block").values_list("era", "cluster", "count")) == [
        (1, sealing.ELSEWHERE, 1),
        (2, sealing.standing().cluster, 1),
    ]
    assert verify.verify().fault is None


def test_an_entry_slipped_behind_an_ended_era_is_found() -> None:
    reserve(TEAM)
    pretend_dumped()
    reserve(TEAM)
    seal()
    run = reserve(TEAM)
    tamper(
        "UPDATE playground_entry SET xact = %s, recorded_at = (SELECT min(recorded_at) FROM playground_entry)"
        " WHERE run_id = %s",
        [3 * FAR, run],
    )
    fault = verify.verify().fault
    assert fault is not None
    assert (fault.kind, fault.block) == ("added", 1)


def test_a_forged_transaction_number_never_finishes() -> None:
    reserve(TEAM)
    seal()
    tamper(
        "UPDATE playground_entry SET xact = %s, recorded_at = recorded_at - interval '3 hours' WHERE run_id = %s",
        [FAR, reserve(TEAM)],
    )
    assert seal() == 0
    fault = verify.verify().fault
    assert fault is not None
    assert fault.kind == "tail"
