import datetime
import hashlib
import json
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership
from playground.runs import body, store
from playground.runs.models import File, RunInput
from playground.workbench.uploads import UploadProblem, chips, keep_upload
from tests.personas import People
from tests.runs.factories import PNG, make_run
from tests.runs.threads import together

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def upload(data: bytes = PNG, name: str = "boat.png", type_: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, type_)


def keep(membership: Membership, data: bytes = PNG, name: str = "boat.png", type_: str = "image/png") -> File:
    return keep_upload(membership=membership, upload=upload(data, name, type_))


def content(file: File) -> bytes:
    with default_storage.open(file.storage_name) as stored:
        return bytes(stored.read())


def test_a_file_is_kept_as_it_came(bob: Membership) -> None:
    file = keep(bob)
    assert content(file) == PNG
    assert (file.size, file.kind, file.media_type, file.name) == (len(PNG), "image", "image/png", "boat.png")
    assert list(file.holders.all()) == [bob.user]


def test_the_same_bytes_are_one_file_of_all_who_brought_them(people: People, bob: Membership) -> None:
    adam = people.membership("adam")
    files = [keep(bob), keep(bob, name="again.png"), keep(adam, name="mine.png")]
    assert len({file.id for file in files}) == 1
    assert set(files[0].holders.all()) == {bob.user, adam.user}


def test_two_teams_never_share_a_file(people: People, bob: Membership) -> None:
    mine, theirs = keep(bob), keep(people.membership("charlie"))
    assert mine.id != theirs.id
    assert mine.storage_name != theirs.storage_name
    assert not File.objects.visible_to(people.membership("charlie")).filter(id=mine.id).exists()


def test_an_empty_file_is_refused(bob: Membership) -> None:
    with pytest.raises(UploadProblem, match="empty"):
        keep(bob, b"")
    assert not File.objects.exists()


def test_a_file_above_the_limit_is_refused_with_both_sizes(bob: Membership, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 2 * 1024 * 1024
    with pytest.raises(UploadProblem, match=r"3 MB; the limit is 2 MB"):
        keep(bob, b"x" * (3 * 1024 * 1024))
    assert not File.objects.exists()


def test_an_auditor_brings_nothing(people: People) -> None:
    with pytest.raises(PermissionDenied):
        keep(people.membership("audrey"))


@pytest.mark.parametrize(
    ("data", "type_", "kind", "media_type"),
    [
        (SVG, "image/svg+xml", "binary", "application/octet-stream"),
        (SVG, "image/png", "html", "application/octet-stream"),
        (HTML, "image/png", "html", "application/octet-stream"),
        (HTML, "text/html", "html", "application/octet-stream"),
        (HTML, "application/octet-stream", "html", "application/octet-stream"),
        (b"<?xml version='1.0'?><x/>", "image/jpeg", "html", "application/octet-stream"),
        (b'{"a": 1}', "image/png", "json", "application/json"),
        (PNG, "text/html", "image", "image/png"),
        (PNG, "", "image", "image/png"),
        (PNG, "image/x-evil; charset=<script>", "image", "image/png"),
        (b"plain words", "image/x-unknown", "image", "application/octet-stream"),
        (b"plain words", "text/plain", "text", "text/plain; charset=utf-8"),
        (b"MZ\x90\x00\xff\xfe", "application/x-msdownload", "binary", "application/octet-stream"),
    ],
)
def test_the_type_is_from_the_fixed_list_whatever_the_browser_says(
    bob: Membership, data: bytes, type_: str, kind: str, media_type: str
) -> None:
    file = keep(bob, data, type_=type_)
    assert (file.kind, file.media_type) == (kind, media_type)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00b.png", "x" * 500, "naïve ⚓.png", "\u202egnp.exe"]
)
def test_a_name_is_only_a_label(bob: Membership, name: str) -> None:
    file = keep(bob, name=name)
    assert file.storage_name.startswith(f"{bob.team_id}/")
    assert "\x00" not in file.name
    assert "/" not in file.name
    assert 0 < len(file.name) <= 200


def test_what_is_known_of_a_marker_is_a_chip(people: People, bob: Membership) -> None:
    file = keep(bob)
    marks = [body.make_marker(team_id=bob.team_id, file_id=file.id, how=how) for how in body.HOWS]
    forged = marks[0][:-1] + ("0" if marks[0][-1] != "0" else "1")
    known = chips(json.dumps({"a": marks, "b": forged}), membership=bob, mode="sandbox")
    assert set(known) == set(marks)
    assert {chip["name"] for chip in known.values()} == {"boat.png"}
    assert chips(json.dumps(marks), membership=people.membership("charlie"), mode="sandbox") == {}


def test_a_person_attaches_only_so_many_new_files_in_a_day(
    people: People, bob: Membership, settings: Settings
) -> None:
    settings.UPLOADS_PER_DAY = 2
    first = keep(bob, b"one")
    keep(bob, b"two")
    with pytest.raises(UploadProblem, match=r"attached 2 files today.*midnight, Europe/Berlin"):
        keep(bob, b"three")
    # What is there already takes no room, others have a day of their own, and so has tomorrow.
    assert keep(bob, b"one").id == first.id
    keep(people.membership("adam"), b"three")
    File.objects.filter(id=first.id).update(created_at=timezone.now() - datetime.timedelta(days=1))
    keep(bob, b"four")


def test_files_that_no_run_has_used_fill_only_so_much(
    people: People, bob: Membership, settings: Settings
) -> None:
    settings.UNUSED_UPLOAD_BYTES = 1000
    first = keep(bob, b"a" * 600)
    with pytest.raises(UploadProblem, match="may fill 1000\xa0bytes in this team"):
        keep(people.membership("adam"), b"b" * 500)
    assert File.objects.count() == 1
    assert not default_storage.exists(
        store.storage_name(str(bob.team_id), hashlib.sha256(b"b" * 500).hexdigest())
    )
    keep(people.membership("charlie"), b"b" * 500)
    RunInput.objects.create(run=make_run(bob), file=first)
    keep(people.membership("adam"), b"b" * 500)


def test_the_limit_is_told_at_the_field(people: People, settings: Settings) -> None:
    settings.UPLOADS_PER_DAY = 0
    answer = people.bob.client().post(
        f"/t/{people.team.slug}/sandbox/uploads/", {"file": upload(), "how": "base64"}
    )
    assert answer.status_code == 413
    assert "which is the limit" in answer.json()["error"]


@pytest.mark.django_db(transaction=True)
def test_the_same_file_from_many_tabs_at_once_is_one(bob: Membership) -> None:
    files = together(*[partial(keep, bob, PNG, f"tab {number}.png") for number in range(8)])
    assert len({file.id for file in files}) == 1
    assert content(files[0]) == PNG
