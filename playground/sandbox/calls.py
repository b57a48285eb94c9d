"""The POST of a model: what is checked before it runs, v1's answer and v2's acceptance."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
import uuid
from dataclasses import dataclass
from decimal import Decimal
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from aiohttp import web

from playground.sandbox import catalogue, jobs, wire
from playground.sandbox.books import Record
from playground.sandbox.catalogue import Kind, Model
from playground.sandbox.delivery import Answer, deliver, document, drop, odd_cost, refuse
from playground.sandbox.faults import BadFault, Fault, find, parse_header, parse_many
from playground.sandbox.product import Product
from playground.sandbox.sandbox import SANDBOX, Refusal, Sandbox
from playground.sandbox.state import Account, Request

SEEDED = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.SOLID)


@dataclass
class Visit:
    """One POST while it is being judged; becomes the books' line if it is turned away."""

    slug: str
    version: str
    account: Account | None = None
    raw: bytes | None = None

    def as_record(self) -> Record:
        return {
            "slug": self.slug,
            "version": self.version,
            "fingerprint": self.account.fingerprint if self.account else None,
            "last4": self.account.last4 if self.account else None,
            "body_sha256": None if self.raw is None else hashlib.sha256(self.raw).hexdigest(),
        }


@dataclass(frozen=True)
class Call:
    """A POST that passed every check."""

    model: Model
    version: str
    account: Account
    raw: bytes
    body: dict[str, Any]
    faults: list[Fault]
    cost: Decimal
    doomed: str | None


async def post_model(request: web.Request) -> web.StreamResponse:
    """POST /v1/{slug} and /v2/{slug}."""
    sandbox = request.app[SANDBOX]
    visit = Visit(request.match_info["slug"], request.match_info["version"])
    sandbox.stats.enter()
    outcome = "500"
    try:
        response = await _serve(sandbox, request, visit)
        outcome = "dropped" if response.status == 499 else str(response.status)
        return response
    except Refusal as refusal:
        outcome = str(refusal.status)
        await sandbox.write(
            {"kind": "refused", "status": refusal.status, "error": refusal.text, **visit.as_record()}
        )
        return refusal.response()
    except web.HTTPException as odd:
        outcome = str(odd.status)
        raise
    except ConnectionResetError:
        outcome = "dropped"
        return drop(request)
    finally:
        sandbox.stats.leave(visit.slug, outcome)


async def _serve(sandbox: Sandbox, request: web.Request, visit: Visit) -> web.StreamResponse:
    account = visit.account = await sandbox.admit(request)
    faults = sandbox.registry.take(visit.slug, "post", account.fingerprint) + _header_faults(request)
    cut = find(_now(faults), "drop_before_body")
    if cut is not None:
        return await _turn_away(sandbox, visit, drop(request), cut.name)
    model = _known(sandbox, visit.slug)
    sandbox.count_call(account)
    visit.raw = await request.read()
    body = _parse(request, visit.raw)
    faults += _body_faults(body)
    early = await refuse(request, _now(faults), sandbox.clock.now())
    if early is not None:
        return await _turn_away(sandbox, visit, early, ", ".join(fault.name for fault in faults))
    _check_values(model, body)
    cost = _cost(model, body)
    sandbox.check_money(account, cost)
    missing = _missing(model, body)
    if missing and visit.version == "v1":
        raise Refusal(400, missing)
    call = Call(model, visit.version, account, visit.raw, body, faults, cost, missing)
    accepted = await _accept(sandbox, call)
    if visit.version == "v1":
        return await _answer(sandbox, request, call, accepted)
    return await jobs.submitted(sandbox, request, accepted, body, _now(faults))


def _now(faults: list[Fault]) -> list[Fault]:
    return [fault for fault in faults if fault.at == "post"]


async def _turn_away(
    sandbox: Sandbox, visit: Visit, response: web.StreamResponse, fault: str
) -> web.StreamResponse:
    kind = "dropped" if response.status == 499 else "refused"
    await sandbox.write({"kind": kind, "status": response.status, "fault": fault, **visit.as_record()})
    return response


def _known(sandbox: Sandbox, slug: str) -> Model:
    if slug in catalogue.RETIRED:
        raise Refusal(410, wire.RETIRED)
    if slug in catalogue.FORBIDDEN:
        raise Refusal(403, wire.FORBIDDEN)
    model = sandbox.models.get(slug)
    if model is None:
        raise Refusal(404, f"Model {slug} not found")
    return model


def _header_faults(request: web.Request) -> list[Fault]:
    try:
        return parse_header(request.headers.get("x-sandbox-fault", ""))
    except BadFault as bad:
        raise Refusal(400, str(bad)) from bad


def _body_faults(body: dict[str, Any]) -> list[Fault]:
    hints = body.get("_sandbox")
    if not isinstance(hints, dict) or "fault" not in hints:
        return []
    try:
        if isinstance(hints["fault"], list):
            return parse_many(hints["fault"])
        if isinstance(hints["fault"], dict):
            return parse_many(hints["fault"])
        return parse_many(hints)
    except BadFault as bad:
        raise Refusal(400, str(bad)) from bad


