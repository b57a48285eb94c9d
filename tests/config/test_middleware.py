"""What holds for every page, whatever its view says."""

import asyncio

import pytest
from django.contrib.sessions.models import Session
from django.test import AsyncClient, Client

from tests.personas import make_people

pytestmark = pytest.mark.django_db

PAGES = [
    "/me/",
    "/accounts/email/",
    "/t/studio/keys/",
    "/t/studio/team/",
    "/t/studio/audit/",
    "/t/studio/settings/",
    "/t/studio/sandbox/history/",
    "/t/studio/sandbox/playground/seedream-4.5/",
    "/t/studio/sandbox/playground/seedream-4.5/recent/",
    "/t/studio/sandbox/endpoints/search/?q=a",
]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_keeps_a_copy_of_a_page(path: str) -> None:
    response = make_people().alice.client().get(path)
    assert response.status_code == 200
    kept = response["Cache-Control"]
    assert "no-store" in kept
    assert "private" in kept


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "path",
    [
        "/t/studio/sandbox/playground/%00/",
        "/t/studio/sandbox/endpoints/%00/code/",
        "/t/studio/endpoints/own/%00/",
        "/accounts/oidc/%00/login/",
    ],
)
def test_a_nul_in_an_address_is_refused(path: str, method: str) -> None:
    client = make_people().alice.client()
    assert getattr(client, method)(path).status_code == 400


def test_both_hold_on_the_event_loop() -> None:
    async def ask(path: str) -> tuple[int, str]:
        response = await AsyncClient().get(path)
        return response.status_code, response["Cache-Control"]

    assert asyncio.run(ask("/t/studio/sandbox/stream/")) == (302, "private, no-store")
    assert asyncio.run(ask("/t/%00/sandbox/stream/")) == (400, "private, no-store")


def test_a_session_that_ended_stays_ended_whatever_the_cache_holds() -> None:
    """Redis may be away while somebody signs out; what it held then is back with it."""
    client: Client = make_people().alice.client()
    assert client.get("/me/").status_code == 200
    key = client.session.session_key
    Session.objects.filter(session_key=key).delete()
    assert client.get("/me/").status_code == 302
