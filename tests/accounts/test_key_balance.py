import pytest

from accounts import candidates
from accounts.models import ApiKey
from tests.accounts.conftest import Provider
from tests.personas import SANDBOX_TEXT, People, ask_everyone, expect, make_key


@pytest.fixture
def key(people: People) -> ApiKey:
    return make_key(people.membership("bob"), lent=True)


def url_of(people: People, key: ApiKey) -> str:
    return f"/t/{people.team.slug}/keys/{key.id}/balance/"


def test_who_sees_the_balance_of_a_lent_key(people: People, key: ApiKey) -> None:
    assert ask_everyone(people, url_of(people, key)) == expect(alice=200, adam=200, bob=200, audrey=200)


def test_who_sees_the_balance_of_a_private_key(people: People) -> None:
    key = make_key(people.membership("adam"))
    assert ask_everyone(people, url_of(people, key)) == expect(alice=403, adam=200, bob=404, audrey=404)


def test_a_member_does_not_see_the_balance_of_a_lent_key(people: People) -> None:
    key = make_key(people.membership("adam"), lent=True)
    assert people.bob.client().get(url_of(people, key)).status_code == 403


def test_asking_shows_a_spinner_until_the_worker_answered(
    people: People, provider: Provider, key: ApiKey
) -> None:
    client, url = people.bob.client(), url_of(people, key)
    assert "every 1s" in client.post(url, headers={"HX-Request": "true"}).text
    candidates.refresh_balance(key.id)
    page = client.get(url).text
    assert "every 1s" not in page
    assert "12.5" in page
    assert provider.keys == [SANDBOX_TEXT]


def test_without_script_it_leads_back_to_the_list(people: People, key: ApiKey) -> None:
    assert people.bob.client().post(url_of(people, key))["Location"] == f"/t/{people.team.slug}/keys/"


def test_a_refusal_is_shown_and_the_old_balance_stays(
    people: People, provider: Provider, key: ApiKey
) -> None:
    candidates.refresh_balance(key.id)
    provider.answer(401, {"error": "Unauthorized"})
    candidates.refresh_balance(key.id)
    page = people.bob.client().get(url_of(people, key)).text
    assert "does not accept this key" in page
    assert "12.5" in page


def test_an_unreadable_key_is_not_sent_and_marked(people: People, provider: Provider, key: ApiKey) -> None:
    ApiKey.objects.filter(id=key.id).update(ciphertext=b"nonsense")
    candidates.refresh_balance(key.id)
    assert provider.keys == []
    assert ApiKey.objects.get().needs_reentry
    assert "Enter it again" in people.bob.client().get(url_of(people, key)).text


def test_a_revoked_key_is_not_asked(people: People, provider: Provider, key: ApiKey) -> None:
    ApiKey.objects.filter(id=key.id).update(state="revoked", lent=False, is_default=False)
    candidates.refresh_balance(key.id)
    assert provider.keys == []
