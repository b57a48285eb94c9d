"""The entries of a period as rows, oldest day first. docs/exports.md lists the columns."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from playground.ledger import periods
from playground.ledger.archive import Value, csv_lines, json_line
from playground.ledger.models import Entry
from playground.ledger.periods import Period
from playground.ledger.spend import ZERO, Scope

BATCH = 1000


def _evidence(name: str) -> Callable[[Entry], Value]:
    def read(entry: Entry) -> Value:
        value = entry.evidence.get(name)
        return value if isinstance(value, str | int) else None

    return read


COLUMNS: dict[str, Callable[[Entry], Value]] = {
    "id": lambda entry: entry.id,
    "day": lambda entry: entry.day,
    "kind": lambda entry: entry.kind,
    "made_by": lambda entry: entry.made_by,
    "run_id": lambda entry: entry.run_id,
    "mode": lambda entry: entry.mode,
    "person": lambda entry: entry.person_label,
    "key_label": lambda entry: entry.key_label,
    "key_last_four": lambda entry: entry.key_last_four,
    "endpoint": lambda entry: entry.endpoint,
    "category": lambda entry: entry.category,
    "source": lambda entry: entry.source,
    "tag": lambda entry: entry.tag,
    "size": lambda entry: entry.size,
    "held_usd": lambda entry: entry.held,
    "spent_usd": lambda entry: entry.spent,
    "cost_usd": lambda entry: entry.cost,
    "billing": lambda entry: entry.billing,
    "billing_before": lambda entry: entry.billing_before,
    "state": lambda entry: entry.state,
    "state_before": lambda entry: entry.state_before,
    "error_kind": lambda entry: entry.error_kind,
    "took_seconds": lambda entry: entry.seconds,
    "effective_at": lambda entry: entry.effective_at,
    "original_day": lambda entry: entry.original_day,
    "original_at": lambda entry: entry.original_at,
    "recorded_at": lambda entry: entry.recorded_at,
    "status": _evidence("status"),
    "request_id": _evidence("request_id"),
    "cost_as_received": _evidence("cost_text"),
    "cost_source": _evidence("cost_source"),
    "actor": lambda entry: entry.actor_label,
    "reason": lambda entry: entry.reason,
    "rule_version": lambda entry: entry.rule_version,
}


@dataclass
class Tally:
    """What was written so far. ``spent`` and ``held`` are sums in US dollars."""

    rows: int = 0
    spent: Decimal = ZERO
    held: Decimal = ZERO

    def add(self, entry: Entry) -> None:
        self.rows += 1
        self.spent += entry.spent
        self.held += entry.held

    def totals(self) -> Mapping[str, str | int]:
        return {"spent_usd": f"{self.spent:f}", "held_usd": f"{self.held:f}"}


def batches(scope: Scope, period: Period) -> Iterator[list[Entry]]:
    """Day by day, at most a thousand at a time by keyset."""
    entries = Entry.objects.of(team_id=scope.team_id, mode=scope.mode)
    if scope.person_id is not None:
        entries = entries.filter(person_id=scope.person_id)
    for day in periods.each_day(period.first, period.last):
        last: uuid.UUID | None = None
        while True:
            of_day = entries.filter(day=day) if last is None else entries.filter(day=day, id__gt=last)
            batch = list(of_day.order_by("id")[:BATCH])
            if batch:
                yield batch
            if len(batch) < BATCH:
                break
            last = batch[-1].id


def csv_pieces(scope: Scope, period: Period, *, tally: Tally) -> Iterator[bytes]:
    yield csv_lines([list(COLUMNS)])
    for batch in batches(scope, period):
        for entry in batch:
            tally.add(entry)
        yield csv_lines([read(entry) for read in COLUMNS.values()] for entry in batch)


def jsonl_pieces(scope: Scope, period: Period, *, tally: Tally) -> Iterator[bytes]:
    for batch in batches(scope, period):
        for entry in batch:
            tally.add(entry)
        yield b"".join(json_line({name: read(entry) for name, read in COLUMNS.items()}) for entry in batch)
