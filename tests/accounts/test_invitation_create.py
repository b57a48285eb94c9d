import datetime
import re
import smtplib

import pytest
from django.core import mail
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, Invitation
from accounts.teams import OnlyOwners
from tests.personas import People, ask_everyone, expect


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/team/invitations/"


def test_who_may_open_it(people: People, url: str) -> None:
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=403, audrey=403)


def test_who_may_invite(people: People, url: str) -> None:
    data = {"email": "new@example.com", "role": "member"}
    asked = ask_everyone(people, url, method="post", data=data)
    assert asked == expect(alice=200, adam=200, bob=403, audrey=403)


def test_it_mails_the_link_and_shows_it_once(people: People, url: str) -> None:
    client = people.alice.client()
    response = client.post(url, {"email": "New@Example.com", "role": "auditor"})
    link = re.findall(r"http://localhost:8000/invitations/[\w-]{43}/", response.text)[0]
    assert link in str(mail.outbox[0].body)
    assert mail.outbox[0].to == ["new@example.com"]
    assert response["Cache-Control"] == "no-store"
    assert link not in client.get(f"/t/{people.team.slug}/team/").text


def test_only_the_hash_of_the_token_is_stored(people: People, url: str) -> None:
    response = people.alice.client().post(url, {"email": "new@example.com", "role": "member"})
    token = re.findall(r"/invitations/([\w-]{43})/", response.text)[0]
    invitation = Invitation.objects.get()
    assert token not in str(Invitation.objects.values().get())
    assert token not in str(list(AuditEvent.objects.values()))
    assert invitations.find(token) == invitation
    left = invitation.expires_at - timezone.now()
    assert datetime.timedelta(days=6, hours=23) < left <= datetime.timedelta(days=7)


def test_inviting_again_renews_the_link(people: People) -> None:
    alice = people.membership("alice")
    first = invitations.invite(membership=alice, email="new@example.com", role="member")
    second = invitations.invite(membership=alice, email="NEW@example.com", role="admin")
    assert Invitation.objects.get().role == "admin"
    assert invitations.find(first.link.rstrip("/").rpartition("/")[2]) is None
    assert invitations.find(second.link.rstrip("/").rpartition("/")[2]) == Invitation.objects.get()


def test_a_member_is_not_invited_again(people: People, url: str) -> None:
    response = people.alice.client().post(url, {"email": "BOB@example.com", "role": "member"})
    assert "already in this team" in response.text
    assert not Invitation.objects.exists()


def test_only_an_owner_invites_an_owner(people: People, url: str) -> None:
    data = {"email": "new@example.com", "role": "owner"}
    assert "Select a valid choice" in people.adam.client().post(url, data).text
    assert not Invitation.objects.exists()
    people.alice.client().post(url, data)
    assert Invitation.objects.get().role == "owner"
    with pytest.raises(OnlyOwners):
        invitations.invite(membership=people.membership("adam"), email="b@example.com", role="owner")


def test_a_broken_mail_server_does_not_hide_the_link(
    people: People, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> int:
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(invitations, "send_mail", broken)
    response = people.alice.client().post(url, {"email": "new@example.com", "role": "member"})
    assert "No mail went out" in response.text
    assert "/invitations/" in response.text


def test_a_bad_address_is_told_at_its_field(people: People, url: str) -> None:
    response = people.alice.client().post(url, {"email": "not an address", "role": "member"})
    assert "Enter a valid email address" in response.text
