"""The client over real connections: what goes out, what comes in, and where a key never goes."""

import asyncio
import base64
import gzip
import json
import logging
import zlib
from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest

from playground.segmind.addresses import Addresses, ResultRefused, WrongAddress
from playground.segmind.billing import Billing, State, judge_v1, judge_v2_submit
from playground.segmind.client import (
    IDLE_SECONDS,
    Client,
    KeyOutcome,
    NotSent,
    Streamed,
    Timeouts,
    safe_headers,
)
from playground.segmind.reply import Answer, header
from tests.segmind.loopback import (
    LIVE_KEY,
    QUICK,
    SANDBOX_KEY,
    Loopback,
    Request,
    always,
    json_response,
    response,
    serve,
    serve_raw,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


async def post(
    server: Loopback, body: bytes | Streamed = b"{}", *, max_bytes: int = 10**6, timeouts: Timeouts = QUICK
) -> tuple[Answer, bytes]:
    got = bytearray()
    async with server.client(timeouts) as client:
        answer = await client.post_model(
            key=LIVE_KEY, version="v1", slug="flux-1.1-pro", body=body, sink=got.extend, max_bytes=max_bytes
        )
    return answer, bytes(got)


class TestPost:
    def test_sends_the_exact_text_once_with_the_key(self) -> None:
        body = b'{"seed": 18446744073709551615, "a": 1.0,  "a": 2}'

        async def run() -> tuple[Request, int, Answer, bytes]:
            headers = (("Content-Type", "image/png"), ("x-cost", "0.0500000000"), ("x-seed-value", "42"))
            async with serve(always(response(200, PNG, *headers))) as server:
                answer, got = await post(server, body)
                return server.requests[0], len(server.requests), answer, got

        request, count, answer, got = asyncio.run(run())
        assert (request.method, request.path, count) == ("POST", "/v1/flux-1.1-pro", 1)
        assert request.body == body
        assert request.headers["x-api-key"] == LIVE_KEY
        assert request.headers["content-type"] == "application/json"
        assert request.headers["accept-encoding"] == "identity"
        assert "authorization" not in request.headers
        assert got == PNG
        assert (answer.status, answer.size, answer.problem) == (200, len(PNG), "")
        assert header(answer.headers, "X-Cost") == "0.0500000000"

    def test_streams_a_large_body_with_its_length(self) -> None:
        pieces = [bytes([n]) * 300_000 for n in range(5)]

        async def chunks() -> AsyncIterator[bytes]:
            for piece in pieces:
                yield piece

        async def run() -> Request:
            async with serve(always(json_response(200, {"text": "fine"}))) as server:
                await post(server, Streamed(chunks(), 1_500_000))
                return server.requests[0]

        request = asyncio.run(run())
        assert request.body == b"".join(pieces)
        assert request.headers["content-length"] == "1500000"
        assert "transfer-encoding" not in request.headers

    def test_a_large_body_in_memory_arrives_whole(self) -> None:
        body = json.dumps({"image": "A" * 400_000}).encode()

        async def run() -> bytes:
            async with serve(always(json_response(200, {"text": "fine"}))) as server:
                await post(server, body)
                return server.requests[0].body

        assert asyncio.run(run()) == body

    def test_takes_a_sink_that_is_a_coroutine_function(self) -> None:
        got: list[bytes] = []

        async def sink(piece: bytes) -> None:
            await asyncio.sleep(0)
            got.append(piece)

        async def run() -> None:
            async with serve(always(response(200, PNG))) as server, server.client() as client:
                await client.post_model(key=LIVE_KEY, version="v2", slug="veo-3", body=b"{}", sink=sink)

        asyncio.run(run())
        assert b"".join(got) == PNG

    def test_v2_submit_is_judged_from_the_answer_alone(self) -> None:
        async def run() -> tuple[str, Answer]:
            async with serve(
                always(json_response(200, {"request_id": "abc-1", "status": "QUEUED"}))
            ) as server:
                async with server.client() as client:
                    answer = await client.post_model(
                        key=LIVE_KEY, version="v2", slug="veo-3", body=b"{}", content_type="application/json"
                    )
                return server.requests[0].path, answer

        path, answer = asyncio.run(run())
        assert path == "/v2/veo-3"
        assert judge_v2_submit(answer).request_id == "abc-1"

    @pytest.mark.parametrize("slug", ["", "../v1/x", "a/b", "a?b", "a b", ".hidden", "a..b", "ü", "a\nb"])
    def test_an_odd_slug_is_never_sent(self, slug: str) -> None:
        async def run() -> int:
            async with serve(always(response(200))) as server, server.client() as client:
                with pytest.raises(NotSent) as caught:
                    await client.post_model(key=LIVE_KEY, version="v1", slug=slug, body=b"{}")
                assert caught.value.reason == "slug_odd"
                return server.connections

        assert asyncio.run(run()) == 0

    @pytest.mark.parametrize(
        "key", ["", "short", "SG_01234 6789abcdef", "SG_0123456789abcdef\r\nx: y", "SG_é23456789"]
    )
    def test_a_key_that_no_header_can_carry_is_never_sent_nor_named(self, key: str) -> None:
        async def run() -> int:
            async with serve(always(response(200))) as server, server.client() as client:
                with pytest.raises(NotSent) as caught:
                    await client.post_model(key=key, version="v1", slug="a", body=b"{}")
                assert caught.value.reason == "key_unusable"
                assert not key or key not in f"{caught.value}{caught.value!r}"
                return server.connections

        assert asyncio.run(run()) == 0

    def test_no_cookie_is_kept_between_calls(self) -> None:
        async def run() -> list[Request]:
            async with serve(always(response(200, b"x", ("Set-Cookie", "team=one; Path=/")))) as server:
                async with server.client() as client:
                    for _ in range(2):
                        answer = await client.post_model(key=LIVE_KEY, version="v1", slug="a", body=b"{}")
                        assert header(answer.headers, "set-cookie") is None
                return server.requests

        assert [request.headers.get("cookie") for request in asyncio.run(run())] == [None, None]

    def test_proxy_settings_of_the_machine_are_ignored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        async def run() -> Answer:
            async with serve(always(response(200, b"x"))) as server:
                return (await post(server))[0]

        assert asyncio.run(run()).status == 200

    def test_an_idle_connection_is_used_again_only_for_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert IDLE_SECONDS < 5
        monkeypatch.setattr("playground.segmind.client.IDLE_SECONDS", 0.2)

        async def run() -> list[int]:
            async with serve(always(response(200, b"x"))) as server, server.client() as client:
                for pause in (0, 0.0, 0.5):
                    await asyncio.sleep(pause)
                    await client.post_model(key=LIVE_KEY, version="v1", slug="a", body=b"{}")
                return [request.connection for request in server.requests]

        assert asyncio.run(run()) == [1, 1, 2]


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirected_post_is_an_answer_and_the_key_stays_here(self, status: int) -> None:
        async def run() -> tuple[Answer, int, int]:
            async with serve(always(response(200, b"stolen"))) as thief:
                moved = response(status, b"", ("Location", thief.url + "/v1/a"))
                async with serve(always(moved)) as server:
                    answer, _ = await post(server)
                    return answer, len(server.requests), thief.connections

        answer, sent, stolen = asyncio.run(run())
        assert (answer.status, sent, stolen) == (status, 1, 0)
        verdict = judge_v1(answer)
        assert (verdict.state, verdict.billing, verdict.error_kind) == (
            State.REFUSED,
            Billing.NOT_BILLED,
            "redirect",
        )

    def test_a_garbage_location_does_not_lose_the_status(self) -> None:
        async def run() -> Answer:
            async with serve(
                always(response(302, b"", ("Location", "http://[::1"), ("x-cost", "1")))
            ) as server:
                return (await post(server))[0]

        assert asyncio.run(run()).status == 302

    def test_status_and_result_calls_follow_nothing(self) -> None:
        async def run() -> tuple[int, int]:
            async with serve(always(response(200, b"{}"))) as thief:
                moved = response(302, b"", ("Location", thief.url))
                async with serve(always(moved)) as server, server.client() as client:
                    await client.get_status(key=LIVE_KEY, request_id="abc")
                    await client.get_result(key=LIVE_KEY, request_id="abc")
                    await client.upload_asset(key=LIVE_KEY, media_type="image/png", file=PNG)
                    await client.fetch_history(key=LIVE_KEY)
                    await client.check_key(LIVE_KEY)
                    return len(server.requests), thief.connections

        assert asyncio.run(run()) == (5, 0)


class TestBodies:
    def test_a_body_over_the_limit_stops_and_keeps_the_cost(self) -> None:
        async def run(length: int | None) -> tuple[Answer, bytes]:
            headers = (("Content-Type", "image/png"), ("x-cost", "0.07"))
            raw = response(200, PNG * 20, *headers, length=length)
            async with serve(always(raw)) as server:
                return await post(server, max_bytes=50_000)

        for length in (None, 10**12):
            answer, got = asyncio.run(run(length))
            assert answer.problem == "body_too_large"
            assert len(got) <= 50_000
            assert answer.head.startswith(b"\x89PNG")
            verdict = judge_v1(answer)
            assert (verdict.billing, str(verdict.cost)) == (Billing.BILLED, "0.07")

    def test_a_chunked_body_over_the_limit_stops(self) -> None:
        async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(2000):
                writer.write(b"2000\r\n" + b"a" * 8192 + b"\r\n")
                await writer.drain()

        async def run() -> tuple[Answer, bytes]:
            async with serve(handler) as server:
                return await post(server, max_bytes=100_000)

        answer, got = asyncio.run(run())
        assert answer.problem == "body_too_large"
        assert len(got) <= 100_000

    def test_a_cut_body_keeps_the_status_and_the_cost(self) -> None:
        async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
            headers = (("Content-Type", "image/png"), ("x-cost", "0.07"))
            writer.write(response(200, PNG, *headers, length=len(PNG) * 2))
            await writer.drain()
            writer.close()

        async def run() -> tuple[Answer, bytes]:
            async with serve(handler) as server:
                return await post(server)

        answer, got = asyncio.run(run())
        assert (answer.status, answer.problem, got) == (200, "body_cut", PNG)
        verdict = judge_v1(answer)
        assert (verdict.state, verdict.billing, str(verdict.cost)) == (
            State.SUCCEEDED,
            Billing.BILLED,
            "0.07",
        )
        assert verdict.evidence["reason"] == "body_cut"

    def test_a_body_that_stops_coming_is_given_up(self) -> None:
        async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(response(200, b"half", ("x-cost", "0.07"), length=100))
            await writer.drain()
            await asyncio.sleep(30)

        async def run() -> Answer:
            async with serve(handler) as server:
                return (await post(server))[0]

        answer = asyncio.run(run())
        assert (answer.status, answer.problem, answer.head) == (200, "body_stalled", b"half")

    def test_a_slow_drip_ends_at_the_overall_deadline(self) -> None:
        async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(response(200, b"", ("x-cost", "0.07"), length=10_000))
            for _ in range(200):
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.05)

        async def run() -> Answer:
            timeouts = Timeouts(connect=0.5, write=0.5, read=0.5, stall=0.4, overall=0.6)
            async with serve(handler) as server:
                return (await post(server, timeouts=timeouts))[0]

        answer = asyncio.run(run())
        assert answer.problem == "body_stalled"
        assert 0 < answer.size < 100

    def test_a_sink_that_fails_does_not_cost_the_verdict(self) -> None:
        def full(piece: bytes) -> None:
            raise OSError(28, "No space left on device")

        async def run() -> Answer:
            async with (
                serve(always(response(200, PNG, ("x-cost", "0.07")))) as server,
                server.client() as client,
            ):
                return await client.post_model(key=LIVE_KEY, version="v1", slug="a", body=b"{}", sink=full)

        answer = asyncio.run(run())
        assert (answer.status, answer.problem, answer.size) == (200, "store_failed", 0)
        assert judge_v1(answer).billing is Billing.BILLED

    @pytest.mark.parametrize(
        ("encoding", "packed"),
        [
            ("gzip", gzip.compress(PNG)),
            ("x-gzip", gzip.compress(PNG[:100]) + gzip.compress(PNG[100:])),
            ("deflate", zlib.compress(PNG)),
            ("Deflate", zlib.compress(PNG)[2:-4]),
            ("identity", PNG),
        ],
    )
    def test_compressed_bodies_are_decoded(self, encoding: str, packed: bytes) -> None:
        async def run() -> tuple[Answer, bytes]:
            async with serve(always(response(200, packed, ("Content-Encoding", encoding)))) as server:
                return await post(server)

        answer, got = asyncio.run(run())
        assert (got, answer.size, answer.problem) == (PNG, len(PNG), "")

    def test_a_gzip_bomb_stops_at_the_limit(self) -> None:
        bomb = gzip.compress(bytes(50_000_000))

        async def run() -> tuple[Answer, bytes]:
            async with serve(
                always(response(200, bomb, ("Content-Encoding", "gzip"), ("x-cost", "1")))
            ) as server:
                return await post(server, max_bytes=300_000)

        answer, got = asyncio.run(run())
        assert answer.problem == "body_too_large"
        assert len(got) <= 300_000

    @pytest.mark.parametrize(
        ("encoding", "packed", "problem"),
        [
            ("gzip", b"not gzip at all", "body_undecodable"),
            ("gzip", gzip.compress(PNG)[:-20], "body_cut"),
            ("br", b"\x0b\x02", "encoding_unknown"),
            ("gzip, gzip", b"xx", "encoding_unknown"),
        ],
    )
    def test_broken_compression_is_a_problem_of_the_body_only(
        self, encoding: str, packed: bytes, problem: str
    ) -> None:
        async def run() -> Answer:
            async with serve(
                always(response(200, packed, ("Content-Encoding", encoding), ("x-cost", "1")))
            ) as server:
                return (await post(server))[0]

        answer = asyncio.run(run())
        assert (answer.status, answer.problem) == (200, problem)
        assert judge_v1(answer).billing is Billing.BILLED

    def test_an_echoed_key_is_blotted_out(self) -> None:
        odd_key = "an-old-style-key-of-another-form"
        body = json.dumps({"error": f"bad key {odd_key}"}).encode()

        async def run() -> Answer:
            raw = response(401, body, ("Content-Type", "application/json"), ("x-echo", f"k={odd_key}"))
            async with serve(always(raw)) as server, server.client() as client:
                return await client.post_model(key=odd_key, version="v1", slug="a", body=b"{}")

        answer = asyncio.run(run())
        assert odd_key not in repr(answer)
        assert odd_key not in judge_v1(answer).error_text
        assert answer.whole

    def test_a_long_header_does_not_lose_the_answer(self) -> None:
        async def run() -> Answer:
            raw = response(200, b"x", ("x-output-metadata", "m" * 20_000), ("x-cost", "0.01"))
            async with serve(always(raw)) as server:
                return (await post(server))[0]

        assert header(asyncio.run(run()).headers, "x-cost") == "0.01"

    def test_an_answer_before_the_whole_request_was_read(self) -> None:
        async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(json_response(406, {"error": "Insufficient credits"}, ("Connection", "close")))
            await writer.drain()
            await asyncio.sleep(5)

        async def run() -> Answer:
            async with serve_raw(early) as server:
                return (await post(server, b"x" * 30_000_000))[0]

        assert asyncio.run(run()).status == 406


