import hashlib
import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership
from playground.runs import store
from playground.runs.models import File, Output, Run
from playground.runs.outcome import Arrived, Outcome
from tests.personas import People
from tests.runs.factories import PNG, make_run
from tests.runs.threads import together


@pytest.fixture(autouse=True)
def _places(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.SPOOL_ROOT = str(tmp_path / "spool")


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


def arrive(data: bytes = PNG) -> Arrived:
    name = str(uuid.uuid4())
    store.spool_path(name).write_bytes(data)
    return Arrived("", name, hashlib.sha256(data).hexdigest(), len(data), "image/png", "image")


def settle(run: Run, *outputs: Arrived) -> list[Output]:
    outcome = Outcome(str(run.id), str(run.team_id), "succeeded", "billed", outputs=list(outputs))
    store.record_outputs([outcome], {str(run.id): run}, store.adopt_many([outcome]))
    return list(Output.objects.filter(run=run).order_by("position"))


def stored_files() -> list[Path]:
    root = Path(default_storage.location)  # type: ignore[attr-defined]
    return [path for path in root.rglob("*") if path.is_file()] if root.exists() else []


def content(file: File) -> bytes:
    with default_storage.open(file.storage_name) as stored:
        return bytes(stored.read())


def copying(run: Run, **columns: Any) -> Output:
    return Output.objects.create(
        run=run,
        position=run.outputs.count(),
        url="https://images.segmind.com/x.png",
        next_try_at=timezone.now(),
        **columns,
    )


def test_bytes_that_arrived_are_a_file_of_the_team(bob: Membership) -> None:
    run = make_run(bob)
    arrived = arrive()
    (output,) = settle(run, arrived)
    assert output.state == Output.State.COPIED
    assert output.file is not None
    assert content(output.file) == PNG
    assert (output.file.team_id, output.file.size, output.file.media_type) == (
        bob.team_id,
        len(PNG),
        "image/png",
    )
    assert not store.spool_path(arrived.spool_name).exists()


def test_the_same_bytes_of_a_team_are_kept_once(bob: Membership) -> None:
    outputs = [output for _ in range(3) for output in settle(make_run(bob), arrive())]
    assert len({output.file_id for output in outputs}) == 1
    assert File.objects.count() == 1
    assert len(stored_files()) == 1


def test_two_teams_never_share_a_file(people: People) -> None:
    files = [settle(make_run(people.membership(name)), arrive())[0].file for name in ("bob", "charlie")]
    assert len({file.id for file in files if file}) == 2
    assert len({file.storage_name for file in files if file}) == 2
    assert len(stored_files()) == 2


def test_the_same_bytes_twice_in_one_batch_are_one_file(bob: Membership) -> None:
    outputs = settle(make_run(bob), arrive(), arrive())
    assert [output.state for output in outputs] == [Output.State.COPIED] * 2
    assert len({output.file_id for output in outputs}) == 1


def test_an_outcome_that_is_settled_again_finds_its_bytes_where_they_went(bob: Membership) -> None:
    """The transaction after the move may fail; the second attempt must not call the file lost."""
    run = make_run(bob)
    outcome = Outcome(str(run.id), str(run.team_id), "succeeded", "billed", outputs=[arrive()])
    first, second = store.adopt_many([outcome]), store.adopt_many([outcome])
    assert first == second == {outcome.outputs[0].spool_name}


def test_bytes_that_are_nowhere_are_not_said_to_be_kept(bob: Membership) -> None:
    run = make_run(bob)
    arrived = arrive()
    store.spool_path(arrived.spool_name).unlink()
    (output,) = settle(run, arrived)
    assert (output.state, output.spool_name) == (Output.State.COPYING, arrived.spool_name)


def test_a_store_that_refuses_leaves_the_bytes_in_the_spool(bob: Membership, settings: Settings) -> None:
    blocked = Path(settings.MEDIA_ROOT)
    blocked.write_text("a file where the folder should be")
    arrived = arrive()
    (output,) = settle(make_run(bob), arrived)
    assert (output.state, output.spool_node) == (Output.State.COPYING, store.NODE)
    assert store.spool_path(arrived.spool_name).read_bytes() == PNG


def test_why_there_will_be_no_copy_is_kept(bob: Membership) -> None:
    (output,) = settle(
        make_run(bob), Arrived(url="https://elsewhere.example/x", lost="Outside the result hosts." * 20)
    )
    assert output.state == Output.State.LOST
    assert output.reason.startswith("Outside the result hosts.")


@pytest.mark.django_db(transaction=True)
def test_settlers_at_once_keep_the_same_bytes_once(bob: Membership) -> None:
    runs = [make_run(bob) for _ in range(8)]
    outputs = together(*[partial(settle, run, arrive()) for run in runs])
    assert {part[0].state for part in outputs} == {Output.State.COPIED}
    assert len({part[0].file_id for part in outputs}) == 1
    for part in outputs:
        assert part[0].file is not None
        assert content(part[0].file) == PNG


# ------------------------------------------------------------------------------------------------ copies


def test_a_copy_is_leased_to_one_worker(bob: Membership) -> None:
    output = copying(make_run(bob))
    assert [copy.output_id for copy in store.claim_copies()] == [output.id]
    assert store.claim_copies() == []


def test_spooled_bytes_are_copied_by_the_node_that_has_them(bob: Membership) -> None:
    run = make_run(bob)
    copying(run, spool_node="elsewhere", spool_name="x")
    mine = copying(run, spool_node=store.NODE, spool_name="y")
    assert [copy.output_id for copy in store.claim_copies()] == [mine.id]


def test_a_copy_that_is_here_is_a_file(bob: Membership) -> None:
    output = copying(make_run(bob))
    (copy,) = store.claim_copies()
    arrived = arrive()
    needs_thumbnail = store.finish_copy(
        copy=copy, sha256=arrived.sha256, size=arrived.size, media_type="image/png", kind="image",
        path=store.spool_path(arrived.spool_name),
    )  # fmt: skip
    output.refresh_from_db()
    assert (output.state, output.next_try_at) == (Output.State.COPIED, None)
    assert output.file is not None
    assert output.file_id == needs_thumbnail
    assert content(output.file) == PNG


def test_a_failed_copy_waits_twice_as_long_each_time_up_to_an_hour(bob: Membership) -> None:
    output = copying(make_run(bob))
    waits = []
    for _ in range(12):
        Output.objects.filter(id=output.id).update(next_try_at=timezone.now())
        (copy,) = store.claim_copies()
        before = timezone.now()
        store.postpone_copy(copy=copy, reason="The file could not be fetched.", final=False)
        output.refresh_from_db()
        assert output.next_try_at is not None
        waits.append(round((output.next_try_at - before).total_seconds()))
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]
    assert (output.state, output.attempts) == (Output.State.COPYING, 12)


