"""Not sent, or unknown? Every way to lose a call, over real connections and the real aiohttp transport."""

import asyncio
import socket
import struct
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import aiohttp
import httpx
import pytest
from aiohttp.client_reqrep import ConnectionKey

from playground.segmind.addresses import Addresses, WrongAddress
from playground.segmind.billing import RULE_VERSION, Billing, State, judge_lost
from playground.segmind.client import CallLost, Client, NotSent, Streamed, Timeouts
from playground.segmind.errors import REASONS
from playground.segmind.lost import lost, nothing_left, reason_of
from tests.segmind.loopback import LIVE_KEY, QUICK, Request, always, response, serve, serve_raw

RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def lose(base: str, body: bytes | Streamed = b"{}", timeouts: Timeouts = QUICK) -> CallLost | NotSent:
    """Posts and returns the exception, after looking for the key in all that it carries."""
    async with Client(live=Addresses(base), timeouts=timeouts) as client:
        with pytest.raises((CallLost, NotSent)) as caught:
            await client.post_model(key=LIVE_KEY, version="v1", slug="a", body=body)
    exc = caught.value
    assert isinstance(exc, CallLost | NotSent)
    assert exc.__cause__ is None
    assert exc.__context__ is None
    assert LIVE_KEY not in "".join(traceback.format_exception(exc)) + repr(exc) + repr(exc.args) + repr(
        vars(exc)
    )
    return exc


def outcome(exc: BaseException) -> tuple[State, Billing, str]:
    verdict = judge_lost(exc)
    assert verdict.cost is None
    assert verdict.evidence["rule_version"] == RULE_VERSION
    assert verdict.evidence["reason"] == verdict.error_kind
    assert verdict.error_kind in REASONS
    return verdict.state, verdict.billing, verdict.error_kind


def lost_to(
    handler: RawHandler, body: bytes = b"{}", scheme: str = "http", timeouts: Timeouts = QUICK
) -> CallLost:
    async def run() -> CallLost | NotSent:
        async with serve_raw(handler) as server:
            return await lose(server.url.replace("http", scheme, 1), body, timeouts)

    exc = asyncio.run(run())
    assert isinstance(exc, CallLost)
    return exc


def not_sent(reason: str) -> tuple[State, Billing, str]:
    return State.NOT_SENT, Billing.NOT_BILLED, reason


def unknown(reason: str) -> tuple[State, Billing, str]:
    return State.UNKNOWN, Billing.UNKNOWN, reason


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class TestNothingLeft:
    def test_connection_refused(self) -> None:
        exc = asyncio.run(lose(f"http://127.0.0.1:{free_port()}"))
        assert outcome(exc) == not_sent("connect_failed")

    def test_name_not_found(self) -> None:
        exc = asyncio.run(lose("http://no-such-host.invalid"))
        assert outcome(exc) == not_sent("dns_failed")

    def test_a_connection_that_is_never_accepted(self) -> None:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen(0)
            port = server.getsockname()[1]
            fillers = [socket.socket() for _ in range(3)]
            for one in fillers:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            try:
                exc = asyncio.run(lose(f"http://127.0.0.1:{port}"))
            finally:
                for one in fillers:
                    one.close()
        assert outcome(exc) == not_sent("connect_timeout")

    def test_tls_against_a_server_that_speaks_none(self) -> None:
        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(response(200, b"x", ("x-cost", "1")))
            await writer.drain()

        assert outcome(lost_to(plain, scheme="https")) == not_sent("tls_failed")

    def test_tls_that_is_hung_up_on(self) -> None:
        async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)

        state, billing, _ = outcome(lost_to(rude, scheme="https"))
        assert (state, billing) == (State.NOT_SENT, Billing.NOT_BILLED)

    def test_tls_that_is_never_answered(self) -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(30)

        timeouts = Timeouts(connect=0.3, write=2, read=2)
        assert outcome(lost_to(silent, scheme="https", timeouts=timeouts)) == not_sent("connect_timeout")

    def test_a_body_that_cannot_be_opened(self) -> None:
        async def broken() -> AsyncIterator[bytes]:
            for piece in Path("/no/such/file").read_bytes(), b"":
                yield piece

        async def run() -> tuple[CallLost | NotSent, int]:
            async with serve(always(response(200))) as server:
                return await lose(server.url, Streamed(broken(), 10)), server.connections

        exc, connections = asyncio.run(run())
        assert outcome(exc) == not_sent("body_unreadable")
        assert connections == 0