class TestJobs:
    def test_addresses_are_built_from_the_id(self) -> None:
        async def run() -> tuple[list[str], Answer, Answer]:
            body = {"status": "COMPLETED", "output": "x" * 200_000}
            async with serve(always(json_response(200, body))) as server, server.client() as client:
                status = await client.get_status(key=LIVE_KEY, request_id="0f3c-ab_1.2")
                result = await client.get_result(key=LIVE_KEY, request_id="0f3c-ab_1.2")
                return [request.path for request in server.requests], status, result

        paths, status, result = asyncio.run(run())
        assert paths == ["/v2/requests/0f3c-ab_1.2/status", "/v2/requests/0f3c-ab_1.2"]
        assert status.whole
        assert result.whole
        assert len(result.head) > 200_000

    @pytest.mark.parametrize("job", ["", "../x", "a/b", "a?b", "a#b", "a%2f", "a b", "..", "x" * 200])
    def test_an_odd_id_is_never_put_into_an_address(self, job: str) -> None:
        async def run() -> int:
            async with serve(always(response(200))) as server, server.client() as client:
                for call in (client.get_status, client.get_result, client.fetch_history_entry):
                    with pytest.raises(NotSent):
                        await call(key=LIVE_KEY, request_id=job)
                return server.connections

        assert asyncio.run(run()) == 0


