"""Claim and settle, in batches: the synchronous halves of a run's life around its request.

The sender's event loop speaks no SQL; it hands batches to these functions on a few threads. Each is one transaction,
with rows locked in key order, so that two workers never wait on each other in a circle.
"""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg_pool import PoolTimeout

from accounts.models import ApiKey
from playground import prepared
from playground.runs import books, live, nudge, statement, store
from playground.runs.models import Billing, Run, State
from playground.runs.outcome import Outcome

logger = logging.getLogger(__name__)

BATCH = 200
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
POLL_LEASE = timedelta(seconds=60)
SENDER_GONE = "sender_gone"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that is now this worker's to send, once. ``api_key`` carries ciphertext only."""

    run_id: UUID
    team_id: UUID
    mode: str
    person_id: UUID | None
    endpoint: str
    version: int
    api_key: ApiKey
    body_text: str


@dataclass(frozen=True, slots=True)
class Due:
    """An accepted run whose provider is to be asked again."""

    run_id: UUID
    team_id: UUID
    mode: str
    request_id: str
    accepted_at: datetime
    polls: int
    submit_status: int | None
    api_key: ApiKey


def call_seconds(version: int) -> float:
    """The longest a call may take from claim to last byte, in seconds."""
    answer = settings.SEGMIND_READ_TIMEOUT if version == 1 else settings.SEGMIND_SUBMIT_TIMEOUT
    return settings.SEGMIND_CONNECT_TIMEOUT + settings.SEGMIND_WRITE_TIMEOUT + answer + 60


_KEY_COLUMNS = [(field.attname, field.column) for field in ApiKey._meta.concrete_fields]

# Two statements sent as one, which is one transaction. The keys' rows are locked first and in a statement of their own:
# the second one then sees what an earlier holder of the lock committed, and the limit per key holds across workers.
# Which keys were free is handed on in a setting that ends with the transaction. The claim itself stays a conditional
# UPDATE.
_CLAIM = """
WITH free AS (
    SELECT id FROM accounts_apikey
    WHERE id IN (SELECT DISTINCT api_key_id FROM playground_run WHERE state = 'queued')
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
SELECT set_config('atelier.free_keys', coalesce(string_agg(id::text, ','), ''), true) FROM free;

WITH line AS (
    SELECT waiting.id, waiting.place
    FROM unnest(string_to_array(current_setting('atelier.free_keys'), ',')::uuid[]) AS k(api_key_id)
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM playground_run WHERE state = 'sending' AND api_key_id = k.api_key_id
    ) AS busy
    CROSS JOIN LATERAL (
        SELECT q.id, row_number() OVER (ORDER BY q.id) AS place
        FROM (
            SELECT id FROM playground_run WHERE state = 'queued' AND api_key_id = k.api_key_id
            ORDER BY id LIMIT greatest(0, least(%(limit)s, %(per_key)s - busy.n))
            FOR NO KEY UPDATE SKIP LOCKED
        ) AS q
    ) AS waiting
    ORDER BY waiting.place, waiting.id
    LIMIT %(limit)s
), claimed AS (
    UPDATE playground_run AS r
    SET state = 'sending', claimed_at = clock_timestamp(),
        deadline_at = clock_timestamp() + make_interval(secs => CASE r.version WHEN 1 THEN %(v1)s ELSE %(v2)s END)
    FROM line JOIN playground_runtext AS t ON t.run_id = line.id
    WHERE r.id = line.id AND r.state = 'queued'
    RETURNING r.id, r.team_id, r.mode, r.person_id, r.endpoint, r.version, r.api_key_id, t.request_text
), used AS (
    UPDATE accounts_apikey SET last_used_at = now()
    WHERE id IN (SELECT api_key_id FROM claimed)
        AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')
)
SELECT claimed.*, {key}
FROM claimed JOIN accounts_apikey AS k ON k.id = claimed.api_key_id
ORDER BY claimed.id
""".replace("{key}", ", ".join(f'k."{column}"' for _, column in _KEY_COLUMNS))


def claim_many(*, limit: int) -> list[Claimed]:
    """Take up to ``limit`` queued runs, oldest first, fair between keys and within each key's limit of calls."""
    margin = 150  # an upload before the call, and the time to settle
    with statement.alone(), connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "limit": min(limit, BATCH),
                "per_key": settings.CALLS_PER_KEY,
                "v1": call_seconds(1) + margin,
                "v2": call_seconds(2) + margin,
            },
        )
        cursor.nextset()
        rows = cursor.fetchall()
    names = [name for name, _ in _KEY_COLUMNS]
    keys = {row[6]: row[8:] for row in rows}
    known = {key_id: ApiKey.from_db(connection.alias, names, values) for key_id, values in keys.items()}
    return [
        Claimed(
            run_id=row[0], team_id=row[1], mode=row[2], person_id=row[3], endpoint=row[4], version=row[5],
            api_key=known[row[6]], body_text=row[7],
        )
        for row in rows
    ]  # fmt: skip


