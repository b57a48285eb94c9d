"""Who gets in by OpenID Connect: asked through the real views and a provider on the loopback interface."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts import invitations
from accounts.models import Membership, User
from tests.accounts.identity_provider import IdentityProvider, is_signed_in, sign_in
from tests.personas import PASSWORD, People


def test_the_login_page_offers_it(people: People, identity: IdentityProvider) -> None:
    assert "Company" in Client().get("/accounts/login/").text


def test_an_uninvited_stranger_gets_no_account(people: People, identity: IdentityProvider) -> None:
    client, _ = sign_in(identity, email="stranger@example.com", email_verified=True)
    assert not is_signed_in(client)
    assert not User.objects.filter(email="stranger@example.com").exists()


def test_an_invited_person_gets_an_account_and_the_team(people: People, identity: IdentityProvider) -> None:
    invitations.invite(membership=people.membership("alice"), email="nina@example.com", role="auditor")
    client, _ = sign_in(identity, email="Nina@Example.com", email_verified=True, name="Nina Nord")
    assert is_signed_in(client)
    membership = Membership.objects.get(user__email="nina@example.com")
    assert (membership.team, membership.role, membership.user.name) == (people.team, "auditor", "Nina Nord")
    assert not membership.user.has_usable_password()


@pytest.mark.parametrize("claims", [{"email_verified": False}, {}])
def test_an_unverified_address_takes_no_invitation(
    people: People, identity: IdentityProvider, claims: dict[str, bool]
) -> None:
    invitations.invite(membership=people.membership("alice"), email="nina@example.com", role="admin")
    client, _ = sign_in(identity, email="nina@example.com", **claims)
    assert not is_signed_in(client)
    assert not User.objects.filter(email="nina@example.com").exists()


def test_a_verified_address_opens_the_account_it_belongs_to(
    people: People, identity: IdentityProvider
) -> None:
    client, _ = sign_in(identity, email="bob@example.com", email_verified=True)
    assert is_signed_in(client)
    assert SocialAccount.objects.get().user == people.bob.user
    assert User.objects.get(id=people.bob.user.id).check_password(PASSWORD)


def test_an_unverified_address_opens_nobodys_account(people: People, identity: IdentityProvider) -> None:
    client, _ = sign_in(identity, email="bob@example.com", email_verified=False)
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_a_password_set_under_an_unproven_address_is_wiped(
    people: People, identity: IdentityProvider
) -> None:
    EmailAddress.objects.filter(user=people.bob.user).update(verified=False)
    client, _ = sign_in(identity, email="bob@example.com", email_verified=True)
    assert is_signed_in(client)
    assert not User.objects.get(id=people.bob.user.id).has_usable_password()


@pytest.mark.parametrize("way_in", ["address", "login", "factor"])
def test_an_unproven_address_opens_no_account_with_another_way_in(
    people: People, identity: IdentityProvider, way_in: str
) -> None:
    """Mallory adds the boss's address to her account and waits for the boss to sign in."""
    mallory = people.bob.user
    EmailAddress.objects.create(user=mallory, email="boss@example.com", verified=False)
    if way_in != "address":
        EmailAddress.objects.filter(user=mallory, email="bob@example.com").delete()
    if way_in == "login":
        SocialAccount.objects.create(user=mallory, provider="oidc", uid="mallory")
    if way_in == "factor":
        Authenticator.objects.create(user=mallory, type=Authenticator.Type.TOTP, data={})
    client, _ = sign_in(identity, email="boss@example.com", email_verified=True)
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exclude(uid="mallory").exists()
    assert User.objects.get(id=mallory.id).check_password(PASSWORD)


def test_a_claim_on_an_address_does_not_keep_its_owner_out(
    people: People, identity: IdentityProvider
) -> None:
    EmailAddress.objects.create(user=people.bob.user, email="nina@example.com", verified=False)
    invitations.invite(membership=people.membership("alice"), email="nina@example.com", role="member")
    client, _ = sign_in(identity, email="nina@example.com", email_verified=True)
    assert is_signed_in(client)
    assert SocialAccount.objects.get().user.email == "nina@example.com"
    assert not EmailAddress.objects.filter(user=people.bob.user, email="nina@example.com").exists()


def test_the_word_false_verifies_nothing(people: People, identity: IdentityProvider) -> None:
    client, _ = sign_in(identity, email="bob@example.com", email_verified="false")
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_who_has_no_password_is_not_asked_for_one(people: People, identity: IdentityProvider) -> None:
    invitations.invite(membership=people.membership("alice"), email="nina@example.com", role="member")
    client, _ = sign_in(identity, email="nina@example.com", email_verified=True)
    client.post(f"/t/{people.team.slug}/keys/sandbox/")
    key = User.objects.get(email="nina@example.com").api_keys.get()
    assert client.get(f"/t/{people.team.slug}/keys/{key.id}/revoke/").status_code == 200
