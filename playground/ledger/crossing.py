"""Two cuts crossed: from the rollups where they keep the pair, else counted from the entries by a worker.

What a worker counted, and how far it is, waits in the cache for a while. A page that finds neither asks; so does one
whose worker has said nothing for half a minute.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from celery import current_app
from django.core.cache import cache
from django.db import connection
from kombu.exceptions import OperationalError

from accounts.models import Team
from playground.ledger import periods, rules, spend, spend_tables
from playground.ledger.models import Cut
from playground.ledger.periods import Kind, Period
from playground.ledger.spend import NAMES, Scope, Sums

logger = logging.getLogger(__name__)

MOST_DAYS = 31
KEPT = timedelta(minutes=10)
SILENT = timedelta(seconds=30)
_COLUMNS = {
    Cut.PERSON: "coalesce(n.person_id::text, '')",
    Cut.ENDPOINT: "n.endpoint",
    Cut.KEY: "n.key_id::text",
    Cut.SOURCE: "n.source",
    Cut.TAG: "n.tag",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the days are counted."""

    done: int
    days: int


def context(
    team: Team,
    scope: Scope,
    period: Period,
    pair: tuple[Cut, Cut],
    known: Mapping[Cut, dict[str, Sums]],
) -> dict[str, Any]:
    """``crossed``, or ``progress`` while a worker counts, or ``too_long``; ``pair_title`` in any case.

    ``known`` are sums of cuts that the caller has read already.
    """
    first, second = (spend_tables.TITLES[cut][0] for cut in pair)
    made: dict[str, Any] = {"pair_title": f"{first} × {second.lower()}", "crossed": None}
    if pair in spend.PAIRS:
        lines, columns = (known.get(cut) or spend.by_value(scope, period, cut) for cut in pair)
        crossed = spend_tables.crossed(
            team, scope, period, pair, lines, columns, lambda a, b: spend.crossed(scope, period, pair, a, b)
        )
        return {**made, "crossed": crossed}
    if period.days > MOST_DAYS:
        return {**made, "too_long": MOST_DAYS}
    answer = counted(scope, period, pair)
    if isinstance(answer, Progress):
        return {**made, "progress": answer}
    lines, columns = (_of_one(answer, place) for place in (0, 1))
    crossed = spend_tables.crossed(team, scope, period, pair, lines, columns, lambda _a, _b: answer)
    return {**made, "crossed": crossed}


def _of_one(found: dict[tuple[str, str], Sums], place: int) -> dict[str, Sums]:
    """What the pairs come to for each value of one of the two cuts."""
    sums: dict[str, Sums] = {}
    for values, part in found.items():
        sums[values[place]] = sums.get(values[place], Sums()) + part
    return sums


def counted(scope: Scope, period: Period, pair: tuple[Cut, Cut]) -> dict[tuple[str, str], Sums] | Progress:
    """What a worker counted, else how far it is; asks one where nobody does."""
    known = cache.get(_key(scope.team_id, scope.mode, period, pair))
    if known is None or ("rows" not in known and time.time() - known["at"] > SILENT.total_seconds()):
        _say(scope.team_id, scope.mode, period, pair, done=0)
        _ask(scope, period, pair)
        return Progress(0, period.days)
    if "rows" not in known:
        return Progress(known["done"], period.days)
    return {(a, b): Sums(Decimal(spent), *counts) for a, b, spent, *counts in known["rows"]}


def _ask(scope: Scope, period: Period, pair: tuple[Cut, Cut]) -> None:
    asked = {
        "team_id": str(scope.team_id),
        "mode": scope.mode,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "pair": [cut.value for cut in pair],
    }
    try:
        current_app.send_task("ledger.cross", kwargs=asked, retry=False, expires=60, ignore_result=True)
    except OperationalError as error:
        logger.warning("The broker did not take a table: %s", error)


def count(*, team_id: UUID, mode: str, first: date, last: date, pair: tuple[Cut, Cut]) -> None:
    """For a worker: count the entries day by day, saying how far it is."""
    period = Period(Kind.CUSTOM, first, last)
    sums: dict[tuple[str, str], Sums] = {}
    for done, day in enumerate(periods.each_day(first, last)):
        _say(team_id, mode, period, pair, done=done)
        for values, part in _of_day(team_id, mode, day, pair):
            sums[values] = sums.get(values, Sums()) + part
    rows = [
        [a, b, f"{one.spent:f}", *(getattr(one, name) for name in NAMES[1:])]
        for (a, b), one in sums.items()
        if one
    ]
    cache.set(_key(team_id, mode, period, pair), {"rows": rows}, KEPT.total_seconds())


def _of_day(team_id: UUID, mode: str, day: date, pair: tuple[Cut, Cut]) -> list[tuple[tuple[str, str], Sums]]:
    a, b = (_COLUMNS[cut] for cut in pair)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {a}, {b}, {rules.DELTAS} FROM playground_entry AS n "  # noqa: S608 - columns of our own
            f"WHERE n.team_id = %s AND n.mode = %s AND n.day = %s AND {rules.CHANGES} GROUP BY 1, 2",
            [team_id, mode, day],
        )
        return [((row[0], row[1]), Sums(*row[2:])) for row in cursor.fetchall()]


def _say(team_id: UUID, mode: str, period: Period, pair: tuple[Cut, Cut], *, done: int) -> None:
    said = {"done": done, "at": time.time()}
    cache.set(_key(team_id, mode, period, pair), said, KEPT.total_seconds())


def _key(team_id: UUID, mode: str, period: Period, pair: tuple[Cut, Cut]) -> str:
    return f"ledger:crossed:{team_id}:{mode}:{period.first}:{period.last}:{pair[0]}:{pair[1]}"
