from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import keys, rotation, vault
from accounts.models import ApiKey
from tests.accounts.test_vault import NEW, OLD
from tests.personas import SANDBOX_TEXT, People, make_key


@pytest.fixture
def rows(people: People, settings: Settings) -> list[ApiKey]:
    """Five keys on the old ring key, with the new one just put in front."""
    settings.VAULT_RING = [OLD]
    made = [make_key(people.membership("alice"), text=f"SG_000000000000000{n}") for n in range(5)]
    settings.VAULT_RING = [NEW, OLD]
    return made


def test_it_moves_every_row_and_reports_progress(rows: list[ApiKey]) -> None:
    seen = [str(progress) for progress in rotation.rotate(batch=2)]
    assert seen == [f"{n} of 5 rows on the newest key" for n in (0, 2, 4, 5)]
    for number, row in enumerate(ApiKey.objects.order_by("id")):
        assert row.ring_key == "new"
        assert vault.decrypt(row) == f"SG_000000000000000{number}"


def test_stopped_and_started_again_it_goes_on(rows: list[ApiKey]) -> None:
    first: Iterator[rotation.Progress] = rotation.rotate(batch=2)
    next(first)
    next(first)
    assert ApiKey.objects.filter(ring_key="new").count() == 2
    seen = [str(progress) for progress in rotation.rotate(batch=2)]
    assert seen[0] == "2 of 5 rows on the newest key"
    assert ApiKey.objects.filter(ring_key="new").count() == 5


def test_a_key_replaced_meanwhile_is_not_overwritten(rows: list[ApiKey], people: People) -> None:
    stale = ApiKey.objects.get(id=rows[0].id)
    keys.replace_key(membership=people.membership("alice"), key=rows[0], text="SG_ffffffffffffffff")
    assert rotation._move(stale)
    assert vault.decrypt(ApiKey.objects.get(id=rows[0].id)) == "SG_ffffffffffffffff"


def test_unreadable_rows_are_named_and_marked(rows: list[ApiKey], settings: Settings) -> None:
    ApiKey.objects.filter(id=rows[1].id).update(ciphertext=b"\x01\x03old" + b"0" * 40)
    last = list(rotation.rotate(batch=100))[-1]
    assert last.on_newest == 4
    assert [str(rows[1].id) in text for text in last.unreadable] == [True]
    assert ApiKey.objects.get(id=rows[1].id).needs_reentry


def test_rows_become_readable_when_a_lost_ring_key_is_back(rows: list[ApiKey], settings: Settings) -> None:
    settings.VAULT_RING = [NEW]
    assert len(list(rotation.rotate())[-1].unreadable) == 5
    assert rotation.unreadable_rows() == 5
    settings.VAULT_RING = [NEW, OLD]
    assert list(rotation.rotate())[-1].unreadable == ()
    assert rotation.unreadable_rows() == 0


def test_the_survey_counts_rows_and_names_lost_ring_keys(
    rows: list[ApiKey], people: People, settings: Settings
) -> None:
    make_key(people.membership("charlie"), text=SANDBOX_TEXT)
    of_team = rotation.survey(people.team)
    assert [(count.ring_key, count.rows, count.newest) for count in of_team] == [
        ("new", 0, True),
        ("old", 5, False),
    ]
    assert [(count.ring_key, count.rows) for count in rotation.survey()] == [("new", 1), ("old", 5)]
    settings.VAULT_RING = [NEW]
    assert [(count.ring_key, count.in_ring) for count in rotation.survey()] == [("new", True), ("old", False)]


def test_the_command_prints_progress_and_ends_well(rows: list[ApiKey]) -> None:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    assert "5 of 5 rows on the newest key" in out.getvalue()
    assert "Every row is on new." in out.getvalue()


def test_the_command_fails_when_a_row_cannot_be_read(rows: list[ApiKey]) -> None:
    ApiKey.objects.filter(id=rows[0].id).update(ciphertext=b"nonsense")
    err = StringIO()
    with pytest.raises(CommandError, match="1 row"):
        call_command("rotate_keys", stdout=StringIO(), stderr=err)
    assert str(rows[0].id) in err.getvalue()


def test_the_command_can_be_interrupted(rows: list[ApiKey], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*, batch: int) -> Iterator[rotation.Progress]:
        yield rotation.Progress(0, 5, ())
        raise KeyboardInterrupt

    monkeypatch.setattr(rotation, "rotate", interrupted)
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    assert "Stopped." in out.getvalue()
