import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, Invitation, Membership, User
from tests.personas import People, ask_everyone

SIGNUP = "/accounts/signup/"


def path_for(people: People, email: str, role: str = "member") -> str:
    sent = invitations.invite(membership=people.membership("alice"), email=email, role=role)
    return sent.link.removeprefix("http://localhost:8000")


@pytest.fixture
def path(people: People) -> str:
    return path_for(people, "new@example.com")


def test_everybody_with_the_link_may_read_it(people: People, path: str) -> None:
    assert set(ask_everyone(people, path).values()) == {200}


def test_a_new_person_signs_up_and_is_in_the_team(people: People, path: str) -> None:
    client = Client()
    assert "Create your account" in client.get(path).text
    assert "new@example.com" in client.get(SIGNUP).text
    response = client.post(SIGNUP, {"name": "Nina", "password1": "a fine long passphrase"}, follow=False)
    assert response["Location"] == "/"
    user = User.objects.get(email="new@example.com")
    membership = Membership.objects.get(user=user)
    assert (user.name, membership.team, membership.role) == ("Nina", people.team, "member")
    assert Invitation.objects.get().accepted_at is not None
    assert list(AuditEvent.objects.filter(actor=user).order_by("id").values_list("verb", flat=True)) == [
        "member.joined",
        "sign_in.ok",
    ]


def test_another_address_cannot_be_slipped_in(people: People, path: str) -> None:
    client = Client()
    client.get(path)
    data = {"email": "evil@example.com", "name": "Eve", "password1": "a fine long passphrase"}
    client.post(SIGNUP, data)
    assert not User.objects.filter(email="evil@example.com").exists()
    assert User.objects.filter(email="new@example.com").exists()


def test_without_an_invitation_nobody_signs_up(people: People) -> None:
    client = Client()
    data = {"email": "evil@example.com", "name": "Eve", "password1": "a fine long passphrase"}
    for response in (client.get(SIGNUP), client.post(SIGNUP, data)):
        assert "password1" not in response.text
    assert not User.objects.filter(email="evil@example.com").exists()


def test_an_invitation_withdrawn_meanwhile_closes_the_sign_up(people: People, path: str) -> None:
    client = Client()
    client.get(path)
    Invitation.objects.update(revoked_at=timezone.now())
    client.post(SIGNUP, {"name": "Nina", "password1": "a fine long passphrase"})
    assert not User.objects.filter(email="new@example.com").exists()


def test_a_weak_password_is_told_and_nothing_is_lost(people: People, path: str) -> None:
    client = Client()
    client.get(path)
    response = client.post(SIGNUP, {"name": "Nina", "password1": "password"})
    assert "too common" in response.text
    assert 'value="Nina"' in response.text


def test_somebody_with_an_account_is_asked_to_sign_in_and_joins(people: People) -> None:
    path = path_for(people, "charlie@example.com", "auditor")
    assert f"/accounts/login/?next={path}" in Client().get(path).text
    client = people.charlie.client()
    assert "Join the team" in client.get(path).text
    assert client.post(path)["Location"] == f"/t/{people.team.slug}/sandbox/history/"
    assert Membership.objects.get(team=people.team, user=people.charlie.user).role == "auditor"


def test_an_anonymous_post_joins_nobody(people: People, path: str) -> None:
    before = Membership.objects.count()
    assert Client().post(path).status_code == 200
    assert Membership.objects.count() == before


def test_it_is_only_for_the_invited_address(people: People, path: str) -> None:
    client = people.charlie.client()
    assert "signed in with another address" in client.get(path).text
    assert "This invitation is for new@example.com" in client.post(path, follow=True).text
    assert not Membership.objects.filter(team=people.team, user=people.charlie.user).exists()


def test_a_link_works_once(people: People) -> None:
    path = path_for(people, "charlie@example.com")
    client = people.charlie.client()
    client.post(path)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("field", ["accepted_at", "revoked_at", "expires_at"])
def test_a_closed_link_says_so(people: People, path: str, field: str) -> None:
    Invitation.objects.update(**{field: timezone.now() - datetime.timedelta(seconds=1)})
    response = Client().get(path)
    assert response.status_code == 404
    assert "doesn&#x27;t work any more" in response.text or "doesn't work any more" in response.text


def test_accepting_twice_at_once_makes_one_member(people: People) -> None:
    sent = invitations.invite(
        membership=people.membership("alice"), email="charlie@example.com", role="member"
    )
    invitations.accept(invitation=sent.invitation, user=people.charlie.user)
    with pytest.raises(invitations.InvitationClosed):
        invitations.accept(invitation=sent.invitation, user=people.charlie.user)
