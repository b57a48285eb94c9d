"""The history as CSV or JSON lines: everything the filter selects, newest first, flat in memory.

Rows are read in keyset batches; between two batches no database connection is held. docs/exports.md lists the columns.
"""

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from playground.runs.models import Run, RunQuerySet

BATCH = 1000
_DEFUSED = ("=", "+", "-", "@", "\t", "\r", "\n")
Value = str | int | bool | Decimal | datetime | uuid.UUID | None


def _took(run: Run) -> Decimal | None:
    return None if run.took is None else Decimal(str(round(run.took, 3)))


def _answer(name: str) -> Callable[[Run], Value]:
    def read(run: Run) -> Value:
        value = run.evidence.get(name)
        return value if isinstance(value, str | int) else None

    return read


_COLUMNS: dict[str, Callable[[Run], Value]] = {
    "id": lambda run: run.id,
    "created_at": lambda run: run.created_at,
    "mode": lambda run: run.mode,
    "person": lambda run: run.person_label,
    "endpoint": lambda run: run.endpoint,
    "version": lambda run: run.version,
    "source": lambda run: run.source,
    "key_label": lambda run: run.key_label,
    "key_last_four": lambda run: run.key_last_four,
    "state": lambda run: run.state,
    "billing": lambda run: run.billing,
    "cost_usd": lambda run: run.cost,
    "cost_source": lambda run: run.cost_source,
    "needs_person": lambda run: run.needs_person,
    "submit_status": lambda run: run.submit_status,
    "status": lambda run: run.status,
    "request_id": lambda run: run.request_id,
    "error_kind": lambda run: run.error_kind,
    "output_kind": lambda run: run.output_kind,
    "seed": lambda run: run.seed,
    "generation_seconds": lambda run: run.generation_time,
    "took_seconds": _took,
    "claimed_at": lambda run: run.claimed_at,
    "accepted_at": lambda run: run.accepted_at,
    "finished_at": lambda run: run.finished_at,
    "cost_as_received": _answer("cost_text"),
    "reason": _answer("reason"),
    "settled_by": _answer("settled_by"),
    "settled_at": _answer("settled_at"),
    "settled_reason": _answer("settled_reason"),
    "rule_version": lambda run: run.rule_version,
}
# Words, for those who may see content: what was sent, what came back, what the provider said.
_WORDS: dict[str, Callable[[Run], Value]] = {
    "error_text": lambda run: run.text.error_text if hasattr(run, "text") else "",
    "request": lambda run: run.text.request_text if hasattr(run, "text") else "",
}


def columns(*, with_words: bool) -> list[str]:
    return [*_COLUMNS, *(_WORDS if with_words else ())]


def batches(runs: RunQuerySet, *, with_words: bool) -> Iterator[list[Run]]:
    """The selected runs, newest first, a thousand at a time by keyset."""
    ordered = runs.newest_first()
    if with_words:
        ordered = ordered.select_related("text").defer(
            "text__response_text", "text__response_headers", "text__search"
        )
    last: uuid.UUID | None = None
    while True:
        batch = list((ordered if last is None else ordered.filter(id__lt=last))[:BATCH])
        if batch:
            yield batch
        if len(batch) < BATCH:
            return
        last = batch[-1].id


def _values(run: Run, *, with_words: bool, hides: Callable[[Run], bool]) -> dict[str, Value]:
    row = {name: read(run) for name, read in _COLUMNS.items()}
    if with_words:
        row |= {name: read(run) for name, read in _WORDS.items()}
        if run.error_kind == "credits" and hides(run):
            # A refusal for credits names the balance of somebody else's key.
            row["error_text"] = ""
    return row


def _as_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _cell(value: Value) -> str:
    """A cell that no spreadsheet takes for a formula; amounts and numbers stay as they are."""
    text = _as_text(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_DEFUSED) else text


def csv_pieces(runs: RunQuerySet, *, with_words: bool, hides: Callable[[Run], bool]) -> Iterator[bytes]:
    """A header line, then one line for each run; a batch is one piece."""
    names = columns(with_words=with_words)
    yield _lines([names])
    for batch in batches(runs, with_words=with_words):
        rows = (_values(run, with_words=with_words, hides=hides) for run in batch)
        yield _lines([_cell(row[name]) for name in names] for row in rows)


def _lines(rows: Any) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def jsonl_pieces(runs: RunQuerySet, *, with_words: bool, hides: Callable[[Run], bool]) -> Iterator[bytes]:
    """One JSON object a line. Amounts are texts, so that no reader rounds them; what is not known is null."""
    for batch in batches(runs, with_words=with_words):
        yield b"".join(_json_line(_values(run, with_words=with_words, hides=hides)) for run in batch)


def _json_line(row: dict[str, Value]) -> bytes:
    plain = {
        name: value if value is None or isinstance(value, bool | int) else _as_text(value)
        for name, value in row.items()
    }
    return json.dumps(plain, ensure_ascii=False).encode() + b"\n"
