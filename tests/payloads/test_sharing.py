"""Who sees a payload, what is taken along in a copy, the trash, and somebody who leaves."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from accounts.models import AuditEvent, Membership
from playground.payloads.changing import change_details, share
from playground.payloads.exposure import Leak
from playground.payloads.forks import fork, pull, source_of
from playground.payloads.models import Payload, PayloadFile, PayloadVersion, Visibility
from playground.payloads.opening import open_version
from playground.payloads.saving import PayloadProblem, save_version
from playground.payloads.trash import purge, purge_due, restore, trash
from playground.payloads.variables import Variable
from playground.runs import body
from playground.runs.models import File, Run
from playground.workbench.leaving import delete_person, remove_member
from tests.payloads.conftest import TEXT, Save
from tests.personas import LIVE_TEXT, People
from tests.runs.factories import make_file, make_run


def newest(payload: Payload) -> PayloadVersion:
    return payload.versions.get(number=Payload.objects.get(id=payload.id).newest)


def test_its_owner_says_who_sees_it(people: People, bob: Membership, save: Save) -> None:
    payload = save()
    alice = people.membership("alice")
    with pytest.raises(Payload.DoesNotExist):
        share(membership=alice, payload=payload, visibility=Visibility.TEAM)
    share(membership=bob, payload=payload, visibility=Visibility.NAMED, readers=[people.adam.user])
    with pytest.raises(PermissionDenied):
        share(membership=people.membership("adam"), payload=payload, visibility=Visibility.TEAM)
    share(membership=bob, payload=payload, visibility=Visibility.TEAM)
    assert not payload.readers.exists()
    assert Payload.objects.visible_to(alice).get() == payload
    assert AuditEvent.objects.filter(verb="payload.shared").count() == 2
    with pytest.raises(PayloadProblem, match="Name at least one person"):
        share(membership=bob, payload=payload, visibility=Visibility.NAMED)


def test_a_key_anywhere_in_it_is_named_and_not_shared(bob: Membership, save: Save) -> None:
    payload = save(text=f'{{"headers": {{"x-api-key": "{LIVE_TEXT}"}}}}')
    save_version(membership=bob, payload=payload, base=1, version=1, text="{}")
    with pytest.raises(Leak, match="version 1") as caught:
        share(membership=bob, payload=payload, visibility=Visibility.TEAM)
    assert LIVE_TEXT not in str(caught.value)
    payload.refresh_from_db()
    assert payload.visibility == Visibility.PRIVATE
    clean = save(visibility=Visibility.TEAM)
    with pytest.raises(Leak, match="variables"):
        save_version(
            membership=bob,
            payload=clean,
            base=1,
            version=1,
            text="{}",
            variables=[Variable("k", default=LIVE_TEXT)],
        )
    with pytest.raises(Leak, match="notes"):
        change_details(
            membership=bob,
            payload=clean,
            name="Fox",
            notes=f"Use {LIVE_TEXT}",
            tags=(),
            folder="",
            run_tag="",
        )


def test_whoever_reads_it_may_describe_it(people: People, save: Save) -> None:
    payload = save(visibility=Visibility.TEAM)
    change_details(
        membership=people.membership("adam"),
        payload=payload,
        name="  Red   fox ",
        notes="**bold**",
        tags=["Fox", "fox", "snow"],
        folder="/animals//winter/../",
        run_tag="campaign",
    )
    payload.refresh_from_db()
    assert (payload.name, payload.tags, payload.folder) == ("Red fox", ["Fox", "snow"], "animals/winter")


def test_the_files_of_a_shared_payload_go_along_and_no_others(
    people: People, bob: Membership, save: Save
) -> None:
    alice = people.membership("alice")
    hers, his = make_file(alice, b"hers"), make_file(bob, b"his")
    hers.holders.add(alice.user)
    his.holders.add(bob.user)
    marks = [body.make_marker(team_id=people.team.id, file_id=file.id, how="base64") for file in (hers, his)]
    payload = save(text=f'{{"a": "{marks[0]}", "b": "{marks[1]}"}}', visibility=Visibility.TEAM)
    assert list(PayloadFile.objects.values_list("file", flat=True)) == [his.id]
    adam = people.membership("adam")
    assert not File.objects.visible_to(adam).exists()
    open_version(membership=adam, version_id=newest(payload).id)
    assert list(File.objects.visible_to(adam)) == [his]


def test_files_can_be_kept_back(people: People, bob: Membership, save: Save) -> None:
    his = make_file(bob, b"his")
    his.holders.add(bob.user)
    mark = body.make_marker(team_id=people.team.id, file_id=his.id, how="base64")
    payload = save(text=f'{{"image": "{mark}"}}')
    share(membership=bob, payload=payload, visibility=Visibility.TEAM, keep_files=True)
    adam = people.membership("adam")
    seen = list(PayloadVersion.objects.visible_to(adam))
    assert [(version.number, version.text) for version in seen] == [(2, '{"image": "{{image}}"}')]
    assert [one["default"] for one in seen[0].variables] == [None]
    open_version(membership=adam, version_id=seen[0].id)
    assert not File.objects.visible_to(adam).exists()
    with pytest.raises(Http404):
        open_version(membership=adam, version_id=payload.versions.get(number=1).id)


def test_a_fork_takes_over_what_changed_and_keeps_what_it_said(
    people: People, bob: Membership, save: Save
) -> None:
    source = save(visibility=Visibility.TEAM)
    alice = people.membership("alice")
    mine = fork(membership=alice, version=newest(source))
    assert (mine.visibility, mine.owner, newest(mine).text) == (Visibility.PRIVATE, people.alice.user, TEXT)
    save_version(membership=alice, payload=mine, base=1, version=1, text='{"mine": 1}')
    save_version(membership=bob, payload=source, base=1, version=2, text='{"theirs": 1}')
    seen = source_of(membership=alice, payload=mine)
    assert seen is not None
    assert seen.newer == newest(source)
    pull(membership=alice, payload=mine, newer=newest(source), base=2)
    assert [row.text for row in mine.versions.order_by("number")] == [TEXT, '{"mine": 1}', '{"theirs": 1}']
    mine.refresh_from_db()
    seen = source_of(membership=alice, payload=mine)
    assert seen is not None
    assert seen.newer is None


@pytest.mark.parametrize("how", ["trashed", "private", "purged"])
def test_a_source_that_is_gone_is_said_to_be(people: People, bob: Membership, save: Save, how: str) -> None:
    source = save(visibility=Visibility.TEAM)
    alice = people.membership("alice")
    mine = fork(membership=alice, version=newest(source))
    if how == "private":
        share(membership=bob, payload=source, visibility=Visibility.PRIVATE)
    else:
        trash(membership=bob, payload=source)
    if how == "purged":
        purge(membership=bob, payload=source)
    mine.refresh_from_db()
    seen = source_of(membership=alice, payload=mine)
    assert seen is not None
    assert (seen.label, seen.payload, seen.newer) == ("Red fox", None, None)
    with pytest.raises(PayloadProblem, match="gone"):
        pull(membership=alice, payload=mine, newer=newest(mine), base=1)


def test_the_trash_gives_back_for_thirty_days(bob: Membership, save: Save) -> None:
    payload = save()
    run = make_run(bob, endpoint="painter", payload_version=newest(payload))
    trash(membership=bob, payload=payload)
    assert not Payload.objects.visible_to(bob).kept().exists()
    with pytest.raises(PayloadProblem, match="trash"):
        save_version(membership=bob, payload=payload, base=1, version=1, text="{}")
    assert purge_due() == 0
    restore(membership=bob, payload=payload)
    assert Payload.objects.visible_to(bob).kept().get() == payload
    trash(membership=bob, payload=payload)
    Payload.objects.update(trashed_at=timezone.now() - timedelta(days=31))
    assert purge_due() == 1
    assert not PayloadVersion.objects.exists()
    assert Run.objects.get(id=run.id).payload_version is None


def test_only_its_owner_or_an_admin_trashes_it(people: People, bob: Membership, save: Save) -> None:
    payload = save(visibility=Visibility.TEAM)
    Payload.objects.update(owner=people.alice.user)
    with pytest.raises(PermissionDenied):
        trash(membership=bob, payload=payload)
    trash(membership=people.membership("adam"), payload=payload)
    assert Payload.objects.get().trashed_by == "Adam"


def test_what_a_leaver_shared_goes_to_somebody_and_the_rest_to_the_trash(
    people: People, bob: Membership, save: Save
) -> None:
    shared, private = save("Shared", visibility=Visibility.TEAM), save("Private")
    remove_member(actor=people.membership("adam"), leaving=bob, heir=people.membership("alice"))
    shared.refresh_from_db()
    private.refresh_from_db()
    assert (shared.owner, shared.trashed_at) == (people.alice.user, None)
    assert (private.owner, private.trashed_by) == (people.bob.user, "Bob")
    assert newest(shared).author_label == "Bob"


def test_by_default_the_one_who_removes_or_an_owner_takes_over(
    people: People, bob: Membership, save: Save
) -> None:
    save(visibility=Visibility.TEAM)
    remove_member(actor=bob, leaving=bob)
    assert Payload.objects.get().owner == people.alice.user
    adam = people.membership("adam")
    Payload.objects.update(owner=people.alice.user)
    Membership.objects.create(team=people.team, user=people.bob.user, role="owner")
    delete_person(user=people.alice.user, actor=None)
    assert Payload.objects.get().owner == people.bob.user
    remove_member(actor=Membership.objects.get(user=people.bob.user), leaving=adam)
