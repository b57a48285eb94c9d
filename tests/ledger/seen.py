"""Balances for the tests of reconciling: read at this moment of the database's clock, without a provider."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import ApiKey
from playground.ledger import balances
from playground.ledger.models import Entry, Snapshot
from tests.ledger.books import learn, reserve


def clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def see(key: ApiKey, total: str, **columns: Any) -> Snapshot:
    """The balance of a key as a check would have found it just now."""
    return balances._keep(
        Snapshot(
            team_id=key.team_id,
            mode=key.mode,
            key_id=key.id,
            **{"source": "check", "total": Decimal(total), "since": clock(), "at": clock(), **columns},
        )
    )


def begin(key: ApiKey, **more: Any) -> UUID:
    """A run of this key that is on its way from now on."""
    return reserve(
        key.team_id,
        **{
            "key_id": key.id,
            "mode": key.mode,
            "effective_at": clock(),
            "key_label": key.label,
            "key_last_four": key.last_four,
            **more,
        },
    )


def spend(key: ApiKey, cost: str, **more: Any) -> UUID:
    """A run of this key from its hold to its charge."""
    run = begin(key)
    learn(run, "billed", cost, **more)
    return run


def recorded(run: UUID) -> datetime:
    return Entry.objects.filter(run_id=run).latest("recorded_at").recorded_at


HOUR = timedelta(hours=1)
