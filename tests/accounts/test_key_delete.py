import pytest

from accounts.models import ApiKey
from tests.personas import LIVE_TEXT, People, ask_everyone, expect, make_key


@pytest.fixture
def key(people: People) -> ApiKey:
    return make_key(people.membership("bob"), text=LIVE_TEXT, lent=True)


def url_of(people: People, key: ApiKey) -> str:
    return f"/t/{people.team.slug}/keys/{key.id}/delete/"


def test_only_its_owner_may(people: People, key: ApiKey) -> None:
    asked = ask_everyone(people, url_of(people, key), proved=True)
    assert asked == expect(alice=403, adam=403, bob=200, audrey=403)


def test_it_asks_for_the_password_first(people: People, key: ApiKey) -> None:
    client = people.bob.client()
    for response in (client.get(url_of(people, key)), client.post(url_of(people, key))):
        assert response["Location"].startswith("/accounts/reauthenticate/")
    assert ApiKey.objects.get().ciphertext is not None


def test_it_wipes_the_text_and_leaves_the_list(people: People, key: ApiKey) -> None:
    client = people.bob.client(proved=True)
    client.post(url_of(people, key))
    assert ApiKey.objects.get().ciphertext is None
    assert client.get(url_of(people, key)).status_code == 404
