import pytest

from accounts import access, keys
from accounts.models import ApiKey
from tests.personas import LIVE_TEXT, People, ask_everyone, expect, make_key


@pytest.fixture
def key(people: People) -> ApiKey:
    return make_key(people.membership("bob"), text=LIVE_TEXT, lent=True)


def url_of(people: People, key: ApiKey) -> str:
    return f"/t/{people.team.slug}/keys/{key.id}/lend/"


def test_only_its_owner_may(people: People, key: ApiKey) -> None:
    asked = ask_everyone(people, url_of(people, key), method="post", data={"lent": "on"})
    assert asked == expect(alice=403, adam=403, bob=302, audrey=403)


def test_a_lent_key_runs_for_the_team(people: People, key: ApiKey) -> None:
    users = {
        name
        for name in ("alice", "adam", "bob", "audrey")
        if access.may_use_key(people.membership(name), key)
    }
    assert users == {"alice", "adam", "bob"}


def test_it_is_taken_back(people: People, key: ApiKey) -> None:
    people.bob.client().post(url_of(people, key))
    row = ApiKey.objects.get()
    assert not row.lent
    assert not access.may_use_key(people.membership("alice"), row)


def test_a_revoked_key_is_not_lent(people: People, key: ApiKey) -> None:
    keys.revoke_key(membership=people.membership("bob"), key=key)
    response = people.bob.client().post(url_of(people, key), {"lent": "on"}, follow=True)
    assert "no longer active" in response.text
    assert not ApiKey.objects.get().lent
