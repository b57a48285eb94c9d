from collections.abc import Callable

import pytest
from django.db import IntegrityError
from pytest_django import Settings

from accounts import access, keys, vault
from accounts.models import ApiKey, AuditEvent, Mode
from tests.personas import LIVE_TEXT, SANDBOX_TEXT, People, make_key


@pytest.mark.parametrize(
    "pasted",
    [
        LIVE_TEXT,
        f"  {LIVE_TEXT}\n",
        f'"{LIVE_TEXT}"',
        f"“{LIVE_TEXT}”",
        f"x-api-key: {LIVE_TEXT}",
        f"'x-api-key': '{LIVE_TEXT}',",
        f"X-API-KEY:{LIVE_TEXT}",
        f"SEGMIND_API_KEY={LIVE_TEXT}",
        f"export SEGMIND_API_KEY={LIVE_TEXT}",
        f"Authorization: Bearer {LIVE_TEXT}",
        f"\ufeff{LIVE_TEXT}\u200b",
    ],
)
def test_what_is_copied_along_with_a_key_is_taken_off(pasted: str) -> None:
    assert keys.check_format(pasted) == (LIVE_TEXT, None)


@pytest.mark.parametrize(
    "text", ["", "   ", "''", "x-api-key:", "two words of text", "SG_0123456789abcdeé", "SG_1", "a" * 201]
)
def test_what_no_key_can_be_is_refused(text: str) -> None:
    with pytest.raises(keys.BadKeyText):
        keys.check_format(text)


@pytest.mark.parametrize(
    "text", ["SG_0123456789abcde", "SG_0123456789abcdeg", "sk-abcdefghijkl", "SG-0123456789abcdef"]
)
def test_an_unusual_form_is_a_warning(text: str) -> None:
    clean, warning = keys.check_format(text)
    assert clean == text
    assert warning is not None


@pytest.mark.parametrize("text", ["SGTEST_123", "SGTEST_0123456789abcdefa", "sgtest_0123456789abcdef"])
def test_a_sandbox_key_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(keys.BadKeyText):
        keys.check_format(text)


def test_a_sandbox_key_without_a_sandbox_is_refused(settings: Settings) -> None:
    assert keys.check_format(SANDBOX_TEXT) == (SANDBOX_TEXT, None)
    settings.SANDBOX_URL = ""
    with pytest.raises(keys.NoSandbox):
        keys.check_format(SANDBOX_TEXT)


def test_a_made_sandbox_key_has_the_right_form() -> None:
    text = keys.make_sandbox_text()
    assert keys.check_format(text) == (text, None)
    assert keys.mode_of(text) == Mode.SANDBOX
    assert keys.mode_of(LIVE_TEXT) == Mode.LIVE


def test_the_first_key_of_a_mode_is_the_default(people: People) -> None:
    alice = people.membership("alice")
    live, sandbox, second = (
        make_key(alice, text=LIVE_TEXT),
        make_key(alice, text=SANDBOX_TEXT),
        make_key(alice, text=LIVE_TEXT),
    )
    assert (live.is_default, sandbox.is_default, second.is_default) == (True, True, False)
    keys.set_default(membership=alice, key=second)
    assert set(ApiKey.objects.filter(is_default=True).values_list("id", flat=True)) == {second.id, sandbox.id}


def test_the_database_holds_one_default_per_person_team_and_mode(people: People) -> None:
    alice = people.membership("alice")
    make_key(alice, text=LIVE_TEXT)
    second = make_key(alice, text=LIVE_TEXT)
    with pytest.raises(IntegrityError):
        ApiKey.objects.filter(id=second.id).update(is_default=True)


def test_usable_keys_are_ones_own_then_lent_ones(people: People) -> None:
    alice, bob = people.membership("alice"), people.membership("bob")
    lent = make_key(alice, text=LIVE_TEXT, label="Lent", lent=True)
    make_key(alice, text=LIVE_TEXT, label="Private")
    other = make_key(bob, text=LIVE_TEXT, label="A")
    default = make_key(bob, text=LIVE_TEXT, label="B")
    keys.set_default(membership=bob, key=default)
    make_key(people.membership("charlie"), text=LIVE_TEXT, lent=True)
    assert list(keys.usable_keys(bob, Mode.LIVE)) == [default, other, lent]
    assert list(keys.usable_keys(bob, Mode.SANDBOX)) == []
    assert list(keys.usable_keys(people.membership("audrey"), Mode.LIVE)) == []


def test_unusable_keys_are_left_out(people: People) -> None:
    alice = people.membership("alice")
    revoked, deleted, broken = (make_key(alice, text=LIVE_TEXT) for _ in range(3))
    keys.revoke_key(membership=alice, key=revoked)
    keys.delete_key(membership=alice, key=deleted)
    ApiKey.objects.filter(id=broken.id).update(needs_reentry=True)
    assert list(keys.usable_keys(alice, Mode.LIVE)) == []


