"""How much of a request is taken in at all. Django writes every body to disk before it looks at who sent it."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[..., Awaitable[None]]

# A browser reads an answer only once it has sent everything: so much is taken and thrown away for it.
PATIENCE = 8


class LimitedBody:
    """Answers 413 to a request whose body is larger than ``most`` bytes; none of what is beyond is kept."""

    def __init__(self, app: App, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _announced(scope) > self._most:
            await self._refuse(receive, send)
        else:
            await self._count(scope, receive, send)

    async def _count(self, scope: Any, receive: Receive, send: Send) -> None:
        taken, more = 0, True

        async def counted() -> Message:
            nonlocal taken, more
            message = await receive()
            taken += len(message.get("body", b""))
            more = bool(message.get("more_body"))
            # To Django the visitor is gone, so it sends nothing.
            return message if taken <= self._most else {"type": "http.disconnect"}

        await self._app(scope, counted, send)
        if taken > self._most:
            await self._refuse(receive, send, more=more)

    async def _refuse(self, receive: Receive, send: Send, *, more: bool = True) -> None:
        dropped = 0
        while more and dropped < PATIENCE * self._most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            dropped += len(message.get("body", b""))
            more = bool(message.get("more_body"))
        error = f"This is too large: at most {self._most / 1024 / 1024:.0f} MB can be sent at once."
        headers = [
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps({"error": error}).encode()})


def _announced(scope: Any) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0