def hosts_of(server: Loopback) -> Client:
    """A client whose sandbox is this server; the live provider is out of reach."""
    live = Addresses("https://api.segmind.com", result_hosts=("images.segmind.com",))
    return Client(live=live, sandbox=Addresses(server.url, sandbox=True), timeouts=QUICK)


class TestDownload:
    def test_fetches_without_a_key(self) -> None:
        async def run() -> tuple[bytes, dict[str, str], str]:
            got = bytearray()
            async with serve(always(response(200, PNG, ("Content-Type", "image/png")))) as server:
                async with hosts_of(server) as client:
                    url = f"{server.url}/files/a%20b.png?x=1"
                    answer = await client.download(url, sink=got.extend, sandbox=True)
                    assert answer.status == 200
                return bytes(got), server.requests[0].headers, server.requests[0].path

        got, headers, path = asyncio.run(run())
        assert got == PNG
        assert path == "/files/a%20b.png?x=1"
        assert not {"x-api-key", "authorization", "cookie"} & set(headers)

    def test_follows_redirects_inside_the_result_hosts_only(self) -> None:
        async def run() -> tuple[bytes, int]:
            got = bytearray()
            async with serve(always(response(200, b"no"))) as outside, serve(redirecting) as server:
                server_moves["out"] = outside.url
                async with hosts_of(server) as client:
                    answer = await client.download(f"{server.url}/moved", sink=got.extend, sandbox=True)
                    assert answer.status == 200
                    with pytest.raises(ResultRefused):
                        await client.download(f"{server.url}/out", sink=got.extend, sandbox=True)
                    with pytest.raises(ResultRefused):
                        await client.download(f"{server.url}/loop", sink=got.extend, sandbox=True)
                return bytes(got), outside.connections

        server_moves: dict[str, str] = {}

        async def redirecting(request: Request, writer: asyncio.StreamWriter) -> None:
            target = {"/moved": "/here", "/out": server_moves.get("out", ""), "/loop": "/loop"}.get(
                request.path
            )
            moved = response(302, b"moved", ("Location", target or ""))
            writer.write(moved if target else response(200, b"file"))

        assert asyncio.run(run()) == (b"file", 0)

    def test_only_a_200_reaches_the_sink(self) -> None:
        async def run() -> tuple[Answer, bytes]:
            got = bytearray()
            async with (
                serve(always(response(404, b"<html>gone</html>"))) as server,
                hosts_of(server) as client,
            ):
                return await client.download(f"{server.url}/a", sink=got.extend, sandbox=True), bytes(got)

        answer, got = asyncio.run(run())
        assert (answer.status, got, answer.head) == (404, b"", b"<html>gone</html>")

    def test_a_live_run_never_fetches_from_the_sandbox_nor_the_reverse(self) -> None:
        async def run() -> int:
            async with serve(always(response(200, b"x"))) as server, hosts_of(server) as client:
                for sandbox, url in ((False, f"{server.url}/a"), (True, "https://images.segmind.com/a.png")):
                    with pytest.raises(ResultRefused):
                        await client.download(url, sink=bytearray().extend, sandbox=sandbox)
                return server.connections

        assert asyncio.run(run()) == 0


