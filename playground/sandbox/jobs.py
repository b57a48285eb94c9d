"""v2: a job from its acceptance to its end, and the two GET routes that show it."""

import asyncio
import time
from typing import Any

from aiohttp import web

from playground.sandbox import wire
from playground.sandbox.books import Record
from playground.sandbox.clock import stamp
from playground.sandbox.delivery import Answer, deliver, document, odd_cost, refuse
from playground.sandbox.faults import Fault, find, parse_fault
from playground.sandbox.files import entry
from playground.sandbox.product import Product
from playground.sandbox.sandbox import SANDBOX, Refusal, Sandbox
from playground.sandbox.state import FILE_LIFE, RECORD_LIFE, Progress, Request

QUEUE_SHARE = 0.2
FLAPS = ("502", "429", "html", "404", "truth")


async def submitted(
    sandbox: Sandbox,
    request: web.Request,
    accepted: Request,
    body: dict[str, Any],
    faults: list[Fault],
) -> web.StreamResponse:
    """Start the job and answer the submit."""
    sandbox.spawn(run(sandbox, accepted, body))
    foreign = find(faults, "foreign_urls")
    base = foreign.text("to", "https://elsewhere.example") if foreign else str(request.url.origin())
    answer: dict[str, Any] = {
        "request_id": accepted.id,
        "status": Progress.QUEUED.value,
        "poll_url": f"{base}/v1/requests/{accepted.id}",
        "status_url": f"{base}/v2/requests/{accepted.id}/status",
        "response_url": f"{base}/v2/requests/{accepted.id}",
    }
    if find(faults, "submit_without_id"):
        answer = {"status": Progress.QUEUED.value}
    return await deliver(request, document(answer), faults)


def resume(sandbox: Sandbox) -> list[Request]:
    """Start again the jobs the last stop cut short; return the v1 calls it cut, which are lost."""
    lost = []
    for accepted in sandbox.state.unfinished():
        if accepted.version == "v1":
            lost.append(accepted)
            continue
        sandbox.spawn(run(sandbox, accepted, sandbox.body(accepted)))
    return lost


async def run(sandbox: Sandbox, accepted: Request, body: dict[str, Any]) -> None:
    """One job's life. A failure is not charged; whether anybody fetches the result makes no difference."""
    faults = job_faults(accepted)
    started = time.monotonic()
    await asyncio.sleep(accepted.duration * QUEUE_SHARE)
    queue_time = time.monotonic() - started
    accepted.progress = Progress.PROCESSING
    error = accepted.doomed
    failing = find(faults, "job_fails")
    if failing is not None:
        error = failing.text("error", "Model failed: CUDA out of memory")
    if find(faults, "job_never_ends"):
        return
    if error is not None:
        await asyncio.sleep(min(0.05, accepted.duration))
        await sandbox.write({**_ended(accepted, "failed", queue_time, 0.007), "error": error})
        return
    model = sandbox.models[accepted.slug]
    product, _ = await asyncio.gather(
        sandbox.produce(model, body, accepted.seed), asyncio.sleep(accepted.duration * (1 - QUEUE_SHARE))
    )
    run_time = time.monotonic() - started - queue_time
    await charge(sandbox, accepted, product, queue_time=queue_time, run_time=run_time)


async def charge(
    sandbox: Sandbox, accepted: Request, product: Product, *, queue_time: float, run_time: float
) -> None:
    """Keep the files and take the cost, once, in one line of the books."""
    files = await sandbox.keep(product)
    if product.document is not None:
        text = wire.encode(product.document).encode()
        digest = await asyncio.to_thread(sandbox.files.put, text)
        files = [
            entry(digest, "application/json", len(text), sandbox.clock.now() + FILE_LIFE, folder="json/")
        ]
    if accepted.id not in sandbox.state.requests:
        raise Refusal(503, "The sandbox was reset while this call ran")
    account = sandbox.state.accounts[accepted.fingerprint]
    await sandbox.write(
        {
            **_ended(accepted, "charge", queue_time, run_time),
            "cost": str(accepted.reserved),
            "balance": str(account.balance - accepted.reserved),
            "files": files,
        }
    )


def _ended(accepted: Request, kind: str, queue_time: float, run_time: float) -> Record:
    return {
        "kind": kind,
        "request_id": accepted.id,
        "fingerprint": accepted.fingerprint,
        "last4": accepted.last4,
        "slug": accepted.slug,
        "version": accepted.version,
        "queue_time": f"{queue_time:.4f}",
        "run_time": f"{run_time:.4f}",
    }


def job_faults(accepted: Request) -> list[Fault]:
    return [parse_fault(record) for record in accepted.faults]


async def get_status(request: web.Request) -> web.StreamResponse:
    """GET /v2/requests/{id}/status."""
    return await _poll(request, "status")


async def get_result(request: web.Request) -> web.StreamResponse:
    """GET /v2/requests/{id}, and the legacy /v1/requests/{id}."""
    return await _poll(request, "result")


async def _poll(request: web.Request, point: str) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    try:
        account = await sandbox.admit(request)
        accepted = _find(sandbox, request.match_info["id"], account.fingerprint)
        accepted.polls += point == "status"
        own = job_faults(accepted)
        faults = _striking(accepted, own, point)
        faults += sandbox.registry.take(accepted.slug, point, account.fingerprint)
        early = await refuse(request, faults, sandbox.clock.now())
        early = early or _flap(sandbox, accepted, own)
        if early is not None:
            return early
        _hide(sandbox, accepted, own, point)
    except Refusal as refusal:
        return refusal.response()
    await sandbox.books.flushed()
    base = str(request.url.origin())
    if point == "status" or not accepted.over:
        return await deliver(request, status_answer(accepted, base, own), faults)
    return await deliver(request, result_answer(sandbox, accepted, base, own + faults), faults)


