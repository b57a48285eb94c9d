"""Statements that PostgreSQL plans once for each connection: for those that every run goes through.

Django sends each statement as text, so that the server plans it anew; for a long one that takes longer than doing it.

A plan whose result has got another type by a migration fails once, and with the ROLLBACK the driver forgets what it
prepared: a statement that returns rows belongs into a transaction that is tried again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

Parameters = Mapping[str, Any] | Sequence[Any]


def rows(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """The rows that ``statement`` returns, in Django's connection and transaction. Raises Django's database errors.

    Parameters are bound by the server: a text whose type does not follow from its place needs a cast.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return cursor.fetchall() if cursor.description else []
