"""A bare server on the loopback interface whose handler writes the bytes itself, well-formed or not."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from playground.segmind.addresses import Addresses
from playground.segmind.client import Client, Timeouts

LIVE_KEY = "SG_0123456789abcdef"
SANDBOX_KEY = "SGTEST_0123456789abcdef"
QUICK = Timeouts(connect=0.5, write=0.5, read=0.5, submit=0.5, get=0.5, stall=0.4, overall=5.0)


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


Handler: TypeAlias = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Loopback:
    """What the server saw, and where it listens."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, timeouts: Timeouts = QUICK, *hosts: str) -> Client:
        """A client whose live provider is this server, without a sandbox."""
        live = Addresses(self.url, storage=self.url, history=self.url, result_hosts=hosts)
        return Client(live=live, timeouts=timeouts)


def response(status: int, body: bytes = b"", *headers: tuple[str, str], length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} Because", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_response(status: int, value: object, *headers: tuple[str, str]) -> bytes:
    return response(status, json.dumps(value).encode(), ("Content-Type", "application/json"), *headers)


async def _read(reader: asyncio.StreamReader, connection: int) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    method, path, _ = head[0].split(" ", 2)
    headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:] if line}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body, connection)


@contextlib.asynccontextmanager
async def serve(handler: Handler) -> AsyncIterator[Loopback]:
    """Runs `handler` for every request, on connections that stay open until either side closes."""
    seen = Loopback()
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        number = seen.connections
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing() and (request := await _read(reader, number)):
                seen.requests.append(request)
                await handler(request, writer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def serve_raw(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[Loopback]:
    """As serve(), but the handler gets the connection before anything is read from it."""
    seen = Loopback()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError):
            await handler(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def always(raw: bytes) -> Handler:
    """A handler that answers every request with the same bytes."""

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return handler
