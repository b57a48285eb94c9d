import pytest

from accounts import candidates, vault
from accounts.candidates import Candidate
from accounts.models import ApiKey
from tests.accounts.conftest import Provider
from tests.personas import LIVE_TEXT, SANDBOX_TEXT, People, ask_everyone, expect, make_key


@pytest.fixture
def candidate(people: People) -> Candidate:
    return candidates.hold(membership=people.membership("bob"), label="Mine", text=SANDBOX_TEXT)


def url_of(people: People, candidate: Candidate) -> str:
    return f"/t/{people.team.slug}/keys/test/{candidate.id}/save/"


def test_only_who_entered_it_saves_it(people: People, candidate: Candidate) -> None:
    asked = ask_everyone(people, url_of(people, candidate), method="post")
    assert asked == expect(alice=302, adam=302, bob=302, audrey=403)
    assert ApiKey.objects.get().owner == people.bob.user


def test_a_tested_key_is_saved_with_its_balance(
    people: People, provider: Provider, candidate: Candidate
) -> None:
    candidates.test(candidate.id)
    people.bob.client().post(url_of(people, candidate))
    key = ApiKey.objects.get()
    assert (str(key.credits), str(key.free_credits)) == ("12.5000000000", "0.0184921035")
    assert vault.decrypt(key) == SANDBOX_TEXT


def test_an_untested_key_may_be_saved(people: People, candidate: Candidate) -> None:
    people.bob.client().post(url_of(people, candidate))
    assert ApiKey.objects.get().balance_at is None


def test_a_refused_key_is_not_saved(people: People, provider: Provider, candidate: Candidate) -> None:
    provider.answer(401, {"error": "Unauthorized. API key is invalid"})
    candidates.test(candidate.id)
    response = people.bob.client().post(url_of(people, candidate), follow=True)
    assert "refused this key" in response.text
    assert not ApiKey.objects.exists()


def test_a_second_click_saves_nothing_more(people: People, candidate: Candidate) -> None:
    client = people.bob.client()
    for _ in range(2):
        client.post(url_of(people, candidate))
    assert ApiKey.objects.count() == 1


def test_a_new_text_goes_into_the_old_row(people: People) -> None:
    bob = people.membership("bob")
    key = make_key(bob, text=LIVE_TEXT)
    candidate = candidates.hold(membership=bob, label=key.label, text="SG_ffffffffffffffff", replaces=key)
    people.bob.client(proved=True).post(url_of(people, candidate))
    assert vault.decrypt(ApiKey.objects.get()) == "SG_ffffffffffffffff"


def test_a_new_text_for_a_stored_key_needs_the_password(people: People) -> None:
    bob = people.membership("bob")
    key = make_key(bob, text=LIVE_TEXT)
    candidate = candidates.hold(membership=bob, label=key.label, text="SG_ffffffffffffffff", replaces=key)
    response = people.bob.client().post(url_of(people, candidate))
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert vault.decrypt(ApiKey.objects.get()) == LIVE_TEXT


def test_a_key_revoked_meanwhile_takes_no_new_text(people: People) -> None:
    bob = people.membership("bob")
    key = make_key(bob, text=LIVE_TEXT)
    candidate = candidates.hold(membership=bob, label=key.label, text="SG_ffffffffffffffff", replaces=key)
    ApiKey.objects.filter(id=key.id).update(state="revoked", is_default=False)
    response = people.bob.client(proved=True).post(url_of(people, candidate), follow=True)
    assert "no longer active" in response.text
    assert vault.decrypt(ApiKey.objects.get()) == LIVE_TEXT