def announce(claimed: list[Claimed]) -> None:
    """Tell the watchers that these runs are on their way; after the calls have begun, which do not wait for it."""
    live.publish(
        live.Change(
            run=str(run.run_id), team=str(run.team_id), mode=run.mode, person=str(run.person_id or ""),
            endpoint=run.endpoint, state=State.SENDING.value, billing=Billing.PENDING.value,
        )
        for run in claimed
    )  # fmt: skip


def claim_polls(*, limit: int = BATCH) -> list[Due]:
    """Accepted runs that are due, leased so that no other worker asks for them in the next minute."""
    with transaction.atomic():
        due = list(
            Run.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("api_key")
            .filter(state=State.ACCEPTED, next_poll_at__lte=timezone.now())
            .order_by("next_poll_at")[:limit]
        )
        if due:
            Run.objects.filter(id__in=[run.id for run in due]).update(
                next_poll_at=timezone.now() + POLL_LEASE
            )
    return [
        Due(
            run.id, run.team_id, run.mode, run.request_id, run.accepted_at or run.created_at,
            run.polls, run.submit_status, run.api_key,
        )
        for run in due
    ]  # fmt: skip


# Why a run was in doubt, and what a person then said of it, ends with the doubt. The activity log keeps both.
_OF_THE_DOUBT = ["reason", "settled_by", "settled_at", "settled_reason", "settled_before"]

# One statement: the rows are locked in key order, those that may still move move,
# and their words follow. Only a run that is on its way, or UNKNOWN (a late answer), may: a late "accepted" revives a
# run that was given up, a later poll of one that was given up does not, and whoever gives up a run from outside knows
# less than an outcome that is there. A row that another settlement has changed meanwhile is judged as it then is.
_SETTLE = """
WITH v AS (
    SELECT * FROM jsonb_to_recordset(%(runs)s::jsonb) AS v(
        id uuid, state text, billing text, cost numeric, cost_source text, submit_status int, status int,
        request_id text, error_kind text, seed text, generation_time numeric, output_kind text, evidence jsonb,
        rule_version int, accepted bool, polled bool, moment timestamptz, next_poll_at timestamptz)
), locked AS (
    SELECT id FROM playground_run WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
), moved AS (
    UPDATE playground_run AS r
    SET state = v.state, billing = v.billing, cost = v.cost, cost_source = v.cost_source,
        submit_status = coalesce(v.submit_status, r.submit_status), status = coalesce(v.status, r.status),
        request_id = coalesce(nullif(v.request_id, ''), r.request_id), error_kind = v.error_kind,
        seed = coalesce(nullif(v.seed, ''), r.seed),
        generation_time = coalesce(v.generation_time, r.generation_time), output_kind = v.output_kind,
        evidence = (r.evidence - %(doubt)s::text[]) || jsonb_strip_nulls(v.evidence),
        rule_version = v.rule_version,
        accepted_at = CASE WHEN v.accepted THEN coalesce(r.accepted_at, v.moment) ELSE r.accepted_at END,
        finished_at = CASE WHEN v.accepted THEN NULL ELSE v.moment END,
        next_poll_at = v.next_poll_at, polls = r.polls + CASE WHEN v.polled THEN 1 ELSE 0 END
    FROM v JOIN locked ON locked.id = v.id
    WHERE r.id = v.id AND CASE
        WHEN v.accepted AND r.state = 'unknown' THEN r.accepted_at IS NULL
        WHEN v.error_kind = %(gone)s THEN r.state = 'sending'
        WHEN v.state = 'unknown' THEN r.state IN ('sending', 'accepted')
        ELSE r.state IN ('sending', 'accepted', 'unknown')
    END
    RETURNING r.id, r.team_id, r.mode, r.person_id, r.endpoint, r.claimed_at, r.accepted_at
), words AS (
    UPDATE playground_runtext AS t
    SET response_headers = w.headers, response_text = w.response_text, error_text = w.error_text,
        search = t.search || to_tsvector('simple', left(w.searched, 5000) || ' ' || w.request_id)
    FROM jsonb_to_recordset(%(words)s::jsonb) AS w(
        id uuid, headers jsonb, response_text text, error_text text, searched text, request_id text)
    JOIN moved ON moved.id = w.id
    WHERE t.run_id = w.id AND t.erased_at IS NULL
)
SELECT * FROM moved
"""


