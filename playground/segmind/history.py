"""The provider's own record of requests: the only way to settle a call whose answer was lost.

Its envelope is not documented, so the rows are looked for: the first list of objects that name a request.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from playground.segmind.exact import parse_json, raw_text
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
    )


_CREATED = ("model_created", "created_at", "created", "timestamp")


def parse_history(body: bytes) -> tuple[HistoryRow, ...]:
    """The requests in a page of history, each once, in the order received; empty for anything unreadable."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(parse_json(body)):
        grouped.setdefault(raw_text(row.get("request_id")), []).append(row)
    return tuple(_row(rows[0], len(rows)) for request_id, rows in grouped.items() if request_id)
