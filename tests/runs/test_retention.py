from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import AuditEvent
from playground.runs import history, retention
from playground.runs.models import Billing, File, Output, Run, RunInput, RunText, State
from tests.personas import People
from tests.runs.factories import add_output, make_file, make_run

pytestmark = pytest.mark.django_db

OLD = timedelta(days=40)


@pytest.fixture
def old(people: People) -> Run:
    bob = people.membership("bob")
    run = make_run(
        bob,
        ago=OLD,
        response_text="answer",
        error_text="error",
        headers=[["a", "b"]],
        request_id="req-12345678",
    )
    file = make_file(bob, b"old picture", created_at=timezone.now() - OLD)
    file.thumbnail_name = default_storage.save("old.webp", ContentFile(b"thumb"))
    file.save()
    add_output(run, file, url="https://images.example/x.png")
    return run


def keep(people: People, *, files: int | None = None, text: int | None = None) -> None:
    people.team.keep_files_days, people.team.keep_text_days = files, text
    people.team.save()


def test_nothing_goes_without_a_setting(people: People, old: Run) -> None:
    assert retention.apply() == {"texts": 0, "outputs": 0}
    assert RunText.objects.get(run=old).request_text


def test_words_go_and_the_money_stays(people: People, old: Run) -> None:
    keep(people, text=30)
    young = make_run(people.membership("bob"), ago=timedelta(days=29))
    assert retention.apply()["texts"] == 1
    text = RunText.objects.get(run=old)
    assert (text.request_text, text.response_text, text.error_text, text.response_headers, text.search) == (
        "",
        "",
        "",
        [],
        None,
    )
    assert text.request_sha256
    assert "30 days" in text.erased_by
    assert RunText.objects.get(run=young).request_text
    old.refresh_from_db()
    assert (old.billing, str(old.cost), old.request_id) == (Billing.BILLED, "0.0400000000", "req-12345678")
    assert retention.apply()["texts"] == 0
    found = history.select(people.membership("bob"), "sandbox", history.Filter(words="harbour"))
    assert set(found) == {young}


def test_files_go_with_bytes_and_thumbnail(
    people: People, old: Run, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    keep(people, files=30)
    output = old.outputs.get()
    file = output.file
    assert file is not None
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.apply()["outputs"] == 1
    output.refresh_from_db()
    assert (output.state, output.file, output.url) == (Output.State.ERASED, None, "")
    assert "30 days" in output.reason
    assert not File.objects.filter(id=file.id).exists()
    assert not default_storage.exists(file.storage_name)
    assert not default_storage.exists(file.thumbnail_name)
    assert RunText.objects.get(run=old).request_text
    assert retention.apply()["outputs"] == 0


def test_a_file_that_a_younger_run_returned_stays(people: People, old: Run) -> None:
    keep(people, files=30)
    file = old.outputs.get().file
    assert file is not None
    young = make_run(people.membership("bob"))
    add_output(young, file)
    retention.apply()
    assert default_storage.exists(file.storage_name)
    assert young.outputs.get().state == Output.State.COPIED
    assert old.outputs.get().state == Output.State.ERASED


def test_inputs_and_unused_attachments_go_too(people: People) -> None:
    keep(people, files=30)
    bob = people.membership("bob")
    long_ago = timezone.now() - OLD
    carried = make_file(bob, b"carried", created_at=long_ago)
    RunInput.objects.create(run=make_run(bob, ago=OLD), file=carried)
    needed = make_file(bob, b"needed", created_at=long_ago)
    RunInput.objects.create(run=make_run(bob), file=needed)
    forgotten = make_file(bob, b"forgotten", created_at=long_ago)
    fresh = make_file(bob, b"fresh")
    retention.apply()
    assert set(File.objects.all()) == {needed, fresh}
    assert not File.objects.filter(id__in=[carried.id, forgotten.id]).exists()


def test_open_runs_and_other_teams_are_left_alone(people: People, old: Run) -> None:
    keep(people, files=30, text=30)
    bob = people.membership("bob")
    waiting = make_run(bob, ago=OLD, state=State.ACCEPTED, billing=Billing.PENDING, status=None, version=2)
    charlie = people.charlie.membership
    assert charlie is not None
    other = make_run(charlie, ago=OLD)
    retention.apply()
    assert RunText.objects.get(run=waiting).erased_at is None
    assert RunText.objects.get(run=other).erased_at is None


def test_many_batches(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    keep(people, files=1, text=1)
    bob = people.membership("bob")
    for number in range(5):
        run = make_run(bob, ago=OLD)
        add_output(run, make_file(bob, f"{number}".encode(), created_at=timezone.now() - OLD))
        RunInput.objects.create(
            run=run, file=make_file(bob, f"in {number}".encode(), created_at=timezone.now() - OLD)
        )
    assert retention.apply() == {"texts": 5, "outputs": 5}
    assert not File.objects.exists()


# -- a person's own


def erase(people: People, run: Run, name: str = "bob") -> None:
    client = getattr(people, name).client()
    response = client.post(f"/t/studio/sandbox/history/{run.id}/erase/", {"confirm": "on"})
    assert response.status_code == 302


def test_a_person_erases_their_own_run(people: People, old: Run) -> None:
    erase(people, old)
    text = RunText.objects.get(run=old)
    assert (text.request_text, text.erased_by) == ("", "Bob")
    assert old.outputs.get().state == Output.State.ERASED
    assert AuditEvent.objects.filter(verb="run.erased").count() == 1
    page = people.bob.client().get(f"/t/studio/sandbox/history/{old.id}/").content.decode()
    assert "The content of this run was erased" in page
    assert "$ 0.0400" in page
    assert "Run again" not in page


def test_nobody_erases_another_persons_run(people: People, old: Run) -> None:
    erase(people, old, "alice")
    assert RunText.objects.get(run=old).request_text
    with pytest.raises(retention.CannotErase, match="Only the person"):
        retention.erase_content(run=old, actor=people.alice.user)


def test_not_while_it_runs_and_not_without_confirming(people: People, old: Run) -> None:
    waiting = make_run(people.membership("bob"), state=State.QUEUED, billing=Billing.PENDING, status=None)
    with pytest.raises(retention.CannotErase, match="not finished"):
        retention.erase_content(run=waiting, actor=people.bob.user)
    people.bob.client().post(f"/t/studio/sandbox/history/{old.id}/erase/")
    assert RunText.objects.get(run=old).request_text


def test_what_somebody_else_attached_too_stays(people: People) -> None:
    bob = people.membership("bob")
    run = make_run(bob)
    shared, own = make_file(bob, b"shared"), make_file(bob, b"own")
    shared.holders.add(people.bob.user, people.alice.user)
    own.holders.add(people.bob.user)
    for file in (shared, own):
        RunInput.objects.create(run=run, file=file)
    erase(people, run)
    assert set(File.objects.all()) == {shared}
