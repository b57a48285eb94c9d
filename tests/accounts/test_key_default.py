from accounts import keys
from accounts.models import ApiKey
from tests.personas import LIVE_TEXT, People, ask_everyone, expect, make_key


def url_of(people: People, key: ApiKey) -> str:
    return f"/t/{people.team.slug}/keys/{key.id}/default/"


def test_only_its_owner_may(people: People) -> None:
    key = make_key(people.membership("bob"), text=LIVE_TEXT, lent=True)
    asked = ask_everyone(people, url_of(people, key), method="post")
    assert asked == expect(alice=403, adam=403, bob=302, audrey=403)


def test_it_moves_the_default(people: People) -> None:
    bob = people.membership("bob")
    make_key(bob, text=LIVE_TEXT)
    second = make_key(bob, text=LIVE_TEXT)
    people.bob.client().post(url_of(people, second))
    assert ApiKey.objects.get(is_default=True) == second


def test_a_revoked_key_becomes_none(people: People) -> None:
    bob = people.membership("bob")
    key = make_key(bob, text=LIVE_TEXT)
    keys.revoke_key(membership=bob, key=key)
    response = people.bob.client().post(url_of(people, key), follow=True)
    assert "no longer active" in response.text
