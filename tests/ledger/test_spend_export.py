import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.conf import settings

from playground.ledger import archive, days, entry_exports
from tests.ledger.books import learn, reserve
from tests.ledger.zips import fetch, unpack
from tests.personas import People

pytestmark = pytest.mark.django_db
URL = "/t/studio/sandbox/spend/export."


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_zip_proves_its_rows(people: People, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_exports, "BATCH", 2)
    today = days.today(people.team)
    for number in range(5):
        learn(reserve(people.team.id, day=today, amount="0.3"), "billed", f"0.000000000{number + 1}")
    reserve(people.team.id, day=today, amount="0.7")
    manifest, rows = unpack(fetch(people.alice, URL + form))
    assert len(rows) == 11
    assert set(rows[0]) == set(entry_exports.COLUMNS)
    spent = sum((Decimal(row["spent_usd"]) for row in rows), Decimal(0))
    held = sum((Decimal(row["held_usd"]) for row in rows), Decimal(0))
    assert Decimal(manifest["totals"]["spent_usd"]) == spent == Decimal("0.0000000015")
    assert Decimal(manifest["totals"]["held_usd"]) == held == Decimal("0.7")
    assert manifest["what"] == "ledger entries"
    assert (manifest["team"], manifest["mode"], manifest["made_by"]) == ("studio", "sandbox", "Alice")
    assert manifest["filter"]["first_day"] == today.replace(day=1).isoformat()
    assert manifest["ledger_head"] == "ledger head: nothing sealed yet"


def test_days_outside_and_the_other_mode_stay_out(people: People) -> None:
    today = days.today(people.team)
    reserve(people.team.id, day=today)
    reserve(people.team.id, day=today, mode="live")
    reserve(people.team.id, day=today.replace(day=1).replace(year=today.year - 1))
    _, rows = unpack(fetch(people.audrey, f"{URL}csv?period=day&on={today}"))
    assert [row["day"] for row in rows] == [today.isoformat()]


def test_who_sees_only_their_own_exports_only_that(people: People) -> None:
    people.team.own_runs_only = True
    people.team.save()
    today = days.today(people.team)
    reserve(people.team.id, day=today, person_id=people.alice.user.id, person_label="Alice")
    reserve(people.team.id, day=today, person_id=people.bob.user.id)
    manifest, rows = unpack(fetch(people.bob, URL + "jsonl"))
    assert [row["person"] for row in rows] == ["Bob"]
    assert manifest["filter"]["person"] == "Bob"
    assert manifest["rows"] == 1


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@cmd", "\tx"])
def test_no_cell_is_a_formula(people: People, evil: str) -> None:
    reserve(people.team.id, day=days.today(people.team), key_label=evil, tag=evil)
    _, (row,) = unpack(fetch(people.alice, URL + "csv"))
    assert (row["key_label"], row["tag"]) == (f"'{evil}", f"'{evil}")
    _, (line,) = unpack(fetch(people.alice, URL + "jsonl"))
    assert line["tag"] == evil


def test_only_the_two_forms(people: People) -> None:
    assert people.alice.client().get(f"{URL}xlsx").status_code == 404


def test_a_zip_is_written_piece_by_piece() -> None:
    piece = b"0123456789abcdef" * 65536

    def pieces() -> Iterator[bytes]:
        for _ in range(64):
            yield piece

    tracemalloc.start()
    size = sum(len(part) for part in archive.zipped(pieces(), suffix="csv", about=lambda: {"rows": 64}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0 < size < len(piece)
    assert peak < 8 * len(piece)


def test_a_zip_without_rows_opens() -> None:
    packed = b"".join(archive.zipped(iter(()), suffix="jsonl", about=lambda: {"rows": 0}))
    manifest, rows = unpack(zipfile.ZipFile(io.BytesIO(packed)))
    assert (manifest["rows"], rows) == (0, [])


def test_every_column_is_documented() -> None:
    text = (settings.BASE_DIR / "docs" / "exports.md").read_text().partition("## The spend")[2]
    assert [name for name in entry_exports.COLUMNS if f"| `{name}` |" not in text] == []
