"""What only a superuser of PostgreSQL can do to the record: write past its triggers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def past_the_triggers() -> Iterator[Any]:
    """A cursor under which no trigger fires; what it did is committed at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor


def tamper(statement: str, values: list[Any] | None = None) -> None:
    with past_the_triggers() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount > 0


def forget_entries() -> None:
    """As it was before the ledger: runs without an entry, and no sums."""
    with past_the_triggers() as cursor:
        for table in ("entry", "openhold", "rollup", "quarterhour", "name"):
            cursor.execute(f"DELETE FROM playground_{table}")
