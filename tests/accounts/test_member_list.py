import pytest

from accounts import invitations
from tests.personas import People, ask_everyone, expect


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/team/"


def test_who_may_open_it(people: People, url: str) -> None:
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=200, audrey=200)


def test_everybody_sees_the_people_but_only_admins_see_invitations(people: People, url: str) -> None:
    invitations.invite(membership=people.membership("alice"), email="new@example.com", role="member")
    for persona in (people.alice, people.bob, people.audrey):
        page = persona.client().get(url).text
        for name in ("Alice", "Adam", "Bob", "Audrey"):
            assert name in page
        assert "Charlie" not in page
        assert ("new@example.com" in page) == (persona is people.alice)


def test_only_owners_can_touch_owners(people: People, url: str) -> None:
    role_url = f"{url}{people.membership('alice').id}/role/"
    assert role_url in people.alice.client().get(url).text
    assert role_url not in people.adam.client().get(url).text


def test_everybody_may_leave(people: People, url: str) -> None:
    page = people.bob.client().get(url).text
    assert f"{url}{people.membership('bob').id}/remove/" in page
    assert f"{url}{people.membership('adam').id}/remove/" not in page
