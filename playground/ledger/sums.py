"""Prove the kept sums from the entries, and rebuild them.

Both sides of a comparison are read in one statement: an entry and what it moves are written in one transaction, so one
snapshot always agrees with itself, while runs go on. Only a rebuild keeps writers out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from playground.ledger import rules
from playground.ledger.models import Entry

_FIGURES: Final = ("spent", "runs", "billed", "not_billed", "unknown", "succeeded")
_CHUNK = 500


@dataclass(frozen=True)
class _Table:
    """One kept sum: its key, its figures and the SQL that counts it from ``fresh``, the entries in question."""

    name: str
    label: str
    key: tuple[str, ...]
    figures: tuple[str, ...]
    rows: str
    kept: str  # which of its rows belong to the team, the mode and the days in question

    @property
    def columns(self) -> tuple[str, ...]:
        return self.key + self.figures


_OF_TEAM = "team_id = %(team)s AND mode = %(mode)s"
_BUDGETS = f"SELECT id FROM playground_budget WHERE {_OF_TEAM} AND ended_at IS NULL"

TABLES: Final = (
    _Table(
        name="playground_rollup",
        label="Sum",
        key=("team_id", "mode", "cut", "grain", "start", "a", "b"),
        figures=_FIGURES,
        rows=rules.rollup_rows("fresh"),
        kept=f"{_OF_TEAM} AND start >= %(since)s",
    ),
    _Table(
        name="playground_quarterhour",
        label="Quarter hour",
        key=("team_id", "mode", "bucket"),
        figures=_FIGURES,
        rows=rules.quarter_rows("fresh"),
        kept=f"{_OF_TEAM} AND bucket >= %(moment)s",
    ),
    _Table(
        name="playground_openhold",
        label="Open hold",
        key=("run_id",),
        figures=(
            *(
                "team_id",
                "mode",
                "person_id",
                "key_id",
                "endpoint",
                "category",
                "source",
                "tag",
                "amount",
                "billing",
            ),
            *("effective_at", "day"),
        ),
        rows=rules.open_hold_rows("fresh"),
        kept=f"{_OF_TEAM} AND day >= %(since)s",
    ),
    _Table(
        name="playground_budgetcounter",
        label="Budget",
        key=("budget_id", "subject", "start"),
        figures=("spent", "held", "runs"),
        rows=rules.counter_rows("fresh"),
        kept=f"budget_id IN ({_BUDGETS}) AND start >= %(since)s",
    ),
)

# A quarter of an hour that begins on the first day in one zone may lie on the day before in another.
_FRESH = f"""
fresh AS NOT MATERIALIZED (
    SELECT * FROM playground_entry WHERE {_OF_TEAM} AND day >= %(margin)s
)"""
_EVER = date(1970, 1, 1)


@dataclass(frozen=True)
class Difference:
    """One row that is not what the entries say. ``kept`` and ``counted`` hold the figures that differ."""

    label: str
    key: dict[str, Any]
    kept: dict[str, Any]
    counted: dict[str, Any]

    def __str__(self) -> str:
        key = " ".join(
            str(value) for name, value in self.key.items() if name not in ("team_id", "mode") and value
        )
        figures = ", ".join(
            f"{name.replace('_', ' ')} is {_shown(self.kept[name])} and should be {_shown(self.counted[name])}"
            for name in self.counted
        )
        return f"{self.label} {key}: {figures}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def books() -> list[tuple[UUID, str]]:
    """(team, mode) of every record that has an entry."""
    found = Entry.objects.order_by("team_id", "mode").values_list("team_id", "mode").distinct()
    return list(found)


def differences(*, team_id: UUID, mode: str, since: date | None = None) -> Iterator[Difference]:
    """Every kept row that its entries contradict; with ``since``, of days and periods that begin then or later."""
    for table in TABLES:
        yield from _differences(table, _values(team_id, mode, since))


def _values(team_id: UUID, mode: str, since: date | None) -> dict[str, Any]:
    start = since or _EVER
    return {
        "team": team_id,
        "mode": mode,
        "since": start,
        "margin": start - timedelta(days=2),
        "moment": datetime.combine(start, time(), UTC),
    }


def _differences(table: _Table, values: dict[str, Any]) -> Iterator[Difference]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        # A cursor is planned for its first rows, but here the last one matters as much.
        connection.cursor().execute("SET LOCAL cursor_tuple_fraction = 1")
        cursor.execute(_comparison(table), values)
        size = len(table.figures)
        while rows := cursor.fetchmany(_CHUNK):
            for row in rows:
                key = dict(zip(table.key, row, strict=False))
                kept = dict(zip(table.figures, row[len(table.key) :], strict=False))
                counted = dict(zip(table.figures, row[len(table.key) + size :], strict=True))
                odd = [name for name in table.figures if kept[name] != counted[name]]
                yield Difference(
                    table.label,
                    key,
                    {name: kept[name] for name in odd},
                    {name: counted[name] for name in odd},
                )


def _comparison(table: _Table) -> str:
    """SQL for the rows whose figures differ. A row of nothing but zeros is as good as none."""
    keys = ", ".join(table.key)

    def figures(side: str) -> str:
        if table.figures[0] == "spent":
            return ", ".join(f"coalesce({side}.{name}, 0)" for name in table.figures)
        return ", ".join(f"{side}.{name}" for name in table.figures)

    return f"""
WITH {_FRESH},
kept AS (SELECT {", ".join(table.columns)} FROM {table.name} WHERE {table.kept}),
counted AS (SELECT * FROM ({table.rows}) AS every WHERE {_counted(table)})
SELECT {keys}, {figures("kept")}, {figures("counted")}
FROM kept FULL JOIN counted USING ({keys})
WHERE ({figures("kept")}) IS DISTINCT FROM ({figures("counted")})
ORDER BY {keys}
"""


def _counted(table: _Table) -> str:
    """The same rows of the counted side: the entries are the team's already."""
    first = {"playground_quarterhour": "bucket >= %(moment)s", "playground_openhold": "day >= %(since)s"}
    return first.get(table.name, "start >= %(since)s")


def rebuild(*, team_id: UUID, mode: str) -> None:
    """Replace every sum of the team in this mode by what the entries say. Nothing can be sent meanwhile."""
    values = _values(team_id, mode, None)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(rules.LOCK_TEAM_ALONE, [str(team_id)])
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table.name} WHERE {table.kept}", values)
            cursor.execute(
                f"INSERT INTO {table.name} ({', '.join(table.columns)}) WITH {_FRESH} "
                f"SELECT {', '.join(table.columns)} FROM ({table.rows}) AS counted",
                values,
            )
