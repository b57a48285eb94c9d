"""The whole way to the identity provider and back: discovery, authorize, token with PKCE, userinfo."""

import secrets

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.models import User
from tests.accounts.identity_provider import CALLBACK, IdentityProvider, go_there, is_signed_in, sign_in
from tests.personas import People

BOB = {"email": "bob@example.com", "email_verified": True}


def test_it_opens_the_right_account(people: People, identity: IdentityProvider) -> None:
    client, answer = sign_in(identity, **BOB)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "bob@example.com" in client.get("/me/").text
    assert SocialAccount.objects.get().user == people.bob.user
    assert identity.refusals == []
    assert {"/.well-known/openid-configuration", "/authorize", "/token", "/userinfo"} <= set(identity.asked)
    # Next time the subject is enough, whatever the address has become.
    again, _ = sign_in(identity, email="robert@example.com", email_verified=True)
    assert "bob@example.com" in again.get("/me/").text


def test_a_stranger_is_told_that_sign_up_is_closed(people: People, identity: IdentityProvider) -> None:
    before = User.objects.count()
    client, answer = sign_in(identity, email="stranger@example.com", email_verified=True)
    assert not is_signed_in(client)
    assert "Accounts are made by invitation" in answer.text
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)


@pytest.mark.parametrize("how", ["another", "none", "somebody else's"])
def test_a_state_that_is_not_this_browsers_is_refused(
    people: People, identity: IdentityProvider, how: str
) -> None:
    identity.claims = {"sub": "subject-1", **BOB}
    client = Client()
    back = go_there(client)
    if how == "another":
        back["state"] = secrets.token_urlsafe(8)
    elif how == "none":
        del back["state"]
    else:
        client = Client()
        go_there(client)
    client.get(CALLBACK, back)
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert "/token" not in identity.asked


def test_a_code_is_good_for_the_browser_that_asked_for_it_and_once(
    people: People, identity: IdentityProvider
) -> None:
    identity.claims = {"sub": "subject-1", **BOB}
    victim, thief = Client(), Client()
    code = go_there(victim)["code"]
    client_back = go_there(thief) | {"code": code}
    thief.get(CALLBACK, client_back)
    assert identity.refusals == ["code_verifier"]
    assert not is_signed_in(thief)
    client, _ = sign_in(identity, **BOB)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("name", "value"), [("iss", "http://127.0.0.1:1"), ("aud", "another-app"), ("exp", 1)]
)
def test_an_identity_made_for_others_is_refused(
    people: People, identity: IdentityProvider, name: str, value: object
) -> None:
    client, _ = sign_in(identity, **BOB, **{name: value})
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
