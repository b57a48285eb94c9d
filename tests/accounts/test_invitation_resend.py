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
    return f"/t/{people.team.slug}/team/invitations/{invitation.id}/resend/"


def test_who_may(people: People, invitation: Invitation) -> None:
    asked = ask_everyone(people, url_of(people, invitation), method="post")
    assert asked == expect(alice=200, adam=200, bob=403, audrey=403)


def test_it_makes_a_new_link(people: People, invitation: Invitation) -> None:
    response = people.alice.client().post(url_of(people, invitation))
    assert "/invitations/" in response.text
    assert Invitation.objects.get().token_hash != invitation.token_hash


def test_a_withdrawn_one_is_not_revived(people: People, invitation: Invitation) -> None:
    invitations.revoke(membership=people.membership("alice"), invitation=invitation)
    response = people.alice.client().post(url_of(people, invitation), follow=True)
    assert "no longer open" in response.text
