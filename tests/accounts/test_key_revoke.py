import pytest

from accounts.models import ApiKey, AuditEvent
from tests.personas import LIVE_TEXT, People, ask_everyone, expect, make_key


@pytest.fixture
def key(people: People) -> ApiKey:
    return make_key(people.membership("bob"), text=LIVE_TEXT, lent=True)


def url_of(people: People, key: ApiKey) -> str:
    return f"/t/{people.team.slug}/keys/{key.id}/revoke/"


def test_its_owner_and_admins_may(people: People, key: ApiKey) -> None:
    asked = ask_everyone(people, url_of(people, key), proved=True)
    assert asked == expect(alice=200, adam=200, bob=200, audrey=403)


def test_a_private_key_of_somebody_else_is_not_there_for_members(people: People) -> None:
    key = make_key(people.membership("alice"), text=LIVE_TEXT)
    assert people.bob.client(proved=True).get(url_of(people, key)).status_code == 404


def test_it_asks_for_the_password_first(people: People, key: ApiKey) -> None:
    client = people.bob.client()
    for response in (client.get(url_of(people, key)), client.post(url_of(people, key))):
        assert response["Location"].startswith("/accounts/reauthenticate/")
    assert ApiKey.objects.get().active


def test_it_stops_the_key_and_says_who_did(people: People, key: ApiKey) -> None:
    people.adam.client(proved=True).post(url_of(people, key))
    row = ApiKey.objects.get()
    assert (row.state, row.lent) == (ApiKey.State.REVOKED, False)
    event = AuditEvent.objects.get(verb="key.revoked")
    assert (event.actor, event.target, event.address) == (people.adam.user, "Studio …cdef", "127.0.0.1")