class TestUploadAndHistory:
    @pytest.mark.parametrize("size", [0, 1, 2, 3, 100, 200_001])
    def test_an_upload_is_a_data_uri_encoded_on_the_way(self, size: int) -> None:
        file = bytes(range(256)) * 1000
        answer = json_response(
            200, {"file_urls": ["https://images.segmind.com/assets/1.png"], "message": "ok"}
        )

        async def run() -> tuple[str, Request]:
            async with serve(always(answer)) as server, server.client() as client:
                done = await client.upload_asset(key=LIVE_KEY, media_type="image/png", file=file[:size])
                return done.url, server.requests[0]

        url, request = asyncio.run(run())
        assert url == "https://images.segmind.com/assets/1.png"
        assert request.path == "/upload-asset"
        sent = httpx.Response(200, content=request.body).json()["data_urls"][0]
        assert sent.startswith("data:image/png;base64,")
        assert base64.b64decode(sent.partition(",")[2]) == file[:size]

    def test_history_asks_only_for_what_was_given(self) -> None:
        async def run() -> list[str]:
            async with serve(always(json_response(200, []))) as server, server.client() as client:
                await client.fetch_history(key=LIVE_KEY, from_date=date(2026, 9, 1), model="veo-3")
                await client.fetch_history_entry(key=LIVE_KEY, request_id="abc")
                return [request.path for request in server.requests]

        first, second = asyncio.run(run())
        assert first.startswith("/inference-request/request-history?")
        assert "from_date=2026-09-01" in first
        assert "model_name=veo-3" in first
        assert "to_date" not in first
        assert second == "/inference-request/request-history/abc"

    def test_without_addresses_nothing_is_asked(self) -> None:
        async def run() -> list[str]:
            reasons = []
            async with Client(live=Addresses("http://127.0.0.1:9"), timeouts=QUICK) as client:
                for call in (
                    client.fetch_history(key=LIVE_KEY),
                    client.upload_asset(key=LIVE_KEY, media_type="image/png", file=b""),
                ):
                    with pytest.raises(NotSent) as caught:
                        await call
                    reasons.append(caught.value.reason)
            return reasons

        assert asyncio.run(run()) == ["history_off", "storage_off"]


