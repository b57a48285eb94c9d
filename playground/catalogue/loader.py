"""Brings the bundled catalogue into the database. Safe to repeat, also on several machines at once."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from playground.catalogue.models import CatalogueState, Endpoint, Output
from playground.catalogue.samples import output_of, sample_for

DATA = Path(__file__).parent / "data"
COLUMNS = [
    *("title", "category", "output", "description", "avg_cost", "avg_latency_s", "price_low", "price_high"),
    *("price_note", "schema_text", "schema_complete", "sample_text", "notes"),
]
# Any constant will do, as long as no other advisory lock in this database uses it.
LOAD_LOCK = 7_306_001


@dataclass(frozen=True)
class Loaded:
    """What one load did: ``changed`` is false when the database already held this data."""

    changed: bool
    bundled: int
    retired: int


def load_bundled(*, using: str = "default") -> Loaded:
    """Adds and updates bundled endpoints, retires those no longer shipped; a team's own are not touched.

    When the stored hash says that nothing changed it costs one query.
    """
    rows = list(bundled_rows())
    data_hash = hash_of(rows)
    if CatalogueState.objects.using(using).filter(data_hash=data_hash).exists():
        return Loaded(changed=False, bundled=len(rows), retired=0)
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOAD_LOCK])
        Endpoint.objects.using(using).bulk_create(
            [Endpoint(**row) for row in rows],
            update_conflicts=True,
            unique_fields=["team", "slug"],
            update_fields=[*COLUMNS, "retired_at"],
        )
        gone = (
            Endpoint.objects.using(using)
            .bundled()
            .listed()
            .filter(~Q(slug__in=[row["slug"] for row in rows]))
        )
        retired = gone.update(retired_at=timezone.now())
        CatalogueState.objects.using(using).update_or_create(
            id=1, defaults={"data_hash": data_hash, "loaded_at": timezone.now()}
        )
    return Loaded(changed=True, bundled=len(rows), retired=retired)


def bundled_rows() -> Iterable[dict[str, Any]]:
    """Column values of every bundled endpoint, from the two data files."""
    known = {model["slug"]: model for model in read("models.json")}
    for fact in read("catalogue.json"):
        yield row_of(fact, known.get(fact["slug"]))


def row_of(fact: dict[str, Any], model: dict[str, Any] | None) -> dict[str, Any]:
    output = Output(model["output"]) if model else output_of(fact["category"])
    schema = model["schema"] if model else None
    row: dict[str, Any] = {
        "slug": fact["slug"],
        "title": fact["title"],
        "category": fact["category"],
        "output": output.value,
        "avg_cost": decimal(fact["avg_cost_usd"]),
        "avg_latency_s": decimal(fact["avg_latency_s"]),
        "sample_text": sample_for(fact["category"], output, schema),
    }
    if model:
        row |= {
            "description": model["description"],
            "price_low": decimal(model["price_low"]),
            "price_high": decimal(model["price_high"]),
            "price_note": model["price_note"] or "",
            "schema_text": json.dumps(schema, ensure_ascii=False),
            "schema_complete": model["schema_complete"],
            "notes": model["notes"] or "",
        }
    return row


def read(name: str) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return facts


def decimal(value: str | float | None) -> Decimal | None:
    """Exact, also of a JSON number: its shortest text is what the file holds."""
    return None if value is None else Decimal(str(value))


def hash_of(rows: list[dict[str, Any]]) -> str:
    """Of what would be stored, so that a change of the loader counts as much as one of the files."""
    return hashlib.sha256(json.dumps(rows, default=str, sort_keys=True).encode()).hexdigest()