def settle_many(outcomes: list[Outcome]) -> int:
    """Write what came of these runs in one transaction, rows locked in key order; the count of rows that moved.

    Only a run that is on its way, or UNKNOWN (a late answer), moves. A final one stays as it is: the second of two
    outcomes changes nothing. Bytes that arrived are put into the media store first, so that a settled run shows them.
    """
    first: dict[str, Outcome] = {}
    later = [outcome for outcome in outcomes if first.setdefault(outcome.run_id, outcome) is not outcome]
    moved = _settle_each(sorted(first.values(), key=lambda outcome: outcome.run_id))
    # Two outcomes of one run, after an outage: one UPDATE would take either.
    return moved + (settle_many(later) if later else 0)


def _settle_each(outcomes: list[Outcome]) -> int:
    stored = store.adopt_many(outcomes)
    values: dict[str, Any] = {
        "ids": [outcome.run_id for outcome in outcomes],
        "runs": json.dumps([_run_values(outcome) for outcome in outcomes]),
        "words": json.dumps([_text_values(outcome) for outcome in outcomes if outcome.next_poll is None]),
        "doubt": _OF_THE_DOUBT,
        "gone": SENDER_GONE,
    }
    with transaction.atomic():
        rows = {str(row[0]): row for row in prepared.rows(_SETTLE, values)}
        moved = [outcome for outcome in outcomes if outcome.run_id in rows]
        if not moved:
            return 0
        runs = {run_id: Run(id=row[0], team_id=row[1]) for run_id, row in rows.items()}
        store.record_outputs([o for o in moved if o.next_poll is None], runs, stored)
        # Last, because from here on the team's sums are locked until the end.
        books.settle([(outcome, *rows[outcome.run_id][5:]) for outcome in moved])
        changes = [_change(outcome, rows[outcome.run_id], stored) for outcome in moved]
        transaction.on_commit(lambda: _after(moved, changes))
    return len(moved)


def settle_all(outcomes: list[Outcome]) -> int:
    """Settle in batches; one that fails goes row by row, so that a bad row costs no other. The count that moved.

    A row whose words cannot be written still keeps its money. Raises one of DATABASE_AWAY when PostgreSQL is away;
    nothing is spoiled then, and the same call may be made again.
    """
    moved = 0
    for start in range(0, len(outcomes), BATCH):
        part = outcomes[start : start + BATCH]
        try:
            moved += settle_many(part)
        except DATABASE_AWAY:
            raise
        except Exception:
            logger.exception("A batch of %d outcomes failed; settling them one by one", len(part))
            moved += sum(_settle_alone(outcome) for outcome in part)
    return moved


def _settle_alone(outcome: Outcome) -> int:
    bare = outcome.adding(error_text="", response_text="", headers=[], outputs=[])
    for attempt in (outcome, bare):
        try:
            return settle_many([attempt])
        except DATABASE_AWAY:
            raise
        except Exception:
            logger.exception("The outcome of run %s could not be written", outcome.run_id)
    return 0


def _run_values(outcome: Outcome) -> dict[str, Any]:
    moment = datetime.fromtimestamp(outcome.at, UTC)
    accepted = outcome.next_poll is not None
    next_poll_at = moment + timedelta(seconds=outcome.next_poll) if outcome.next_poll is not None else None
    return {
        "id": outcome.run_id,
        "state": outcome.state,
        "billing": outcome.billing,
        "cost": outcome.cost,
        "cost_source": outcome.cost_source,
        "submit_status": outcome.submit_status,
        "status": outcome.status,
        "request_id": outcome.request_id,
        "error_kind": outcome.error_kind,
        "seed": outcome.seed,
        "generation_time": outcome.generation_time,
        "output_kind": outcome.output_kind,
        "evidence": outcome.evidence,
        "rule_version": outcome.rule_version,
        "accepted": accepted,
        "polled": accepted and outcome.submit_status is None,
        "moment": moment.isoformat(),
        "next_poll_at": next_poll_at.isoformat() if next_poll_at else None,
    }


def _text_values(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.run_id,
        "headers": [list(pair) for pair in outcome.headers],
        "response_text": outcome.response_text,
        "error_text": outcome.error_text,
        # This refusal tells the balance, which not everybody who may search may see.
        "searched": "" if outcome.error_kind == "credits" else outcome.error_text,
        "request_id": outcome.request_id,
    }


def _change(outcome: Outcome, row: tuple[Any, ...], stored: set[str]) -> live.Change:
    run_id, team_id, mode, person_id, endpoint = row[:5]
    return live.Change(
        run=str(run_id), team=str(team_id), mode=mode, person=str(person_id or ""), endpoint=endpoint,
        state=outcome.state, billing=outcome.billing,
        copying=any(not a.lost and a.spool_name not in stored for a in outcome.outputs),
    )  # fmt: skip


def _after(moved: list[Outcome], changes: list[live.Change]) -> None:
    live.publish(changes)
    for file_id in store.without_thumbnail([o.run_id for o in moved if o.output_kind == "image"]):
        nudge.send("runs.thumbnail", file_id=str(file_id))
