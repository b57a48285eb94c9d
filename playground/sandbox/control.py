"""The routes under /_sandbox/, for tests: books, stats, faults, keys, clock, reset. Loopback only."""

import ipaddress
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from playground.sandbox import wire
from playground.sandbox.clock import stamp
from playground.sandbox.faults import FAULTS, BadFault, parse_fault
from playground.sandbox.sandbox import SANDBOX, Sandbox, Stats
from playground.sandbox.state import KEY_SHAPE, fingerprint

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOCAL_NAME = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?", re.IGNORECASE)


def is_local(request: web.Request) -> bool:
    """True when the peer and the Host header are loopback and no browser asks for another site's page."""
    # A page on the web may post to localhost without asking; its browser says so in one of these.
    if "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none":
        return False
    try:
        peer = ipaddress.ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return False
    return peer.is_loopback and LOCAL_NAME.fullmatch(request.host) is not None


def local(handler: Handler) -> Handler:
    async def wrapped(request: web.Request) -> web.StreamResponse:
        if not is_local(request):
            return wire.error(403, "The control routes answer on loopback only")
        try:
            return await handler(request)
        except (BadFault, BadCommand) as bad:
            return wire.error(400, str(bad))

    return wrapped


class BadCommand(ValueError):
    """The body of a control call cannot be used; str() says why."""


async def _command(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError as bad:
        raise BadCommand(f"The body is not JSON: {bad}") from bad
    if not isinstance(body, dict):
        raise BadCommand("The body must be an object")
    return body


async def get_books(request: web.Request) -> web.StreamResponse:
    """GET /_sandbox/books: every record since the last reset; filters key, kind, slug, request_id."""
    sandbox = request.app[SANDBOX]
    await sandbox.books.flushed()
    wanted = {
        name: request.query[name]
        for name in ("kind", "slug", "version", "request_id")
        if name in request.query
    }
    if "key" in request.query:
        wanted["fingerprint"] = fingerprint(request.query["key"])
    records = [
        record
        for record in sandbox.state.records
        if all(record.get(name) == value for name, value in wanted.items())
    ]
    return web.json_response({"records": records})


async def get_stats(request: web.Request) -> web.StreamResponse:
    """GET /_sandbox/stats: model POSTs in flight, the peak, and totals per slug and outcome."""
    sandbox = request.app[SANDBOX]
    stats = sandbox.stats
    by_status: dict[str, int] = {}
    for counts in stats.by_slug.values():
        for outcome, number in counts.items():
            by_status[outcome] = by_status.get(outcome, 0) + number
    return web.json_response(
        {
            "in_flight": stats.in_flight,
            "peak": stats.peak,
            "posts": stats.posts,
            "by_status": by_status,
            "by_slug": {slug: dict(counts) for slug, counts in stats.by_slug.items()},
            "jobs_open": len(sandbox.tasks),
            "now": stamp(sandbox.clock.now()),
        }
    )


async def get_faults(request: web.Request) -> web.StreamResponse:
    """GET /_sandbox/faults: those set now, and every name there is."""
    active = [fault.as_record() for fault in request.app[SANDBOX].registry.faults]
    return web.json_response({"active": active, "known": FAULTS})


async def post_fault(request: web.Request) -> web.StreamResponse:
    """POST /_sandbox/faults {"slug", "fault", "at", "times", "key", params}."""
    body = await _command(request)
    fault = parse_fault(body)
    if "key" in body:
        fault.holder = fingerprint(str(body["key"]))
    request.app[SANDBOX].registry.add(fault)
    return web.json_response(fault.as_record())


async def delete_faults(request: web.Request) -> web.StreamResponse:
    """DELETE /_sandbox/faults[?slug=…]."""
    request.app[SANDBOX].registry.clear(request.query.get("slug"))
    return web.json_response({})


async def post_key(request: web.Request) -> web.StreamResponse:
    """POST /_sandbox/keys {"key", "credits", "free", "rpm", "cap", "cap_period", "revoked", "shares"}."""
    sandbox = request.app[SANDBOX]
    body = await _command(request)
    key = str(body.get("key") or f"SGTEST_{secrets.token_hex(8)}")
    if not KEY_SHAPE.fullmatch(key):
        raise BadCommand("A key is SGTEST_ and 16 hexadecimal digits")
    if "shares" in body:
        await _share(sandbox, key, str(body["shares"]))
    account = await sandbox.account(key)
    change: dict[str, Any] = {"kind": "key", "fingerprint": account.fingerprint, "last4": account.last4}
    for name in ("credits", "free", "cap"):
        if body.get(name) is not None:
            change[name] = str(_money(body[name], name))
    for name, kind in (("rpm", int), ("cap_period", str), ("revoked", bool)):
        if name in body:
            if not isinstance(body[name], kind):
                raise BadCommand(f"{name} has the wrong type")
            change[name] = body[name]
    await sandbox.write(change)
    return wire.reply(
        {
            "key": key,
            "fingerprint": account.fingerprint,
            "credits": account.credits,
            "free": account.free,
            "reserved": account.reserved,
            "spent": account.spent,
            "revoked": account.revoked,
        }
    )


async def _share(sandbox: Sandbox, key: str, other: str) -> None:
    """From now on `key` is one more key of the account of `other`; an account of its own is forgotten."""
    if not KEY_SHAPE.fullmatch(other) or key == other:
        raise BadCommand("shares is another key")
    account = await sandbox.account(other)
    mark = {"fingerprint": fingerprint(key), "last4": key[-4:]}
    await sandbox.write({"kind": "key", "shares": account.fingerprint, **mark})


def _money(value: object, name: str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation as bad:
        raise BadCommand(f"{name} is not a number") from bad
    if not amount.is_finite():
        raise BadCommand(f"{name} is not a number")
    return amount


async def post_clock(request: web.Request) -> web.StreamResponse:
    """POST /_sandbox/clock {"advance": seconds} or {"reset": true}."""
    clock = request.app[SANDBOX].clock
    body = await _command(request)
    if body.get("reset"):
        clock.reset()
    advance = body.get("advance", 0)
    if not isinstance(advance, (int, float)):
        raise BadCommand("advance is a number of seconds")
    clock.advance(advance)
    return web.json_response({"now": stamp(clock.now())})


async def post_reset(request: web.Request) -> web.StreamResponse:
    """POST /_sandbox/reset: faults, clock, stats; with {"books": true} also accounts, requests, files."""
    sandbox = request.app[SANDBOX]
    body = await _command(request)
    sandbox.registry.clear()
    sandbox.clock.reset()
    sandbox.stats = Stats(in_flight=sandbox.stats.in_flight)
    if body.get("books"):
        for task in list(sandbox.tasks):
            task.cancel()
        await sandbox.write({"kind": "reset"})
    return web.json_response({})


def routes() -> list[web.RouteDef]:
    return [
        web.get("/_sandbox/books", local(get_books)),
        web.get("/_sandbox/stats", local(get_stats)),
        web.get("/_sandbox/faults", local(get_faults)),
        web.post("/_sandbox/faults", local(post_fault)),
        web.delete("/_sandbox/faults", local(delete_faults)),
        web.post("/_sandbox/keys", local(post_key)),
        web.post("/_sandbox/clock", local(post_clock)),
        web.post("/_sandbox/reset", local(post_reset)),
    ]
