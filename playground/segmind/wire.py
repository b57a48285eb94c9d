"""One exchange over HTTP: a body goes out, a body comes in through a sink, and time and size are watched.

Once a status line is here, nothing raises but a cancellation: what goes wrong with the body is the
answer's `problem`, because the status and the money headers decide the bill and must not be lost.
"""

import asyncio
import contextlib
import inspect
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import TypeAlias, cast

import httpx

from playground.segmind.exact import clean
from playground.segmind.inflate import inflater_for
from playground.segmind.lost import CallLost, NotSent, lost
from playground.segmind.reply import HEAD_BYTES, Answer, HeaderList

Sink: TypeAlias = Callable[[bytes], Awaitable[None] | None]
"""Takes the decoded body piece by piece; may be a plain function (a file's write) or a coroutine function."""

USER_AGENT = "atelier/0.1"
_ALWAYS_SENT = (
    ("accept", "*/*"),
    ("accept-encoding", "identity"),
    ("connection", "keep-alive"),
    ("user-agent", USER_AGENT),
)
CHUNK = 64 * 1024
_SECRET_HEADERS = frozenset(
    {
        "set-cookie",
        "set-cookie2",
        "cookie",
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "authentication-info",
    }
)
_KEY_SHAPE = re.compile(r"\bSG(?:TEST)?_[0-9A-Fa-f]{16}\b")


@dataclass(frozen=True)
class Timeouts:
    """Seconds. `read` and `submit` count from the end of the request to the status line (v1 and v2),
    `write` per 64 KiB of request body, `stall` between two pieces of an answer, `overall` for a whole
    call.

    `read` must exceed the 100 s after which the provider ends a blocking call by itself.
    """

    connect: float = 10.0
    write: float = 60.0
    read: float = 150.0
    submit: float = 60.0
    get: float = 20.0
    stall: float = 60.0
    overall: float = 900.0


@dataclass(frozen=True)
class Streamed:
    """A request body that is read while it is sent. `length` is its exact number of bytes."""

    chunks: AsyncIterator[bytes]
    length: int


@dataclass(frozen=True)
class Patience:
    """The times of one exchange, see Timeouts; `answer` is the wait for the status line."""

    connect: float
    write: float
    answer: float
    stall: float
    overall: float

    @property
    def connecting(self) -> dict[str, float]:
        """Only the connection is left to the transport, where "pool" covers the name lookup too."""
        return {"connect": self.connect, "pool": self.connect}


def safe_headers(headers: Iterable[tuple[str, str]], key: str = "") -> HeaderList:
    """Response headers as they may be kept: without cookies, credentials, and anything that holds the key."""
    kept = []
    for name, value in headers:
        if name.lower() in _SECRET_HEADERS or _KEY_SHAPE.search(value) or _KEY_SHAPE.search(name):
            continue
        if key and (key in value or key in name):
            continue
        kept.append((clean(name, 200), clean(value, 70_000)))
    return tuple(kept)


