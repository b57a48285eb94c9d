"""The history as CSV or JSON lines: everything the filter selects, newest first, flat in memory.

Rows are read in keyset batches; between two batches no database connection is held. docs/exports.md lists the columns.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from playground.ledger.archive import Value, csv_lines, json_line
from playground.runs.models import Billing, Run, RunQuerySet

BATCH = 1000


@dataclass
class Tally:
    """What an export has written so far; ``cost`` is the sum of the known costs in US dollars."""

    rows: int = 0
    cost: Decimal = Decimal(0)
    billing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Billing.values, 0))

    def add(self, run: Run) -> None:
        self.rows += 1
        self.cost += run.cost or 0
        self.billing[run.billing] += 1

    def totals(self) -> Mapping[str, str | int]:
        return {"cost_usd": f"{self.cost:f}", **self.billing}


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
    "tag": lambda run: run.tag,
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


def csv_pieces(
    runs: RunQuerySet, *, with_words: bool, hides: Callable[[Run], bool], tally: Tally
) -> Iterator[bytes]:
    """A header line, then one line for each run; a batch is one piece."""
    names = columns(with_words=with_words)
    yield csv_lines([names])
    for batch in _counted(runs, with_words=with_words, hides=hides, tally=tally):
        yield csv_lines([one[name] for name in names] for one in batch)


def jsonl_pieces(
    runs: RunQuerySet, *, with_words: bool, hides: Callable[[Run], bool], tally: Tally
) -> Iterator[bytes]:
    """One JSON object a line; a batch is one piece."""
    for batch in _counted(runs, with_words=with_words, hides=hides, tally=tally):
        yield b"".join(json_line(one) for one in batch)


def _counted(
    runs: RunQuerySet, *, with_words: bool, hides: Callable[[Run], bool], tally: Tally
) -> Iterator[list[dict[str, Value]]]:
    for batch in batches(runs, with_words=with_words):
        for run in batch:
            tally.add(run)
        yield [_values(run, with_words=with_words, hides=hides) for run in batch]
