"""Balances as the provider told them: asked for free, or brought along by the answers to runs."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts import candidates
from accounts.models import ApiKey
from playground.ledger.models import BalanceSource, Snapshot
from playground.segmind.verdict import parse_balance

CHECK_TASK = "ledger.check_balance"
# Gathered more often than that, so that a balance which was committed late is still seen.
LOOKS_BACK = timedelta(hours=2)


def check(key_id: UUID) -> Snapshot | None:
    """Ask the provider for the balance of one key and keep the answer. For a worker: it waits on the provider.

    None when there is no answer with a figure, or no key that could be asked.
    """
    key = ApiKey.objects.filter(id=key_id).defer("ciphertext").first()
    since = _database_now()
    answer = candidates.refresh_balance(key_id)
    if key is None or answer is None or not answer.good or answer.credits is None:
        return None
    free = answer.free_credits or Decimal(0)
    return _keep(
        Snapshot(
            team_id=key.team_id,
            mode=key.mode,
            key_id=key.id,
            source=BalanceSource.CHECK,
            total=answer.credits + free,
            credits=answer.credits,
            free=answer.free_credits,
            since=since,
            at=_database_now(),
        )
    )


def _database_now() -> datetime:
    """The one clock by which entries are recorded, too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


@transaction.atomic
def _keep(snapshot: Snapshot) -> Snapshot:
    before = (
        Snapshot.objects.filter(key_id=snapshot.key_id, at__lt=snapshot.at)
        .order_by("-at", "-id")
        .values_list("total", flat=True)
        .first()
    )
    snapshot.moved = before is not None and before != snapshot.total
    snapshot.save(force_insert=True)
    return snapshot


# The last of each quarter of an hour is enough: what lies between two of them is charges that we know.
_BROUGHT = """
SELECT DISTINCT ON (e.key_id, date_bin('15 minutes', e.recorded_at, timestamptz '2000-01-01 00:00+00'))
    e.team_id, e.mode, e.key_id, e.run_id, e.spent, e.evidence ->> 'balance_text' AS balance,
    e.evidence ->> 'cost_source' AS source, least(e.effective_at, e.recorded_at) AS since, e.recorded_at AS at
FROM playground_entry AS e
WHERE e.key_id = ANY(%(keys)s) AND e.spent <> 0 AND e.recorded_at > clock_timestamp() - %(back)s
    AND e.kind = 'charge' AND e.made_by = 'run' AND e.evidence ? 'balance_text'
ORDER BY e.key_id, date_bin('15 minutes', e.recorded_at, timestamptz '2000-01-01 00:00+00'), e.recorded_at DESC, e.id
"""


def gather(*, back: timedelta = LOOKS_BACK) -> set[UUID]:
    """Keep the balances that came with the answers of the last hours; the keys that have new ones. Safe to repeat."""
    keys = list(ApiKey.objects.exclude(state=ApiKey.State.DELETED).values_list("id", flat=True))
    values: dict[str, Any] = {"keys": keys, "back": back}
    with connection.cursor() as cursor:
        cursor.execute(_BROUGHT, values)
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    known = set(
        Snapshot.objects.filter(run_id__in=[row["run_id"] for row in rows]).values_list("run_id", flat=True)
    )
    return _keep_brought(row for row in rows if row["run_id"] not in known)


def _keep_brought(rows: Iterable[dict[str, Any]]) -> set[UUID]:
    found = set()
    for row in rows:
        total = parse_balance(row["balance"])
        if total is None:
            continue
        metrics = row["source"] == BalanceSource.METRICS
        _keep(
            Snapshot(
                team_id=row["team_id"],
                mode=row["mode"],
                key_id=row["key_id"],
                source=BalanceSource.METRICS if metrics else BalanceSource.HEADER,
                total=total,
                charged=row["spent"],
                run_id=row["run_id"],
                since=row["since"],
                at=row["at"],
            )
        )
        found.add(row["key_id"])
    return found


def check_all() -> int:
    """Have the balance of every usable key asked for; how many. The asking is one task for each key."""
    keys = ApiKey.objects.usable().filter(team__memberships__isnull=False).distinct().defer("ciphertext")
    for key in keys:
        candidates.ask_balance(key, task=CHECK_TASK)
    return len(keys)