class _Watch:
    """A timeout that moves on with the exchange: writing, waiting for the status line, receiving."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._end = asyncio.get_running_loop().time() + patience.overall
        self._timeout = asyncio.timeout(None)
        self.phase = "writing"
        self.open = False

    async def __aenter__(self) -> "_Watch":
        await self._timeout.__aenter__()
        self.open = True
        self._allow(self._patience.connect + self._patience.write)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.open = False
        await self._timeout.__aexit__(kind, exc, tb)

    def _allow(self, seconds: float) -> None:
        if self.open and not self._timeout.expired():
            now = asyncio.get_running_loop().time()
            with contextlib.suppress(RuntimeError):
                self._timeout.reschedule(min(now + seconds, self._end))

    def writing(self) -> None:
        if self.phase == "writing":
            self._allow(self._patience.write)

    def waiting(self, *, unconnected: bool = False) -> None:
        if self.phase == "writing":
            self.phase = "waiting"
            self._allow(self._patience.answer + (self._patience.connect if unconnected else 0))

    def receiving(self) -> None:
        self.phase = "receiving"
        self._allow(self._patience.stall)

    @property
    def expired(self) -> bool:
        return self._timeout.expired()

    @property
    def reason(self) -> str:
        if asyncio.get_running_loop().time() >= self._end:
            return "deadline"
        return "write_timeout" if self.phase == "writing" else "read_timeout"


class _Source:
    """Hands out a request body, watches its length, and keeps what fails in it apart from what the
    network does.
    """

    def __init__(self, body: Streamed) -> None:
        self._body = body
        self.length = body.length
        self._first = b""
        self.failed = False

    async def open(self) -> None:
        """Reads the first piece, so that a body that cannot be read is known before anything is sent."""
        problem = False
        try:
            self._first = await anext(aiter(self._body.chunks), b"")
        except Exception:  # noqa: BLE001  whatever a file store raises: nothing was sent
            problem = True
        if problem or (self.length and not self._first):
            raise NotSent("body_unreadable", "A file of the request could not be read.")

    async def chunks(self, watch: _Watch) -> AsyncIterator[bytes]:
        sent = 0
        piece = self._first
        while piece:
            sent += len(piece)
            if sent > self.length:
                break
            for start in range(0, len(piece), CHUNK):
                watch.writing()
                yield piece[start : start + CHUNK]
            piece = await self._next()
        if self.failed or sent != self.length:
            self.failed = True
            raise RuntimeError("the request body ended early or late")
        watch.waiting()

    async def close(self) -> None:
        """Closes the body's own iterator; one that a cancelled writer still holds is left to the event
        loop.
        """
        closing = getattr(self._body.chunks, "aclose", None)
        if closing is not None:
            with contextlib.suppress(Exception):
                await closing()

    async def _next(self) -> bytes:
        # Caught and not chained: a connector error of a file store would pass for one of the provider's
        # connection.
        try:
            return await anext(aiter(self._body.chunks), b"")
        except Exception:  # noqa: BLE001
            self.failed = True
        return b""


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body in memory as a stream."""
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]


class _Receiver:
    """Takes an answer in: headers at once, then the body through the sink, under the limit."""

    def __init__(
        self,
        sink: Sink | None,
        sink_status: int | None,
        max_bytes: int,
        keep: int,
        key: str,
        watch: _Watch,
    ) -> None:
        self._sink_status = sink_status
        self._sink, self._max, self._keep, self._key, self._watch = sink, max_bytes, keep, key, watch
        self.status: int | None = None
        self.headers: HeaderList = ()
        self.problem = ""
        self.complete = False
        self._head = bytearray()
        self._size = 0

    def arrived(self, response: httpx.Response) -> None:
        self._watch.receiving()
        self.status = response.status_code
        self.headers = safe_headers(response.headers.multi_items(), self._key)

    def answer(self, *, failed: bool) -> Answer:
        if failed and not self.complete and not self.problem:
            self.problem = "body_stalled" if self._watch.expired else "body_cut"
        head = bytes(self._head)
        if self._key and self._key.encode() in head:
            head = head.replace(self._key.encode(), b"*" * len(self._key))
        return Answer(self.status or 0, self.headers, head, self._size, self.problem)

    async def drain(self, response: httpx.Response) -> None:
        encoding = response.headers.get("content-encoding", "")
        try:
            inflater = inflater_for(encoding)
        except LookupError:
            inflater, self.problem = None, "encoding_unknown"
        declared = response.headers.get("content-length", "")
        if inflater is None and declared.isdecimal() and int(declared[:19]) > self._max:
            self.problem = "body_too_large"
        async for chunk in cast("httpx.AsyncByteStream", response.stream):
            self._watch.receiving()
            if self.problem == "body_too_large":
                self._note(chunk)
                return
            if inflater is None:
                going = await self._take(chunk)
            else:
                going = await self._inflate(inflater.feed(chunk))
            if not going:
                return
        if inflater is not None and not inflater.finished:
            self.problem = "body_cut"
        self.complete = True

    async def _inflate(self, pieces: Iterable[bytes]) -> bool:
        try:
            for piece in pieces:
                if not await self._take(piece):
                    return False
                await asyncio.sleep(0)
        except zlib.error:
            self.problem = "body_undecodable"
            return False
        return True

    def _note(self, piece: bytes) -> None:
        self._head += piece[: max(0, self._keep - len(self._head))]

    async def _take(self, piece: bytes) -> bool:
        if self._size + len(piece) > self._max:
            self._note(piece)
            self.problem = "body_too_large"
            return False
        self._note(piece)
        try:
            wanted = self._sink_status in (None, self.status)
            done = self._sink(piece) if self._sink and wanted else None
            if inspect.isawaitable(done):
                await done
        except Exception:  # noqa: BLE001  a full disk must not cost the verdict
            self.problem = "store_failed"
            return False
        self._size += len(piece)
        return True


