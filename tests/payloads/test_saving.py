"""Saving a payload and its versions."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from accounts.models import Membership
from playground.payloads.models import Payload, PayloadVersion, Visibility
from playground.payloads.saving import (
    NewerVersion,
    PayloadProblem,
    restore_version,
    save_payload,
    save_version,
)
from playground.payloads.variables import Variable
from playground.runs import body, retention
from playground.runs.models import File
from tests.payloads.conftest import TEXT, Save
from tests.personas import People
from tests.runs.factories import add_output, make_file, make_run


def test_the_exact_text_is_kept(save: Save) -> None:
    payload = save(text=TEXT)
    version = payload.versions.get()
    assert (version.number, version.text, version.author_label) == (1, TEXT, "Bob")


def test_who_reads_it(people: People, save: Save) -> None:
    save("Mine")
    save("Ours", visibility=Visibility.TEAM)
    named = save("Theirs", visibility=Visibility.NAMED)
    named.readers.add(people.alice.user)

    def seen(name: str) -> set[str]:
        visible = Payload.objects.visible_to(people.membership(name))
        versions = PayloadVersion.objects.visible_to(people.membership(name))
        assert visible.count() == versions.count()
        return set(visible.values_list("name", flat=True))

    assert seen("bob") == {"Mine", "Ours", "Theirs"}
    assert seen("alice") == {"Ours", "Theirs"}
    assert seen("adam") == {"Ours"}
    assert seen("audrey") == set() == seen("charlie")


def test_a_newer_version_is_never_covered(people: People, bob: Membership, save: Save) -> None:
    payload = save(visibility=Visibility.TEAM)
    alice = people.membership("alice")
    save_version(membership=alice, payload=payload, base=1, version=1, text='{"a": 1}')
    with pytest.raises(NewerVersion, match="Alice has saved version 2") as caught:
        save_version(membership=bob, payload=payload, base=1, version=1, text='{"a": 2}')
    assert caught.value.theirs.text == '{"a": 1}'
    assert payload.versions.count() == 2


def test_saying_the_same_again_makes_no_version(bob: Membership, save: Save) -> None:
    payload = save()
    assert save_version(membership=bob, payload=payload, base=1, version=1, text=TEXT).number == 1
    assert save_version(membership=bob, payload=payload, base=1, version=2, text=TEXT).number == 2


def test_restore_makes_a_new_version(bob: Membership, save: Save) -> None:
    payload = save()
    save_version(membership=bob, payload=payload, base=1, version=2, text="{}")
    restored = restore_version(membership=bob, payload=payload, old=payload.versions.get(number=1))
    assert (restored.number, restored.text, restored.version) == (3, TEXT, 1)
    assert restored.message == "Version 1 restored"


def test_the_database_keeps_a_version_as_it_is(save: Save) -> None:
    version = save().versions.get()
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        PayloadVersion.objects.filter(id=version.id).update(text="{}")


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("body", {"text": '{"a": }'}),
        ("body", {"text": "[]"}),
        ("variables", {"variables": [Variable("a", default="{{a}}")]}),
        ("name", {"name": " \t"}),
        ("endpoint", {"endpoint": "nowhere"}),
        ("tags", {"tags": [str(number) for number in range(30)]}),
    ],
)
def test_what_is_not_kept(bob: Membership, field: str, changes: dict[str, object]) -> None:
    given = {"name": "Fox", "endpoint": "painter", "version": 1, "text": "{}"} | changes
    with pytest.raises(PayloadProblem) as caught:
        save_payload(membership=bob, **given)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert not Payload.objects.exists()


def test_an_auditor_saves_nothing(people: People) -> None:
    with pytest.raises(PayloadProblem, match="role"):
        save_payload(
            membership=people.membership("audrey"), name="Fox", endpoint="painter", version=1, text="{}"
        )


def test_a_file_stays_as_long_as_a_version_names_it(people: People, bob: Membership, save: Save) -> None:
    ago = timedelta(days=40)
    kept, gone = (make_file(bob, data, created_at=timezone.now() - ago) for data in (b"kept", b"gone"))
    kept.holders.add(bob.user)
    for file in (kept, gone):
        add_output(make_run(bob, ago=ago), file)
    payload = save(text=f'{{"a": "{body.make_marker(team_id=bob.team_id, file_id=kept.id, how="base64")}"}}')
    people.team.keep_files_days = 30
    people.team.save()
    retention.apply()
    assert list(File.objects.values_list("id", flat=True)) == [kept.id]
    payload.delete()
    retention.apply()
    assert not File.objects.exists()