@pytest.mark.parametrize(("final", "ago"), [(True, timedelta(0)), (False, timedelta(days=8))])
def test_a_copy_is_given_up_for_good_or_after_seven_days(
    bob: Membership, final: bool, ago: timedelta
) -> None:
    output = copying(make_run(bob, ago=ago))
    (copy,) = store.claim_copies()
    store.postpone_copy(copy=copy, reason="The provider answered 404 for the file.", final=final)
    output.refresh_from_db()
    assert (output.state, output.next_try_at) == (Output.State.LOST, None)
    assert output.reason == "The provider answered 404 for the file."
    assert store.claim_copies() == []


def test_a_copy_that_was_erased_meanwhile_stays_erased(bob: Membership) -> None:
    output = copying(make_run(bob))
    (copy,) = store.claim_copies()
    Output.objects.filter(id=output.id).update(state=Output.State.ERASED, url="")
    store.postpone_copy(copy=copy, reason="x", final=False)
    arrived = arrive()
    store.finish_copy(
        copy=copy, sha256=arrived.sha256, size=arrived.size, media_type="image/png", kind="image",
        path=store.spool_path(arrived.spool_name),
    )  # fmt: skip
    output.refresh_from_db()
    assert (output.state, output.file) == (Output.State.ERASED, None)