def _split(body: bytes | Streamed | None) -> tuple[_Source | None, bytes | None]:
    """A body to stream, or one small enough to go out in one write, which cannot stall."""
    if isinstance(body, bytes) and len(body) > CHUNK:
        body = Streamed(pieces(body), len(body))
    return (_Source(body), None) if isinstance(body, Streamed) else (None, body)


def _sent_headers(content_type: str, key: str, source: _Source | None) -> list[tuple[str, str]]:
    sent = list(_ALWAYS_SENT)
    if content_type:
        sent.append(("content-type", content_type))
    if key:
        sent.append(("x-api-key", key))
    if source:
        sent.append(("content-length", str(source.length)))
    return sent


async def exchange(
    transport: httpx.AsyncBaseTransport,
    method: str,
    url: str | httpx.URL,
    *,
    patience: Patience,
    content_type: str = "",
    params: dict[str, str] | None = None,
    body: bytes | Streamed | None = None,
    sink: Sink | None = None,
    sink_status: int | None = None,
    max_bytes: int,
    keep: int = HEAD_BYTES,
    key: str = "",
) -> Answer:
    """Sends one request once and takes its answer in. Follows nothing, repeats nothing.

    With `sink_status` the sink only sees the body of an answer with that status. Raises NotSent if the
    request body cannot be read, CallLost if no status line came; neither carries the key.
    """
    source, small = _split(body)
    if source:
        await source.open()
    watch = _Watch(patience)
    receiver = _Receiver(sink, sink_status, max_bytes, keep, key, watch)
    content = source.chunks(watch) if source else small
    sent = _sent_headers(content_type, key, source)
    failure: CallLost | None = None
    try:
        async with watch:
            if source is None:
                watch.waiting(unconnected=True)
            waits = {"timeout": patience.connecting}
            request = httpx.Request(
                method, url, headers=sent, params=params, content=content, extensions=waits
            )
            response = await transport.handle_async_request(request)
            try:
                receiver.arrived(response)
                await receiver.drain(response)
            finally:
                await response.aclose()
    except Exception as exc:  # noqa: BLE001  aiohttp's and httpx's families, OSError: all mean the same here
        failure = _failure(exc, watch, source)
    finally:
        if source:
            await source.close()
    if receiver.status is None:
        # Raised outside the except block, so that no original exception, with its headers, stays attached.
        raise failure or CallLost("odd_failure", not_sent=False)
    return receiver.answer(failed=failure is not None)


def _failure(exc: Exception, watch: _Watch, source: _Source | None) -> CallLost:
    if watch.expired:
        return CallLost(watch.reason, not_sent=False, trail=type(exc).__name__)
    if source and source.failed:
        return CallLost("body_source_failed", not_sent=False, trail=type(exc).__name__)
    return lost(exc)