class TestModes:
    def test_a_key_goes_only_where_it_belongs(self) -> None:
        async def run() -> tuple[list[str], list[str]]:
            async with serve(always(response(200))) as live, serve(always(response(200))) as sandbox:
                client = Client(
                    live=Addresses(live.url), sandbox=Addresses(sandbox.url, sandbox=True), timeouts=QUICK
                )
                async with client:
                    for key in (LIVE_KEY, SANDBOX_KEY):
                        await client.post_model(key=key, version="v1", slug="a", body=b"{}")
                        await client.get_status(key=key, request_id="a")
                return (
                    [request.headers["x-api-key"] for request in live.requests],
                    [request.headers["x-api-key"] for request in sandbox.requests],
                )

        assert asyncio.run(run()) == ([LIVE_KEY] * 2, [SANDBOX_KEY] * 2)

    @pytest.mark.parametrize("key", [SANDBOX_KEY, "SGTEST_short", "SGTEST_0123456789abcdeg"])
    def test_without_a_sandbox_its_keys_go_nowhere(self, key: str) -> None:
        async def run() -> int:
            async with serve(always(response(200))) as live, live.client() as client:
                for call in (
                    client.post_model(key=key, version="v1", slug="a", body=b"{}"),
                    client.get_status(key=key, request_id="a"),
                    client.check_key(key),
                ):
                    with pytest.raises(WrongAddress):
                        await call
                return live.connections

        assert asyncio.run(run()) == 0


def test_the_async_key_check_answers_without_raising() -> None:
    async def run() -> tuple[KeyOutcome, KeyOutcome]:
        balance = json_response(200, {"credits": 1.5, "free-credits": 0.0})
        async with serve(always(balance)) as server, server.client() as client:
            good = await client.check_key(LIVE_KEY)
        async with server.client() as client:
            return good.outcome, (await client.check_key(LIVE_KEY)).outcome

    assert asyncio.run(run()) == (KeyOutcome.GOOD, KeyOutcome.UNREACHABLE)


def test_nothing_logs_the_key(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with serve(always(response(500, b"x"))) as server:
            await post(server)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(run())
    assert LIVE_KEY not in caplog.text


def test_safe_headers_drop_secrets() -> None:
    kept = safe_headers(
        [
            ("Set-Cookie", "a=b"),
            ("X-API-Key", "x"),
            ("Authorization", "y"),
            ("x-debug", f"got {LIVE_KEY}"),
            ("x-echo", "prefix-old-key-suffix"),
            ("x-cost", "0.05"),
            ("x-note", "nul\x00byte"),
        ],
        "old-key",
    )
    assert kept == (("x-cost", "0.05"), ("x-note", "nul\ufffdbyte"))
