"""Only proof makes a run "not sent": a key that may not or cannot be used, a body that cannot be put together, a
connection that never came up. None of these reaches the provider, and none is billed.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage

from accounts import keys
from accounts.models import ApiKey
from playground.runs import body
from tests.promises.house import House
from tests.runs.factories import make_file


def revoke(house: House, key: ApiKey) -> None:
    keys.revoke_key(membership=house.people.membership("bob"), key=key)


def delete(house: House, key: ApiKey) -> None:
    keys.delete_key(membership=house.people.membership("bob"), key=key)


def garble(house: House, key: ApiKey) -> None:
    ApiKey.objects.filter(id=key.id).update(ciphertext=bytes(key.ciphertext or b"") + b"x")


def copy_from_another_row(house: House, key: ApiKey) -> None:
    other = ApiKey.objects.exclude(id=key.id).exclude(ciphertext=None).first()
    assert other is not None
    ApiKey.objects.filter(id=key.id).update(ciphertext=other.ciphertext)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (revoke, "key_revoked"),
        (delete, "key_deleted"),
        (garble, "key_unreadable"),
        (copy_from_another_row, "key_unreadable"),
    ],
)
def test_a_key_that_went_bad_while_the_run_waited(
    house: House, harm: Callable[[House, ApiKey], None], reason: str
) -> None:
    house.new_key()
    key, text = house.new_key()
    run = house.send(key, before_commit=lambda: harm(house, key))
    row = house.wait_for(run, "not_sent")
    assert (row.billing, row.cost, row.reason) == ("not_billed", None, reason)
    assert house.posts(text) == []
    with house.django():
        assert ApiKey.objects.get(id=key.id).needs_reentry == (reason == "key_unreadable")


@pytest.mark.parametrize("how", body.HOWS)
def test_a_file_whose_bytes_are_gone(house: House, how: body.How) -> None:
    key, text = house.new_key()
    with house.django():
        membership = house.people.membership("bob")
        file = make_file(membership, f"bytes for {how}".encode(), media_type="image/png")
        file.holders.add(membership.user)
        mark = body.make_marker(team_id=membership.team_id, file_id=file.id, how=how)
        run = house.send(
            key, body={"image": mark}, before_commit=lambda: default_storage.delete(file.storage_name)
        )
    row = house.wait_for(run, "not_sent")
    assert (row.billing, row.reason) == ("not_billed", "file_missing")
    assert house.posts(text) == []


@pytest.mark.parametrize(
    "fault", [{"fault": "status_500"}, {"fault": "drop_after_body"}, {"fault": "html_200"}]
)
def test_an_upload_that_failed_means_that_no_run_began(house: House, fault: dict[str, Any]) -> None:
    key, text = house.new_key()
    with house.django():
        membership = house.people.membership("bob")
        file = make_file(membership, f"an upload with {fault['fault']}".encode())
        file.holders.add(membership.user)
        mark = body.make_marker(team_id=membership.team_id, file_id=file.id, how="upload")
        house.sandbox.fault("upload-asset", fault["fault"], key=text)
        run = house.send(key, body={"image": mark})
    row = house.wait_for(run, "not_sent")
    assert (row.billing, row.reason) == ("not_billed", "upload_failed")
    assert house.posts(text) == []
    house.sandbox.clear_faults("upload-asset")


def test_a_provider_that_is_not_there(house: House) -> None:
    key, text = house.new_key()
    port = house.stack.stop_sandbox()
    try:
        run = house.send(key)
        row = house.wait_for(run, "not_sent")
        assert (row.billing, row.reason) == ("not_billed", "connect_failed")
    finally:
        house.stack.start_sandbox(port)
    assert house.posts(text) == []
    # A new attempt is a new run.
    house.wait_for(house.send(key), "succeeded")
    assert len(house.posts(text)) == 1