def test_replacing_keeps_the_row_and_forgets_the_balance(people: People) -> None:
    alice = people.membership("alice")
    key = make_key(alice, text=LIVE_TEXT)
    ApiKey.objects.filter(id=key.id).update(needs_reentry=True, credits=5)
    replaced = keys.replace_key(membership=alice, key=key, text="SG_ffffffffffff7c1e")
    stored = ApiKey.objects.get(id=key.id)
    assert vault.decrypt(stored) == "SG_ffffffffffff7c1e"
    assert (replaced.last_four, stored.needs_reentry, stored.credits) == ("7c1e", False, None)
    assert stored.replaced_at is not None


def test_a_key_never_changes_its_mode(people: People) -> None:
    alice = people.membership("alice")
    key = make_key(alice, text=LIVE_TEXT)
    with pytest.raises(keys.OtherMode):
        keys.replace_key(membership=alice, key=key, text=SANDBOX_TEXT)


def test_a_revoked_key_keeps_its_text_but_takes_no_new_deeds(people: People) -> None:
    alice = people.membership("alice")
    key = make_key(alice, text=LIVE_TEXT, lent=True)
    row = keys.revoke_key(membership=alice, key=key)
    assert (row.state, row.lent, row.is_default) == (ApiKey.State.REVOKED, False, False)
    assert vault.decrypt(ApiKey.objects.get(id=key.id)) == LIVE_TEXT
    assert not access.may_use_key(alice, row)
    deeds: tuple[Callable[[], ApiKey], ...] = (
        lambda: keys.replace_key(membership=alice, key=key, text=LIVE_TEXT),
        lambda: keys.lend(membership=alice, key=key, lent=True),
        lambda: keys.set_default(membership=alice, key=key),
    )
    for deed in deeds:
        with pytest.raises(keys.KeyStopped):
            deed()


def test_deleting_wipes_the_ciphertext_and_keeps_the_row(people: People) -> None:
    alice = people.membership("alice")
    key = make_key(alice, text=LIVE_TEXT)
    keys.delete_key(membership=alice, key=key)
    row = ApiKey.objects.get(id=key.id)
    assert (row.ciphertext, row.ring_key, row.label, row.last_four) == (None, "", key.label, key.last_four)


def test_each_change_is_recorded_once(people: People) -> None:
    alice = people.membership("alice")
    key = make_key(alice, text=LIVE_TEXT)
    for _ in range(2):
        keys.lend(membership=alice, key=key, lent=True)
        keys.set_default(membership=alice, key=key)
    keys.replace_key(membership=alice, key=key, text="SG_ffffffffffffffff")
    for _ in range(2):
        keys.revoke_key(membership=alice, key=key)
    for _ in range(2):
        keys.delete_key(membership=alice, key=key)
    verbs = AuditEvent.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["key.added", "key.lent", "key.replaced", "key.revoked", "key.deleted"]


def test_a_balance_of_the_old_text_is_not_written_over_a_new_one(people: People) -> None:
    alice = people.membership("alice")
    stale = make_key(alice, text=LIVE_TEXT)
    keys.replace_key(membership=alice, key=stale, text="SG_ffffffffffffffff")
    keys.record_balance(key=stale, paid=None, free=None)
    assert ApiKey.objects.get(id=stale.id).balance_at is None


def test_who_sees_which_keys(people: People) -> None:
    own = make_key(people.membership("bob"), text=LIVE_TEXT)
    lent = make_key(people.membership("alice"), text=LIVE_TEXT, lent=True)
    private = make_key(people.membership("adam"), text=LIVE_TEXT)
    make_key(people.membership("charlie"), text=LIVE_TEXT, lent=True)

    def seen(name: str) -> set[ApiKey]:
        return set(ApiKey.objects.visible_to(people.membership(name)))

    assert seen("bob") == {own, lent}
    assert seen("audrey") == {lent}
    assert seen("adam") == seen("alice") == {own, lent, private}


def test_who_sees_a_balance(people: People) -> None:
    private = make_key(people.membership("bob"), text=LIVE_TEXT)
    lent = make_key(people.membership("bob"), text=LIVE_TEXT, lent=True)

    def seeing(key: ApiKey) -> set[str]:
        names = ("alice", "adam", "bob", "audrey", "charlie")
        return {name for name in names if access.may_see_balance(people.membership(name), key)}

    assert seeing(private) == {"bob"}
    assert seeing(lent) == {"alice", "adam", "bob", "audrey"}
