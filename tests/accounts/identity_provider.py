"""An OpenID Connect provider on the loopback interface, as strict as a real one about what Atelier sends it."""

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

LOGIN = "/accounts/oidc/oidc/login/"
CALLBACK = "/accounts/oidc/oidc/login/callback/"
CLIENT_ID, CLIENT_SECRET = "atelier", secrets.token_urlsafe(16)

Answer = tuple[HTTPStatus, dict[str, Any]]


@dataclass
class IdentityProvider:
    """Signs in whoever ``claims`` describes. ``grants`` are codes given out, ``refusals`` what it did not accept."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    grants: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def app(self) -> dict[str, Any]:
        """As config/settings.py makes it of OIDC_SERVER_URL and its companions."""
        return {
            "provider_id": "oidc",
            "name": "Company",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": self.url, "oauth_pkce_enabled": True},
        }

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "1", "alg": "RS256", "use": "sig"}]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to, with a code that is good once."""
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.grants[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> Answer:
        grant = self.grants.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        faults = {
            "code": grant is None,
            "client": (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET),
            "redirect_uri": grant is not None and form.get("redirect_uri") != grant["redirect_uri"],
            "code_verifier": grant is not None and challenge != grant["code_challenge"],
        }
        self.refusals += [name for name, wrong in faults.items() if wrong]
        if any(faults.values()):
            return HTTPStatus.BAD_REQUEST, {"error": "invalid_grant"}
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return HTTPStatus.OK, {"access_token": token, "token_type": "Bearer", "id_token": self.id_token()}

    def id_token(self) -> str:
        now = int(time.time())
        facts = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **self.claims}
        return jwt.encode(facts, self.key, algorithm="RS256", headers={"kid": "1"})

    def userinfo(self, authorization: str) -> Answer:
        if authorization.removeprefix("Bearer ") not in self.tokens:
            return HTTPStatus.UNAUTHORIZED, {"error": "invalid_token"}
        return HTTPStatus.OK, self.claims


def _handler(provider: IdentityProvider) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/authorize":
                self.send_response(HTTPStatus.FOUND)
                self.send_header("Location", provider.authorize(dict(parse_qsl(parts.query))))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif parts.path == "/userinfo":
                self.answer(*provider.userinfo(self.headers.get("Authorization", "")))
            elif parts.path == "/keys":
                self.answer(HTTPStatus.OK, provider.keys())
            else:
                assert parts.path == "/.well-known/openid-configuration"
                self.answer(HTTPStatus.OK, provider.configuration())

        def do_POST(self) -> None:
            assert self.path == "/token"
            provider.asked.append(self.path)
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(*provider.token(dict(parse_qsl(form))))

        def answer(self, status: HTTPStatus, facts: dict[str, Any]) -> None:
            body = json.dumps(facts).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


@contextmanager
def serving() -> Iterator[IdentityProvider]:
    provider = IdentityProvider()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def go_there(client: Client) -> dict[str, str]:
    """Press the button on the sign-in page, visit the provider, and return what it sends the browser back with."""
    away: Any = client.post(LOGIN)
    back = urlsplit(httpx.get(away["Location"]).headers["Location"])
    assert back.path == CALLBACK
    return dict(parse_qsl(back.query))


def sign_in(identity: IdentityProvider, **claims: object) -> tuple[Client, Any]:
    """A browser sent through the provider as the person the claims describe, and the last answer it got."""
    identity.claims = {"sub": "subject-1", **claims}
    client = Client()
    return client, client.get(CALLBACK, go_there(client))


def is_signed_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200
