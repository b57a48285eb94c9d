import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts import invitations
from accounts.models import Membership, User
from tests.personas import PASSWORD, People

LOGIN = "/accounts/oidc/oidc/login/"
CALLBACK = "/accounts/oidc/oidc/login/callback/"


@dataclass
class IdentityProvider:
    """An OpenID Connect provider on the loopback interface that signs in whoever ``claims`` describes."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def answers(self) -> dict[str, object]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        endpoints = {name: f"{self.url}/{name}" for name in ("authorize", "token", "userinfo", "keys")}
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": endpoints["authorize"],
                "token_endpoint": endpoints["token"],
                "userinfo_endpoint": endpoints["userinfo"],
                "jwks_uri": endpoints["keys"],
            },
            "/token": {"access_token": "an-access-token", "token_type": "Bearer"},
            "/userinfo": self.claims,
            "/keys": {"keys": [public | {"kid": "1", "alg": "RS256", "use": "sig"}]},
        }


@pytest.fixture
def identity(settings: Settings) -> Iterator[IdentityProvider]:
    state = IdentityProvider()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = json.dumps(state.answers()[urlsplit(self.path).path]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    app = {
        "provider_id": "oidc",
        "name": "Company",
        "client_id": "atelier",
        "secret": "a-secret",
        "settings": {"server_url": state.url, "oauth_pkce_enabled": True},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def sign_in(identity: IdentityProvider, **claims: object) -> tuple[Client, HttpResponse]:
    """A browser sent through the provider as the person the claims describe, and the last answer it got."""
    identity.claims = {"sub": "subject-1", **claims}
    client = Client()
    away = client.post(LOGIN)
    assert away["Location"].startswith(f"{identity.url}/authorize?"), away
    state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
    response: Any = client.get(CALLBACK, {"code": "a-code", "state": state})
    return client, response


def is_signed_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


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