class TestUnknown:
    def test_closed_before_reading(self) -> None:
        async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        assert outcome(lost_to(rude)) == unknown("connection_lost")

    def test_reset_before_reading(self) -> None:
        async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()

        assert outcome(lost_to(rude)) == unknown("connection_lost")

    def test_closed_after_reading(self) -> None:
        async def read_and_go(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")

        assert outcome(lost_to(read_and_go)) == unknown("connection_lost")

    def test_reset_after_reading(self) -> None:
        async def read_and_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()

        assert outcome(lost_to(read_and_reset)) == unknown("connection_lost")

    def test_closed_in_the_middle_of_a_large_body(self) -> None:
        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(200_000)
            writer.transport.abort()

        assert outcome(lost_to(half, b"x" * 20_000_000)) == unknown("connection_lost")

    @pytest.mark.parametrize(
        "garbage",
        [
            b"hello there\r\n\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"\x16\x03\x01\x02\x00",
            b"HTTP/1.1 200 OK\r\nbad\r\n\r\n",
        ],
    )
    def test_garbage_instead_of_a_status_line(self, garbage: bytes) -> None:
        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(garbage)
            await writer.drain()

        assert outcome(lost_to(babble)) in (unknown("garbage_answer"), unknown("connection_lost"))

    def test_headers_cut_in_the_middle(self) -> None:
        async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nx-cost: 0.0")
            await writer.drain()

        assert outcome(lost_to(cut)) == unknown("connection_lost")

    def test_no_answer_in_time(self) -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(30)

        assert outcome(lost_to(silent)) == unknown("read_timeout")

    def test_headers_dripped_until_the_deadline(self) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for byte in b"HTTP/1.1 200 OK\r\n" + b"a" * 1000:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)

        assert outcome(lost_to(drip, timeouts=Timeouts(connect=1, read=30, overall=0.5))) == unknown(
            "deadline"
        )

    def test_a_body_that_nobody_reads(self) -> None:
        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(30)

        timeouts = Timeouts(connect=0.3, write=0.4, read=30)
        assert outcome(lost_to(deaf, b"x" * 50_000_000, timeouts=timeouts)) == unknown("write_timeout")

    def test_a_reused_connection_that_the_server_drops(self) -> None:
        async def once(request: Request, writer: asyncio.StreamWriter) -> None:
            if request.path == "/v1/first":
                writer.write(response(200, b"x"))
            else:
                writer.transport.abort()

        async def run() -> tuple[CallLost, int, int]:
            async with serve(once) as server, server.client() as client:
                await client.post_model(key=LIVE_KEY, version="v1", slug="first", body=b"{}")
                with pytest.raises(CallLost) as caught:
                    await client.post_model(key=LIVE_KEY, version="v1", slug="second", body=b"{}")
                return caught.value, len(server.requests), server.connections

        exc, requests, connections = asyncio.run(run())
        assert outcome(exc) == unknown("connection_lost")
        assert (requests, connections) == (2, 1), "a POST is never repeated"

    def test_a_body_that_breaks_off(self) -> None:
        key = ConnectionKey("files.example", 443, True, True, None, None, None)

        async def broken() -> AsyncIterator[bytes]:
            yield b"x" * 1000
            # A file store behind aiohttp raises this: it says nothing about the provider's connection.
            raise aiohttp.ClientConnectorError(key, OSError(111, "refused"))

        async def run() -> CallLost | NotSent:
            async with serve(always(response(200))) as server:
                return await lose(server.url, Streamed(broken(), 5000))

        assert outcome(asyncio.run(run())) == unknown("body_source_failed")

    @pytest.mark.parametrize("length", [5, 15])
    def test_a_body_of_another_length_than_said(self, length: int) -> None:
        async def ten() -> AsyncIterator[bytes]:
            yield b"12345"
            yield b"67890"

        async def run() -> CallLost | NotSent:
            async with serve(always(response(200))) as server:
                return await lose(server.url, Streamed(ten(), length))

        assert outcome(asyncio.run(run())) == unknown("body_source_failed")

    def test_a_client_that_was_closed(self) -> None:
        async def run() -> CallLost:
            async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
                await asyncio.sleep(30)

            async with serve(silent) as server:
                client = server.client(Timeouts(connect=5, read=20))
                call = asyncio.create_task(
                    client.post_model(key=LIVE_KEY, version="v1", slug="a", body=b"{}")
                )
                while not server.requests:
                    await asyncio.sleep(0.01)
                await client.aclose()
                with pytest.raises(CallLost) as caught:
                    await call
                return caught.value

        assert outcome(asyncio.run(run())) == unknown("connection_lost")


