import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from tests.accounts.identity_provider import IdentityProvider, serving
from tests.personas import People, make_people


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Rate limits and waiting keys of earlier tests are forgotten, and the zone a test asked for after it."""
    cache.clear()
    with timezone.override(None):
        yield


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@dataclass
class Provider:
    """A balance endpoint on the loopback interface that answers every call the same way."""

    url: str = ""
    status: int = 200
    body: object = field(default_factory=lambda: {"credits": 12.5, "free-credits": 0.0184921035})
    keys: list[str | None] = field(default_factory=list)

    def answer(self, status: int, body: object) -> None:
        self.status, self.body = status, body


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """The sandbox of the settings, as far as the balance goes."""
    state = Provider()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.keys.append(self.headers.get("x-api-key"))
            body = json.dumps(state.body).encode()
            self.send_response(state.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    settings.SANDBOX_URL = state.url
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def identity(settings: Settings) -> Iterator[IdentityProvider]:
    """The company's single sign-on, set up."""
    with serving() as provider:
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [provider.app()]}}
        yield provider
