"""Entries for the tests of the ledger: holds and what became of them, without a run."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from uuid_utils.compat import uuid7

from config.processes import wait_until
from playground.ledger import entries, sealing
from playground.ledger.entries import Fact, Hold
from playground.ledger.models import Entry

KEY = UUID("00000000-0000-7000-8000-000000000001")


def reserve(team_id: UUID, *, amount: str = "0.10", day: date | None = None, **more: Any) -> UUID:
    """One hold, in a transaction of its own; the id of its run. Raises what ``entries.hold`` raises."""
    day = day or datetime.now(UTC).date()
    values: dict[str, Any] = {
        "run_id": uuid7(),
        "mode": "sandbox",
        "person_id": None,
        "person_label": "Bob",
        "key_id": KEY,
        "key_label": "Studio",
        "key_last_four": "cdef",
        "endpoint": "seedream-4.5",
        "category": "text to image",
        "source": "playground",
        "tag": "",
        "size": "",
        "effective_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        "rule_version": 1,
        **more,
    }
    with transaction.atomic():
        entries.hold(Hold(team_id=team_id, amount=Decimal(amount), day=day, **values))
    return UUID(str(values["run_id"]))


def learn(run_id: UUID, billing: str, cost: str | None = None, *, state: str = "", **more: Any) -> None:
    """What became of the run, in a transaction of its own."""
    usual = {"billed": "succeeded", "not_billed": "refused", "unknown": "unknown", "pending": "accepted"}
    values: dict[str, Any] = {"evidence": {}, "rule_version": 1, **more}
    with transaction.atomic():
        entries.record(
            [Fact(run_id=str(run_id), state=state or usual[billing], billing=billing, cost=cost, **values)]
        )


def seal(*, entries: int = sealing.BLOCK_ENTRIES) -> int:
    """Seal what was committed so far. Tests in other databases of the same server delay it: their writes count, too."""
    newest = Entry.objects.filter(xact__lt=sealing.standing().next_number).aggregate(newest=Max("xact"))[
        "newest"
    ]
    assert wait_until(lambda: sealing.standing().oldest_running > (newest or 0), seconds=60, interval=0.02)
    return sealing.seal(entries=entries)