def _parse(request: web.Request, raw: bytes) -> dict[str, Any]:
    """The body as an object. Raises Refusal 406 for other content types, 400 for what cannot be read."""
    if request.content_type == "multipart/form-data":
        return _parse_form(request.headers["Content-Type"], raw)
    if request.content_type != "application/json" or "Content-Type" not in request.headers:
        raise Refusal(406, wire.CONTENT_TYPE)
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as broken:
        raise Refusal(400, wire.BAD_BODY) from broken
    if not isinstance(body, dict):
        raise Refusal(400, wire.BAD_BODY)
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parse_form(content_type: str, raw: bytes) -> dict[str, Any]:
    """Fields as text, files as base64. A form without parts is a broken one."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode(errors="replace")
    parts = BytesParser(policy=HTTP).parsebytes(head + raw).get_payload()
    if not isinstance(parts, list):
        raise Refusal(400, wire.BAD_BODY)
    form: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, Message):
            raise Refusal(400, wire.BAD_BODY)
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise Refusal(400, wire.BAD_BODY)
        form[name] = (
            base64.b64encode(content).decode() if part.get_filename() else content.decode(errors="replace")
        )
    return form


def _check_values(model: Model, body: dict[str, Any]) -> None:
    """Only text parameters with a fixed set of values are checked before the run. Raises Refusal 406."""
    for name, rule in model.properties.items():
        allowed = rule.get("enum")
        if not isinstance(allowed, list) or not all(isinstance(item, str) for item in allowed):
            continue
        if name in body and body[name] is not None and body[name] not in allowed:
            raise Refusal(406, wire.rejected_value(name, body[name], allowed))


def _missing(model: Model, body: dict[str, Any]) -> str | None:
    """The provider's wording for the first required field that is absent or of the wrong type."""
    for name in model.required:
        rule, value = model.properties.get(name, {}), body.get(name)
        absent = value is None or value == ""
        if rule.get("type") == "string" and (absent or not isinstance(value, str)):
            return f"{name.capitalize()} is Mandatory and must be string"
        if absent:
            return f"{name.capitalize()} is Mandatory"
    if model.kind is Kind.CHAT and not any(
        body.get(name) for name in ("messages", "prompt", "image", "image_url")
    ):
        return "Messages or prompt is Mandatory" if model.schema or "LLM" in model.category else None
    return None


def _cost(model: Model, body: dict[str, Any]) -> Decimal:
    hints = body.get("_sandbox")
    asked = hints.get("cost") if isinstance(hints, dict) else None
    if model.slug == catalogue.MOCK:
        asked = asked if asked is not None else body.get("credits")
    try:
        cost = model.cost if asked is None else Decimal(str(asked))
    except ArithmeticError as bad:
        raise Refusal(400, "The cost asked for is not a number") from bad
    if not cost.is_finite() or cost < 0:
        raise Refusal(400, "The cost asked for is not a number from 0")
    return cost


def _seed(model: Model, body: dict[str, Any]) -> int | None:
    """The seed asked for; a new one where it is absent or negative; None for models that tell none."""
    if model.kind not in SEEDED:
        return None
    asked = body.get("seed", model.defaults.get("seed"))
    try:
        seed = int(asked) if isinstance(asked, (int, str)) and not isinstance(asked, bool) else -1
    except ValueError:
        seed = -1
    return seed if seed >= 0 else secrets.randbelow(2**31)


async def _accept(sandbox: Sandbox, call: Call) -> Request:
    """Write the accepted call, and what it holds of the balance, into the books."""
    digest = await asyncio.to_thread(sandbox.bodies.put, call.raw)
    sandbox.check_money(call.account, call.cost)
    request_id = str(uuid.uuid4())
    await sandbox.write(
        {
            "kind": "accepted",
            "request_id": request_id,
            "fingerprint": call.account.fingerprint,
            "last4": call.account.last4,
            "slug": call.model.slug,
            "version": call.version,
            "body_sha256": digest,
            "seed": _seed(call.model, call.body),
            "reserved": str(call.cost),
            "duration": round(sandbox.duration(call.model, call.body), 4),
            "doomed": call.doomed,
            "faults": [fault.as_record() for fault in call.faults],
        }
    )
    return sandbox.state.requests[request_id]


async def _answer(
    sandbox: Sandbox, request: web.Request, call: Call, accepted: Request
) -> web.StreamResponse:
    """Run on the spot, charge, and send bytes or JSON with the money headers."""
    started = time.monotonic()
    product, _ = await asyncio.gather(
        sandbox.produce(call.model, call.body, accepted.seed), asyncio.sleep(accepted.duration)
    )
    await jobs.charge(sandbox, accepted, product, queue_time=0.0, run_time=time.monotonic() - started)
    faults = _now(call.faults)
    headers = money_headers(accepted, odd_cost(faults, str(accepted.cost)))
    return await deliver(request, v1_answer(call.body, product, headers), faults)


def money_headers(accepted: Request, cost: str | None) -> dict[str, str]:
    headers = {
        "x-remaining-credits": wire.amount(accepted.balance or Decimal(0)),
        "x-generation-time": f"{accepted.run_time:f}",
        "x-request-id": accepted.id,
    }
    if cost is not None:
        headers["x-cost"] = cost
    if accepted.seed is not None:
        headers["x-seed-value"] = str(accepted.seed)
    return headers


def v1_answer(body: dict[str, Any], product: Product, headers: dict[str, str]) -> Answer:
    if product.document is not None:
        return document(product.document, headers)
    part = product.parts[0]
    if body.get("base64") in (True, "true", "True", "1") and part.content_type.startswith("image/"):
        return document({"image": base64.b64encode(part.content).decode()}, headers)
    return Answer(part.content, part.content_type, headers)