class TestProof:
    """The chain of causes alone decides, never httpx's class."""

    KEY = ConnectionKey("api.segmind.com", 443, True, True, None, None, None)

    def chained(self, *excs: BaseException) -> BaseException:
        for outer, inner in pairwise(excs):
            outer.__cause__ = inner
        return excs[0]

    @pytest.mark.parametrize(
        "outer", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.ReadError("x")]
    )
    def test_httpx_classes_prove_nothing(self, outer: httpx.TransportError) -> None:
        assert not nothing_left(outer)
        assert not nothing_left(self.chained(outer, aiohttp.ServerDisconnectedError()))
        assert not nothing_left(self.chained(outer, aiohttp.ClientOSError(104, "reset")))
        assert not nothing_left(self.chained(outer, aiohttp.ClientConnectionResetError("x")))
        assert not nothing_left(self.chained(outer, aiohttp.SocketTimeoutError("x")))
        assert not nothing_left(self.chained(outer, aiohttp.ServerTimeoutError("x")))
        assert not nothing_left(self.chained(outer, ConnectionRefusedError(111, "refused")))
        assert nothing_left(self.chained(outer, aiohttp.ConnectionTimeoutError("x")))
        assert nothing_left(
            self.chained(outer, aiohttp.ClientConnectorError(self.KEY, OSError(111, "refused")))
        )

    def test_every_connector_error_fails_before_http(self) -> None:
        os_error = OSError(1, "x")
        for one in (
            aiohttp.ClientConnectorDNSError(self.KEY, os_error),
            aiohttp.ClientConnectorSSLError(self.KEY, os_error),
            aiohttp.ClientConnectorCertificateError(self.KEY, ValueError("x")),
            aiohttp.ClientProxyConnectionError(self.KEY, os_error),
        ):
            assert nothing_left(one)

    def test_a_context_is_no_cause(self) -> None:
        outer = httpx.ReadError("x")
        outer.__context__ = aiohttp.ConnectionTimeoutError("x")
        assert not nothing_left(outer)

    def test_a_chain_that_bites_its_tail_ends(self) -> None:
        one, two = ValueError("x"), ValueError("y")
        one.__cause__, two.__cause__ = two, one
        assert not nothing_left(one)
        assert reason_of(one) == "odd_failure"

    def test_what_was_refused_here_was_not_sent(self) -> None:
        assert outcome(WrongAddress("x")) == not_sent("wrong_address")
        assert outcome(NotSent("key_unusable", "x")) == not_sent("key_unusable")

    def test_headers_in_aiohttps_exceptions_do_not_survive(self) -> None:
        info = aiohttp.RequestInfo(
            url=None,  # type: ignore[arg-type]
            method="POST",
            headers={"x-api-key": LIVE_KEY},  # type: ignore[arg-type]
            real_url=None,  # type: ignore[arg-type]
        )
        raw = aiohttp.ClientResponseError(info, (), status=400, message="Bad status line")
        assert LIVE_KEY in repr(raw), "the reason for the rule: aiohttp shows the request's headers"
        kept = lost(raw)
        assert LIVE_KEY not in repr(kept) + str(kept) + repr(vars(kept))
        assert outcome(kept) == unknown("garbage_answer")
