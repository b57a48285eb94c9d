"""What the balance call says about a key."""

import asyncio
import socket
import time
from decimal import Decimal
from threading import Thread

import httpx
import pytest

from playground.segmind.addresses import WrongAddress
from playground.segmind.client import KeyCheck, KeyOutcome, check_key
from playground.segmind.keycheck import MAX_BYTES
from playground.segmind.lost import NotSent
from tests.segmind.loopback import LIVE_KEY, SANDBOX_KEY

BASE = "https://api.segmind.com"


def asked(
    status: int, body: bytes = b"", *, headers: dict[str, str] | None = None, key: str = LIVE_KEY
) -> KeyCheck:
    kind = {b"{": "application/json", b"<": "text/html"}.get(body[:1], "text/plain")

    def provider(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == f"{BASE}/v1/get-user-credits"
        assert request.headers["x-api-key"] == key
        return httpx.Response(status, content=body, headers={"content-type": kind, **(headers or {})})

    return check_key(BASE, key, transport=httpx.MockTransport(provider))


@pytest.mark.parametrize(
    ("status", "body", "outcome", "good"),
    [
        (200, b'{"credits": 1.5, "free-credits": 0.0184921035}', KeyOutcome.GOOD, True),
        (200, b'{"credits": "1.5"}', KeyOutcome.GOOD, True),
        (200, b'{"credits": -0.5, "free-credits": 0}', KeyOutcome.GOOD, True),
        (200, b'{"credits": null}', KeyOutcome.ODD_ANSWER, False),
        (200, b"{}", KeyOutcome.ODD_ANSWER, False),
        (200, b"<html>hotel wifi</html>", KeyOutcome.ODD_ANSWER, False),
        (200, b"", KeyOutcome.ODD_ANSWER, False),
        (200, b'{"credits": 1, "x": "' + b"a" * MAX_BYTES + b'"}', KeyOutcome.ODD_ANSWER, False),
        (404, b'{"error": "No credits found for the user"}', KeyOutcome.NO_CREDIT_RECORD, True),
        (404, b"<html>Not Found</html>", KeyOutcome.ODD_ANSWER, False),
        (404, b'{"error": "no such page"}', KeyOutcome.ODD_ANSWER, False),
        (401, b'{"error": "Missing Authorization or x-api-key in header"}', KeyOutcome.NO_KEY_ARRIVED, False),
        (
            401,
            b'{"error": "Unauthorized. API key is invalid or may have expired..."}',
            KeyOutcome.REFUSED,
            False,
        ),
        (401, b"<html>proxy login</html>", KeyOutcome.ODD_ANSWER, False),
        (403, b'{"error": "no"}', KeyOutcome.REFUSED, False),
        (429, b'{"error": "slow"}', KeyOutcome.RATE_LIMITED, False),
        (302, b"", KeyOutcome.ODD_ANSWER, False),
        (500, b"boom", KeyOutcome.ODD_ANSWER, False),
    ],
)
def test_outcome(status: int, body: bytes, outcome: KeyOutcome, good: bool) -> None:
    found = asked(status, body)
    assert (found.outcome, found.good, found.status) == (outcome, good, status)
    assert found.message
    assert "!" not in found.message


def test_amounts_keep_every_digit() -> None:
    found = asked(200, b'{"credits": 12.3400, "free-credits": 0.0184921035}')
    assert (found.credits, found.free_credits) == (Decimal("12.34"), Decimal("0.0184921035"))
    assert (found.credits_text, found.free_credits_text) == ("12.3400", "0.0184921035")
    assert asked(200, b'{"credits": 1}').free_credits is None


def test_a_rate_limit_tells_when_it_ends() -> None:
    reset = str(int(time.time()) + 30)
    found = asked(429, b"{}", headers={"x-rate-limit-reset-at-utc": reset})
    assert found.resets_at is not None
    assert found.resets_at.timestamp() == int(reset)


def test_no_redirect_is_followed() -> None:
    calls = []

    def provider(request: httpx.Request) -> httpx.Response:
        calls.append(str(request.url))
        return httpx.Response(302, headers={"location": "https://evil.example/"})

    check_key(BASE, LIVE_KEY, transport=httpx.MockTransport(provider))
    assert calls == [f"{BASE}/v1/get-user-credits"]


@pytest.mark.parametrize(
    ("key", "sandbox"), [(SANDBOX_KEY, False), (LIVE_KEY, True), ("SGTEST_nearly12", False)]
)
def test_a_key_is_only_asked_for_where_it_belongs(key: str, sandbox: bool) -> None:
    def provider(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    with pytest.raises(WrongAddress):
        check_key(BASE, key, sandbox=sandbox, transport=httpx.MockTransport(provider))
    with pytest.raises(NotSent):
        check_key(BASE, "key with spaces", transport=httpx.MockTransport(provider))


def test_the_key_shows_nowhere() -> None:
    echo = asked(401, b'{"error": "Unauthorized: ' + LIVE_KEY.encode() + b'"}')
    assert LIVE_KEY not in repr(echo)
    other = "old-style-key-0123"
    assert other not in repr(asked(401, b'{"error": "Unauthorized: old-style-key-0123"}', key=other))


def test_unreachable() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    found = check_key(f"http://127.0.0.1:{port}", LIVE_KEY)
    assert (found.outcome, found.status, found.good) == (KeyOutcome.UNREACHABLE, None, False)


@pytest.mark.parametrize("babble", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"])
def test_a_server_that_babbles_or_stalls_is_unreachable(babble: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(babble)
                time.sleep(0.6)

        thread = Thread(target=serve)
        thread.start()
        found = check_key(f"http://127.0.0.1:{server.getsockname()[1]}", LIVE_KEY, seconds=0.3)
        thread.join()
    assert found.outcome is KeyOutcome.UNREACHABLE


def test_it_needs_no_event_loop_and_disturbs_none() -> None:
    async def run() -> KeyCheck:
        return await asyncio.to_thread(asked, 200, b'{"credits": 1}')

    assert asyncio.run(run()).good
