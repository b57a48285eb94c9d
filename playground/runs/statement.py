"""Writes that are one statement, which PostgreSQL makes a transaction of its own: one way there and back, not three."""

import contextlib

from django.db import connection, transaction


def alone() -> contextlib.AbstractContextManager[None]:
    """Around a single statement. Inside a caller's transaction it is a savepoint, so that a failure spoils nothing."""
    return transaction.atomic() if connection.in_atomic_block else contextlib.nullcontext()
