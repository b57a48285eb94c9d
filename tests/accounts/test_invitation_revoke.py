import pytest

from accounts import invitations
from accounts.models import Invitation
from tests.personas import People, ask_everyone, expect


@pytest.fixture
def invitation(people: People) -> Invitation:
    return invitations.invite(
        membership=people.membership("alice"), email="new@example.com", role="member"
    ).invitation


def url_of(people: People, invitation: Invitation) -> str:
    return f"/t/{people.team.slug}/team/invitations/{invitation.id}/revoke/"


def test_who_may(people: People, invitation: Invitation) -> None:
    asked = ask_everyone(people, url_of(people, invitation), method="post")
    assert asked == expect(alice=302, adam=302, bob=403, audrey=403)


def test_its_link_stops_working(people: People) -> None:
    sent = invitations.invite(membership=people.membership("alice"), email="new@example.com", role="member")
    people.adam.client().post(url_of(people, sent.invitation))
    assert invitations.find(sent.link.rstrip("/").rpartition("/")[2]) is None
