"""The provider's own record of requests: the only way to settle a call whose answer was lost.

Its envelope is not documented, so the rows are looked for: the first list of objects that name a request.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from playground.segmind.addresses import Addresses
from playground.segmind.asking import ask
from playground.segmind.exact import parse_json, raw_text
from playground.segmind.reply import Answer
from playground.segmind.verdict import parse_money


@dataclass(frozen=True)
class HistoryRow:
    """One request as the provider recorded it. `status` is COMPLETED, FAILED or PENDING; texts are as
    received.

    `outputs` counts its rows: the provider writes one per output, each with the whole cost, so `cost` is
    taken once.
    """

    request_id: str
    model: str
    status: str
    cost: Decimal | None
    cost_text: str
    created_text: str
    error: str
    outputs: int = 1
    body: Any = field(default=None, compare=False)
    """The request's JSON as the provider kept it, with numbers as `JsonNumber`; None where it kept none."""


@dataclass(frozen=True)
class History:
    """What the provider answered over a span of days. `complete` only if every page of it came and was read."""

    rows: tuple[HistoryRow, ...]
    complete: bool


def _rows(value: Any, depth: int = 4) -> list[dict[str, Any]]:
    if isinstance(value, list):
        found = [one for one in value if isinstance(one, dict) and one.get("request_id")]
        if found:
            return found
    if depth and isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            if found := _rows(one, depth - 1):
                return found
    if isinstance(value, dict) and value.get("request_id"):
        return [value]
    return []


def _row(value: dict[str, Any], outputs: int) -> HistoryRow:
    cost = raw_text(value.get("credits_deduction"))
    created = next((raw_text(value.get(name)) for name in _CREATED if value.get(name)), "")
    return HistoryRow(
        request_id=raw_text(value.get("request_id")),
        model=raw_text(value.get("model_name")),
        status=(raw_text(value.get("model_status")) or raw_text(value.get("status"))).upper(),
        cost=parse_money(cost),
        cost_text=cost,
        created_text=created,
        error=raw_text(value.get("error"), 2000),
        outputs=outputs,
        body=_body(value.get("request_body")),
    )


def _body(value: Any) -> Any:
    """A body is an object, or an object as text."""
    found = parse_json(value.encode(errors="replace")) if isinstance(value, str) else value
    return found if isinstance(found, dict) and found else None


_CREATED = ("model_created", "created_at", "created", "timestamp")


def parse_history(body: bytes) -> tuple[HistoryRow, ...]:
    """The requests in a page of history, each once, in the order received; empty for anything unreadable."""
    return _grouped(_rows(parse_json(body)))


def _grouped(rows: Iterable[dict[str, Any]]) -> tuple[HistoryRow, ...]:
    """One row per request: each of the provider's has the whole cost."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(raw_text(row.get("request_id")), []).append(row)
    return tuple(_row(rows[0], len(rows)) for request_id, rows in grouped.items() if request_id)


PATH = "/inference-request/request-history"
PER_PAGE = 100
MAX_PAGES = 40
MAX_BYTES = 8 * 1024 * 1024
SECONDS = 20.0


def read_history(
    base_url: str,
    key: str,
    *,
    sandbox: bool = False,
    from_date: date,
    to_date: date,
    transport: httpx.BaseTransport | None = None,
) -> History:
    """Every request of these days (in UTC, at most 31 apart), page by page.

    For a background task. Raises WrongAddress or NotSent, before anything is sent, if the key may not go there.
    """
    addresses = Addresses(api=base_url, sandbox=sandbox)
    addresses.require(key)
    asked = {"per_page": str(PER_PAGE), "from_date": from_date.isoformat(), "to_date": to_date.isoformat()}
    asked |= {"sort_by": "model_created", "sort_order": "asc"}
    found: list[dict[str, Any]] = []
    for page in range(1, MAX_PAGES + 1):
        answer = ask(
            addresses.api + PATH,
            key,
            seconds=SECONDS,
            max_bytes=MAX_BYTES,
            params={**asked, "page": str(page)},
            transport=transport,
        )
        rows = _page(answer)
        if rows is None:
            return History(_grouped(found), complete=False)
        found += rows
        if len(rows) < PER_PAGE:
            return History(_grouped(found), complete=True)
    return History(_grouped(found), complete=False)


def _page(answer: Answer | None) -> list[dict[str, Any]] | None:
    """The rows of one page, one for each output; None for an answer that is no page of history."""
    if answer is None or answer.status != 200 or not answer.whole:
        return None
    value = parse_json(answer.head)
    return rows if (rows := _rows(value)) or _has_empty_list(value) else None


def _has_empty_list(value: Any) -> bool:
    """A page without rows has its list all the same; an error under status 200 has none."""
    return value == [] or (
        isinstance(value, dict) and any(one == [] or _has_empty_list(one) for one in value.values())
    )
