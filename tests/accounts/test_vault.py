import pytest
from django.conf import settings as live_settings
from pytest_django import Settings
from uuid_utils.compat import uuid7

from accounts import vault
from accounts.models import ApiKey
from tests.personas import LIVE_TEXT, SANDBOX_TEXT, People, make_key

OLD = ("old", b"0123456789abcdef0123456789abcdef")
NEW = ("new", b"fedcba9876543210fedcba9876543210")


def test_a_stored_key_comes_back_as_it_was_entered(people: People) -> None:
    key = ApiKey.objects.get(id=make_key(people.membership("alice"), text=LIVE_TEXT).id)
    assert vault.decrypt(key) == LIVE_TEXT


def test_the_text_is_not_in_the_row(people: People) -> None:
    key = make_key(people.membership("alice"), text=LIVE_TEXT)
    assert LIVE_TEXT.encode() not in bytes(key.ciphertext or b"")
    assert key.last_four == LIVE_TEXT[-4:]


def test_equal_keys_have_different_ciphertexts(people: People) -> None:
    first = make_key(people.membership("alice"), text=LIVE_TEXT)
    second = make_key(people.membership("alice"), text=LIVE_TEXT)
    assert bytes(first.ciphertext or b"") != bytes(second.ciphertext or b"")


@pytest.mark.parametrize("changed", ["row", "team", "owner"])
def test_a_ciphertext_opens_only_for_its_row_team_and_owner(changed: str) -> None:
    row, team, owner = uuid7(), uuid7(), uuid7()
    blob, _ = vault.encrypt(LIVE_TEXT, row_id=row, team_id=team, owner_ref=owner)
    assert vault.open_blob(blob, row_id=row, team_id=team, owner_ref=owner) == LIVE_TEXT
    with pytest.raises(vault.Unreadable):
        vault.open_blob(
            blob,
            row_id=uuid7() if changed == "row" else row,
            team_id=uuid7() if changed == "team" else team,
            owner_ref=uuid7() if changed == "owner" else owner,
        )


def test_a_ciphertext_copied_to_another_row_stays_shut_and_is_marked(people: People) -> None:
    victim = make_key(people.membership("alice"), text=LIVE_TEXT)
    thief = make_key(people.membership("bob"), text="SG_ffffffffffffffff")
    ApiKey.objects.filter(id=thief.id).update(ciphertext=victim.ciphertext, ring_key=victim.ring_key)
    copied = ApiKey.objects.get(id=thief.id)
    with pytest.raises(vault.Unreadable, match="Enter it again"):
        vault.decrypt(copied)
    assert ApiKey.objects.get(id=thief.id).needs_reentry
    assert not ApiKey.objects.get(id=victim.id).needs_reentry


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x02\x01k", b"\x01\x05tests", b"\x01\x05tests" + b"0" * 40])
def test_damaged_ciphertexts_are_unreadable(blob: bytes) -> None:
    with pytest.raises(vault.Unreadable):
        vault.open_blob(blob, row_id=uuid7(), team_id=uuid7(), owner_ref=uuid7())


def test_the_first_ring_key_encrypts_and_every_one_decrypts(people: People, settings: Settings) -> None:
    settings.VAULT_RING = [OLD]
    key = make_key(people.membership("alice"), text=SANDBOX_TEXT)
    assert key.ring_key == "old"
    settings.VAULT_RING = [NEW, OLD]
    assert vault.decrypt(key) == SANDBOX_TEXT
    assert make_key(people.membership("alice"), text=SANDBOX_TEXT).ring_key == "new"
    settings.VAULT_RING = [NEW]
    with pytest.raises(vault.Unreadable):
        vault.decrypt(key)


def test_a_row_replaced_meanwhile_is_not_marked(people: People) -> None:
    key = make_key(people.membership("alice"))
    stale = ApiKey.objects.get(id=key.id)
    stale.ciphertext = b"\x01\x05tests" + b"0" * 40
    with pytest.raises(vault.Unreadable):
        vault.decrypt(stale)
    assert not ApiKey.objects.get(id=key.id).needs_reentry


def test_a_deleted_key_has_nothing_to_decrypt() -> None:
    with pytest.raises(vault.Unreadable, match="deleted"):
        vault.decrypt(ApiKey(ciphertext=None))


def test_the_ring_comes_from_the_settings() -> None:
    assert vault.ring_key_names() == [name for name, _ in live_settings.VAULT_RING]
    assert vault.newest_ring_key() == vault.ring_key_names()[0]
