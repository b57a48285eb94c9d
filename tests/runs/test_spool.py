import errno
import os
import time
import uuid
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Membership
from playground.runs import recover
from playground.runs.models import Billing, Run, State
from playground.runs.outcome import Arrived, Outcome
from playground.runs.spool import Spool, left_behind
from playground.segmind import billing
from tests.personas import People
from tests.runs.factories import make_run


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.SPOOL_ROOT = str(tmp_path)
    return tmp_path / "outcomes"


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


def some(text: str = "") -> Outcome:
    return Outcome(
        str(uuid.uuid4()), str(uuid.uuid4()), "succeeded", "billed", cost="0.04", cost_source="header",
        error_text=text, headers=[("x-cost", "0.04")], outputs=[Arrived(url="https://x/1")], at=time.time(),
    )  # fmt: skip


def outcome_of(run: Run, cost: str) -> Outcome:
    verdict = billing.Verdict(
        billing.State.SUCCEEDED, billing.Billing.BILLED, Decimal(cost), billing.CostSource.HEADER
    )
    return Outcome.from_verdict(str(run.id), str(run.team_id), verdict)


def sending(membership: Membership) -> Run:
    return make_run(membership, state=State.SENDING, billing=Billing.PENDING, status=None)


def gone(spool: Spool) -> None:
    """As if the process that held the spool had been killed."""
    assert spool._file is not None
    spool._file.close()


def test_what_is_kept_comes_back_as_it_was(folder: Path) -> None:
    first, second = some("words\nover \u2028 lines"), some()
    spool = Spool()
    spool.keep([first])
    spool.keep([second])
    gone(spool)
    assert [outcomes for _, outcomes in left_behind()] == [[first, second]]
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]


def test_nothing_is_on_disk_before_it_is_needed_and_after_it_was_settled(folder: Path) -> None:
    spool = Spool()
    assert list(folder.iterdir()) == []
    spool.keep([some()])
    spool.clear()
    assert list(folder.iterdir()) == []
    spool.keep([some()])
    assert len(list(folder.iterdir())) == 1
    spool.clear()


def test_the_spool_of_a_living_worker_is_left_alone() -> None:
    spool = Spool()
    spool.keep([some()])
    assert list(left_behind()) == []
    spool.clear()


def test_a_line_that_a_crash_cut_off_costs_only_itself(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = some()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "old.jsonl").write_text(kept.to_json() + "\n" + some().to_json()[:-20])
    assert [outcomes for _, outcomes in left_behind()] == [[kept]]
    assert "unreadable" in caplog.text


@pytest.mark.parametrize(
    "line", [b"\xff\xfe\x00", b"[]", b'{"run_id": 1}', b"null", b'{"outputs": [{"odd": 1}]}']
)
def test_any_other_bytes_are_skipped(folder: Path, line: bytes) -> None:
    kept = some()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "old.jsonl").write_bytes(line + b"\n" + kept.to_json().encode() + b"\n")
    assert [outcomes for _, outcomes in left_behind()] == [[kept]]


def test_a_full_disk_is_raised_and_leaves_whole_lines_only() -> None:
    kept = some()
    spool = Spool()
    spool.keep([kept])
    whole = spool._file
    assert whole is not None

    class Full:
        """A disk with room for ten bytes more."""

        def write(self, data: bytes) -> int:
            assert whole is not None
            whole.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name: str) -> object:
            return getattr(whole, name)

    spool._file = Full()  # type: ignore[assignment]
    with pytest.raises(OSError, match="No space"):
        spool.keep([some()])
    spool._file = whole
    later = some()
    spool.keep([later])
    gone(spool)
    assert [outcomes for _, outcomes in left_behind()] == [[kept, later]]


def test_a_file_that_was_taken_away_at_birth_is_made_again(folder: Path) -> None:
    spool = Spool()
    number = os.open(spool._path, os.O_CREAT | os.O_WRONLY, 0o600)
    os.close(number)
    for path, _ in left_behind():
        path.unlink()
    spool.keep([some()])
    assert [path.name for path in folder.iterdir()] == [spool._path.name]
    spool.clear()


def test_a_starting_worker_settles_what_was_left(bob: Membership, folder: Path) -> None:
    runs = [sending(bob) for _ in range(3)]
    spool = Spool()
    spool.keep([outcome_of(run, f"0.0{number}") for number, run in enumerate(runs, 1)])
    gone(spool)
    assert recover.replay_spool() == 3
    assert [run.cost for run in Run.objects.order_by("id")] == [
        Decimal("0.01"),
        Decimal("0.02"),
        Decimal("0.03"),
    ]
    assert list(folder.iterdir()) == []
    assert recover.replay_spool() == 0


def test_what_was_settled_already_is_replayed_in_vain(bob: Membership) -> None:
    run = sending(bob)
    spool = Spool()
    spool.keep([outcome_of(run, "0.04"), outcome_of(run, "0.08")])
    gone(spool)
    assert recover.replay_spool() == 1
    run.refresh_from_db()
    assert run.cost == Decimal("0.04")


def test_one_outcome_that_cannot_be_written_does_not_keep_the_others_in_the_spool(
    bob: Membership, folder: Path
) -> None:
    good, bad = sending(bob), sending(bob)
    spool = Spool()
    spool.keep([outcome_of(bad, "1").adding(cost_source=""), outcome_of(good, "0.04")])
    gone(spool)
    assert recover.replay_spool() == 1
    good.refresh_from_db()
    assert good.state == State.SUCCEEDED
    assert list(folder.iterdir()) == []
