"""No body fills the disk, whoever sends it."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest

from config.limits import PATIENCE, LimitedBody, Message, Receive, Send

MOST = 1000


def ask(pieces: Iterable[bytes], *, length: bytes = b"") -> tuple[list[Message], list[bytes], int]:
    """What is answered, what the application behind got, and how many pieces were taken."""
    waiting = list(pieces)
    got: list[bytes] = []
    sent: list[Message] = []
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        if not waiting:
            return {"type": "http.disconnect"}
        taken += 1
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    async def application(scope: Any, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            got.append(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})

    headers = [(b"content-length", length)] if length else []
    asyncio.run(LimitedBody(application, MOST)({"type": "http", "headers": headers}, receive, send))
    return sent, got, taken


def test_what_fits_passes() -> None:
    sent, got, _ = ask([b"a" * 500, b"b" * 500])
    assert [message["status"] for message in sent] == [200]
    assert sum(map(len, got)) == MOST


@pytest.mark.parametrize("length", [b"", b"1500"])
def test_what_is_too_large_gets_words_and_is_not_kept(length: bytes) -> None:
    sent, got, _ = ask([b"a" * 500] * 3, length=length)
    assert sent[0]["status"] == 413
    assert "too large" in json.loads(sent[1]["body"])["error"]
    assert len(got) == (0 if length else 2)


def test_it_is_not_read_for_ever() -> None:
    sent, _, taken = ask([b"a" * MOST] * 100, length=b"100000")
    assert sent[0]["status"] == 413
    assert taken == PATIENCE


@pytest.mark.parametrize("length", [b"-1", b"x", b"0x5dc"])
def test_an_odd_length_is_counted(length: bytes) -> None:
    assert ask([b"a" * 1500], length=length)[0][0]["status"] == 413


def test_who_leaves_is_not_answered() -> None:
    assert ask([], length=b"1500")[0] == []
