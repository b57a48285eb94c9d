"""Putting an answer on the wire, whole or with the fault that was asked for."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

from aiohttp import web

from playground.sandbox import wire
from playground.sandbox.clock import stamp
from playground.sandbox.faults import ODD_COSTS, Fault, find

BIG = 256 * 1024 * 1024
MAINTENANCE = b"<!doctype html><title>Down</title><h1>Down for maintenance</h1><script>alert(1)</script>"
CHUNK = 64 * 1024
UNTYPED = web.RequestKey("untyped", bool)


@dataclass(frozen=True)
class Answer:
    """A whole answer before any fault touches it."""

    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


def document(value: object, headers: dict[str, str] | None = None, status: int = 200) -> Answer:
    return Answer(wire.encode(value).encode(), "application/json", headers or {}, status)


def drop(request: web.Request) -> web.Response:
    """Cut the connection. The response that is returned never reaches anybody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def refuse(request: web.Request, faults: list[Fault], now: datetime) -> web.StreamResponse | None:
    """Wait out a delay; then the answer of a fault that keeps the call from running, if there is one."""
    delay = find(faults, "delay")
    if delay is not None:
        await asyncio.sleep(delay.number("ms", 1000) / 1000)
    if find(faults, "drop_before_body", "drop_after_body"):
        return drop(request)
    redirect = find(faults, "redirect")
    if redirect is not None:
        return web.Response(
            status=302, headers={"Location": redirect.text("to", "https://elsewhere.example/")}
        )
    for fault in faults:
        if fault.name.startswith("status_4") or fault.name.startswith("status_5"):
            return status_answer(fault, now)
        if fault.name in ("html_200", "json_error_200") and not fault.flag("charge"):
            return web_response(odd_200(fault))
    return None


def status_answer(fault: Fault, now: datetime) -> web.Response:
    """The answer of a `status_…` fault."""
    code = int(fault.name.split("_")[1])
    if (code in (405, 502, 504) and not fault.params.get("text")) or fault.flag("html"):
        return wire.page(code, wire.PAGES.get(code) or f"{code} {HTTPStatus(code).phrase}")
    headers = reset_header(fault, now) if code == 429 else {}
    texts = {
        "status_406_content_type": wire.CONTENT_TYPE,
        "status_406_credits": wire.no_credits(Decimal("0.01"), Decimal("0.05")),
        "status_406_value": wire.rejected_value("aspect_ratio", "7:3", ["1:1", "16:9"]),
        "status_406_cap": wire.team_cap("monthly", Decimal(50)),
    }
    text = fault.text("text", texts.get(fault.name) or wire.DEFAULT_TEXTS.get(code, HTTPStatus(code).phrase))
    return wire.error(code, text, headers=headers)


def reset_header(fault: Fault, now: datetime) -> dict[str, str]:
    """`x-rate-limit-reset-at-utc` in the form the fault asks for; nobody has published the real one."""
    if not fault.flag("reset", True):
        return {}
    moment = now + timedelta(seconds=fault.number("reset_in", 60))
    forms = {"iso": stamp(moment), "epoch": str(int(moment.timestamp())), "garbage": "soon, 99th of Never"}
    return {"x-rate-limit-reset-at-utc": forms.get(fault.text("reset_format", "iso"), forms["iso"])}


def odd_200(fault: Fault) -> Answer:
    if fault.name == "html_200":
        return Answer(MAINTENANCE, "text/html")
    return document({"error": fault.text("text", "Internal Polling Error")})


def web_response(answer: Answer) -> web.Response:
    headers = {"Content-Type": answer.content_type, **answer.headers}
    return web.Response(body=answer.body, status=answer.status, headers=headers)


async def deliver(request: web.Request, answer: Answer, faults: list[Fault]) -> web.StreamResponse:
    """Send an answer to a call that ran, bent by whichever fault strikes on the way out."""
    if find(faults, "drop_after_charge"):
        return drop(request)
    odd = find(faults, "html_200", "json_error_200")
    if odd is not None:
        bent = odd_200(odd)
        answer = replace(bent, headers=answer.headers)
    if find(faults, "garbage_status_line"):
        return _garbage(request)
    answer = _relabel(answer, faults)
    if find(faults, "drop_mid_body"):
        return await _half(request, answer)
    drip = find(faults, "slow_drip")
    if drip is not None:
        pieces = _dripping(answer.body, max(1, int(drip.number("bytes", 1024))), drip.number("ms", 50) / 1000)
        return await _stream(request, answer, pieces, len(answer.body))
    huge = find(faults, "huge_body")
    if huge is not None:
        return await _stream(request, answer, _zeros(answer.body, int(huge.number("bytes", BIG))), None)
    bomb = find(faults, "gzip_body")
    if bomb is not None:
        packed = await asyncio.to_thread(_gzip_zeros, int(bomb.number("bytes", BIG)))
        answer = replace(answer, body=packed, headers={**answer.headers, "Content-Encoding": "gzip"})
    if find(faults, "no_content_type"):
        request[UNTYPED] = True
    return web_response(answer)


def _relabel(answer: Answer, faults: list[Fault]) -> Answer:
    wrong = find(faults, "wrong_content_type")
    if wrong is not None:
        answer = replace(answer, content_type=wrong.text("value", "text/plain"))
    if find(faults, "truncated_body"):
        answer = replace(answer, body=answer.body[: len(answer.body) // 2])
    if find(faults, "empty_body"):
        answer = replace(answer, body=b"")
    return answer


def _garbage(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.write(b"\x00\x01 this is not HTTP\r\n\r\n")
        request.transport.close()
    return web.Response(status=499)


async def _half(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = await _open(request, answer, len(answer.body))
    await response.write(answer.body[: max(1, len(answer.body) // 2)])
    await asyncio.sleep(0.05)
    if request.transport is not None:
        request.transport.abort()
    return response


async def _open(request: web.Request, answer: Answer, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(
        status=answer.status, headers={"Content-Type": answer.content_type, **answer.headers}
    )
    if length is None:
        response.enable_chunked_encoding()
    else:
        response.content_length = length
    await response.prepare(request)
    return response


async def _stream(
    request: web.Request, answer: Answer, pieces: AsyncIterator[bytes], length: int | None
) -> web.StreamResponse:
    response = await _open(request, answer, length)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


async def _dripping(body: bytes, size: int, pause: float) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(pause)


async def _zeros(body: bytes, size: int) -> AsyncIterator[bytes]:
    yield body
    block = bytes(CHUNK)
    for start in range(0, size, CHUNK):
        yield block[: min(CHUNK, size - start)]


def _gzip_zeros(size: int) -> bytes:
    packed = io.BytesIO()
    block = bytes(CHUNK)
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        for start in range(0, size, CHUNK):
            file.write(block[: min(CHUNK, size - start)])
    return packed.getvalue()


async def untype(request: web.Request, response: web.StreamResponse) -> None:
    """Take off the Content-Type that aiohttp adds by itself, where a fault asks for none."""
    if request.get(UNTYPED):
        response.headers.popall("Content-Type", None)


def odd_cost(faults: list[Fault], cost: str) -> str | None:
    """The cost as told: the true one, a bent one, or None for not at all."""
    for fault in faults:
        if fault.name in ODD_COSTS:
            return ODD_COSTS[fault.name]
    return cost