def _find(sandbox: Sandbox, request_id: str, holder: str) -> Request:
    accepted = sandbox.state.requests.get(request_id)
    known = accepted is not None and accepted.version == "v2" and accepted.fingerprint == holder
    if accepted is None or not known or sandbox.clock.now() - accepted.at >= RECORD_LIFE:
        raise Refusal(404, wire.request_not_found(request_id))
    return accepted


def _striking(accepted: Request, own: list[Fault], point: str) -> list[Fault]:
    """The job's own faults for this GET; each strike uses up one of its times, in the record it came from."""
    struck = []
    for fault, record in zip(own, accepted.faults, strict=True):
        if fault.at == point and record.get("left", fault.times) != 0:
            struck.append(fault)
            if fault.times is not None:
                record["left"] = record.get("left", fault.times) - 1
    return struck


def _flap(sandbox: Sandbox, accepted: Request, own: list[Fault]) -> web.Response | None:
    flapping = find(own, "job_flaps")
    if flapping is None or not 0 < accepted.polls <= flapping.number("polls", 8):
        return None
    turn = FLAPS[(accepted.polls - 1) % len(FLAPS)]
    if turn == "html":
        return wire.page(200, "Just a moment...")
    if turn == "404":
        return wire.error(404, wire.request_not_found(accepted.id))
    if turn == "429":
        return wire.error(
            429, wire.TOO_MANY, headers={"x-rate-limit-reset-at-utc": stamp(sandbox.clock.now())}
        )
    return wire.page(502, wire.PAGES[502]) if turn == "502" else None


def _hide(sandbox: Sandbox, accepted: Request, own: list[Fault], point: str) -> None:
    """Raises Refusal where a fault makes the record, or only its result, disappear."""
    gone = find(own, "job_vanishes")
    late = find(own, "job_late")
    age = (sandbox.clock.now() - accepted.at).total_seconds()
    vanished = gone is not None and accepted.polls > gone.number("after", 1)
    if vanished or (late is not None and age < late.number("ms", 1000) / 1000):
        raise Refusal(404, wire.request_not_found(accepted.id))
    lost = find(own, "result_lost")
    if lost is not None and point == "result":
        status = int(lost.number("status", 404))
        text = (
            wire.request_not_found(accepted.id) if status == 404 else wire.DEFAULT_TEXTS.get(status, "Lost")
        )
        raise Refusal(status, text)


def status_answer(accepted: Request, base: str, faults: list[Fault]) -> Answer:
    body: dict[str, Any] = {"status": accepted.progress.value, "request_id": accepted.id}
    if accepted.progress is Progress.FAILED:
        return failed_answer(accepted, faults)
    if not accepted.over:
        body["status_url"] = f"{base}/v2/requests/{accepted.id}/status"
        body["response_url"] = f"{base}/v2/requests/{accepted.id}"
    if not find(faults, "status_without_metrics"):
        body["metrics"] = {"inference_time": accepted.run_time} if accepted.over else {}
    return document(body)


def failed_answer(accepted: Request, faults: list[Fault]) -> Answer:
    body: dict[str, Any] = {"status": "FAILED", "error": accepted.error, "request_id": accepted.id}
    if not find(faults, "status_without_metrics"):
        body["metrics"] = {
            "inference_time": accepted.run_time,
            "queue_time": accepted.queue_time,
            "total_time": accepted.queue_time + accepted.run_time,
        }
    return document(body, status=422)


def result_answer(sandbox: Sandbox, accepted: Request, base: str, faults: list[Fault]) -> Answer:
    """The result of a job that is over, as the model's kind shapes it."""
    if accepted.progress is Progress.FAILED:
        return failed_answer(accepted, faults)
    body: dict[str, Any] = {"status": "COMPLETED", "error": None}
    if not find(faults, "status_without_metrics"):
        body["metrics"] = _metrics(accepted, faults)
    files = [sandbox.state.files[name] for name in accepted.files]
    if files[0].content_type == "application/json":
        text = sandbox.files.read(files[0].sha256).decode()
        body |= {"output": text, "timings": {}, "grounding": {}}
        if accepted.slug == "mock-inference":
            body |= {"reasoning": None, "partial": None}
        return document(body)
    shown = [
        {
            "url": f"{base}/files/{file.name}",
            "content_type": file.content_type,
            "file_name": file.name,
            "file_size": file.size,
        }
        for file in files
    ]
    body["output"] = shown[0]["url"]
    kind = files[0].content_type.split("/")[0]
    body |= {"images": shown} if kind == "image" else {"video" if kind == "video" else "file": shown[0]}
    if kind == "audio":
        body["audio"] = body.pop("file")
    return document({**body, "seed": accepted.seed, "timings": {}})


def _metrics(accepted: Request, faults: list[Fault]) -> dict[str, Any]:
    told = odd_cost(faults, str(accepted.cost))
    metrics: dict[str, Any] = {
        "remaining_credits": accepted.balance,
        "inference_time": accepted.run_time,
        "queue_time": accepted.queue_time,
        "total_time": accepted.queue_time + accepted.run_time,
        "retry_count": 0,
    }
    if told is not None:
        textual = find(faults, "cost_text", "cost_comma")
        metrics["cost"] = told if textual else wire.Raw(told)
    return metrics
