"""The provider's request history: one row per output, each with the full cost of its request."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from playground.sandbox import wire
from playground.sandbox.clock import stamp
from playground.sandbox.delivery import Answer, document
from playground.sandbox.sandbox import Refusal, Sandbox
from playground.sandbox.state import Account, Progress, Request

WINDOW = timedelta(days=31)
STATUSES = ("COMPLETED", "FAILED", "PENDING")
SORTS = ("model_created", "model_name", "credits_deduction")


async def list_requests(sandbox: Sandbox, request: web.Request, account: Account) -> Answer:
    """GET /inference-request/request-history. The envelope is a guess: the real one is not documented."""
    query = request.query
    page, per_page = _whole(query, "page", 1, 1, 10**6), _whole(query, "per_page", 20, 1, 100)
    start, end = _window(sandbox, query)
    sort_by, order = query.get("sort_by", SORTS[0]), query.get("sort_order", "desc")
    status = query.get("status", "")
    if sort_by not in SORTS or order not in ("asc", "desc") or status not in ("", *STATUSES):
        raise Refusal(400, "sort_by, sort_order or status has a value that is not known")
    rows = [
        row
        for found in sandbox.state.requests.values()
        if found.fingerprint == account.fingerprint and start <= found.at < end
        if query.get("model_name", "") in found.slug
        for row in rows_of(found, str(request.url.origin()))
        if status in ("", row["model_status"])
    ]
    rows.sort(key=lambda row: (row[sort_by], row["model_created"]), reverse=order == "desc")
    shown = [_with_inputs(sandbox, row) for row in rows[(page - 1) * per_page : page * per_page]]
    pages = -(-len(rows) // per_page)
    return document(
        {"data": shown, "page": page, "per_page": per_page, "total": len(rows), "total_pages": pages}
    )


async def one_request(sandbox: Sandbox, request: web.Request, account: Account) -> Answer:
    """GET /inference-request/request-history/{id}: own requests only, of any age."""
    found = sandbox.state.requests.get(request.match_info["id"])
    if found is None or found.fingerprint != account.fingerprint:
        raise Refusal(404, wire.request_not_found(request.match_info["id"]))
    return document(_with_inputs(sandbox, rows_of(found, str(request.url.origin()))[0]))


def _with_inputs(sandbox: Sandbox, row: dict[str, Any]) -> dict[str, Any]:
    """The row with the body as it was sent, which is read from disk for the rows that are shown only."""
    return {**row, "request_body": sandbox.body(sandbox.state.requests[row["request_id"]])}


def rows_of(found: Request, base: str) -> list[dict[str, Any]]:
    """A request's rows, one for each file it made, or a single one."""
    status = found.progress.value if found.over else "PENDING"
    latency = int((found.finished - found.at).total_seconds() * 1000) if found.finished else None
    row = {
        "request_id": found.id,
        "model_name": found.slug,
        "model_status": status,
        "credits_deduction": found.cost if found.progress is Progress.COMPLETED else Decimal(0),
        "request_body": None,
        "generation_url": None,
        "latency_ms": latency,
        "model_created": stamp(found.at),
        "model_completed": stamp(found.finished) if found.finished else None,
        "error": found.error,
    }
    files = [name for name in found.files if not name.startswith("json/")]
    return [{**row, "generation_url": f"{base}/files/{name}"} for name in files] or [row]


def _whole(query: Any, name: str, default: int, low: int, high: int) -> int:
    try:
        value = int(query.get(name, default))
    except ValueError as bad:
        raise Refusal(400, f"{name} must be a whole number") from bad
    if not low <= value <= high:
        raise Refusal(400, f"{name} must be from {low} to {high}")
    return value


def _window(sandbox: Sandbox, query: Any) -> tuple[datetime, datetime]:
    """From the start of the first day to the end of the last, in UTC. Raises Refusal 400 past 31 days."""
    today = sandbox.clock.now().date()
    try:
        last = date.fromisoformat(query["to_date"]) if "to_date" in query else today
        first = date.fromisoformat(query["from_date"]) if "from_date" in query else last - timedelta(days=7)
    except ValueError as bad:
        raise Refusal(400, "Dates must be YYYY-MM-DD") from bad
    if last < first or last - first > WINDOW:
        raise Refusal(400, "The date range must be from 0 to 31 days")
    start = datetime.combine(first, time(), UTC)
    return start, datetime.combine(last, time(), UTC) + timedelta(days=1)
