"""A year of a large house in a fresh database: N runs with their entries, by set-based SQL.

One of ten teams has 60 % of the rows; 51 people are in it, 100 endpoints and eight keys. People and endpoints are
used unevenly, one run in fifty is refused, and some hundred runs are open or in doubt, whatever N is.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from django.db import transaction

from playground.ledger import rules

SLUG = "large"
TABLES = ("playground_run", "playground_entry", "playground_runtext")
_CHUNK = 25_000
_MONTHS = 12
_THREADS = 2


@dataclass
class Large:
    """Ids of what was made: the large team, its people (the owner is the last one) and its keys."""

    team: UUID
    people: list[UUID]
    keys: list[UUID]
    others: list[tuple[UUID, UUID]] = field(default_factory=list)  # (team, key) of the nine small ones


def furnish() -> Large:
    """Teams, people, keys and endpoints, in Django's database."""
    from accounts import keys, teams
    from accounts.models import Membership, Role, User
    from playground.catalogue.models import Endpoint

    with transaction.atomic():
        people = [User.objects.create_user(f"p{n}@example.com", None, name=f"Person {n}") for n in range(51)]
        owner = teams.create_team(owner=people[50], name=SLUG.title())
        Membership.objects.bulk_create(
            Membership(team=owner.team, user=one, role=Role.MEMBER) for one in people[:50]
        )
        Endpoint.objects.bulk_create(
            Endpoint(team=owner.team, slug=f"model-{n}", title=f"Model {n}") for n in range(100)
        )

        def key(membership: Membership, n: int) -> UUID:
            return keys.add_key(membership=membership, label=f"Key {n}", text=f"SGTEST_{n:016x}").id

        small = [teams.create_team(owner=one, name=f"Small {n}") for n, one in enumerate(people[:9])]
        return Large(
            team=owner.team_id,
            people=[one.id for one in people],
            keys=[key(owner, n) for n in range(8)],
            others=[(one.team_id, key(one, 8 + n)) for n, one in enumerate(small)],
        )


# ``n`` numbers the runs from the oldest; what varies comes from its hash, so that the same N makes the same year.
_LINE = """
WITH dice AS (
    SELECT n, %(now)s::timestamptz - interval '365 days' * (1 - n::float8 / %(count)s) AS at,
        hashint8extended(n, 1) AS h, hashint8extended(n, 2) & 1048575 AS b
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
), drawn AS (
    SELECT n, b, at, CASE WHEN n %% 10 < 6 THEN 0 ELSE 1 + (n / 10 %% 9)::int END AS house,
        floor(50 * power((h & 65535) / 65536.0, 2))::int AS p,
        floor(100 * power((h >> 16 & 65535) / 65536.0, 2))::int AS e,
        CASE
            WHEN n > %(count)s - 200 THEN 'pending'
            WHEN n %% (%(count)s / 300) = 7 THEN 'unknown'
            WHEN n %% (%(count)s / 100) = 11 THEN 'no cost'
            WHEN b %% 50 = 0 THEN 'refused'
            ELSE 'good'
        END AS fate
    FROM dice
), line AS MATERIALIZED (
    SELECT n, at, fate, e, p, b, lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
            || lpad(to_hex(n %% 4096), 3, '0') AS head, lpad(to_hex(n), 15, '0') AS tail,
        CASE house WHEN 0 THEN %(team)s ELSE (%(teams)s::uuid[])[house] END::uuid AS team_id,
        CASE house WHEN 0 THEN (%(keys)s::uuid[])[1 + p %% 8] ELSE (%(other_keys)s::uuid[])[house] END AS key_id,
        CASE house WHEN 0 THEN 'Key ' || p %% 8 ELSE 'Key ' || 7 + house END AS key_label,
        CASE WHEN house = 0 AND b %% 499 = 0 THEN 50 WHEN house = 0 THEN p ELSE p %% 10 END AS person,
        CASE WHEN b %% 997 = 0 THEN 'demo' ELSE 'playground' END AS source,
        (ARRAY['', '', '', 'film unit', 'shop', 'press'])[1 + b %% 6] AS tag,
        CASE WHEN e %% 4 = 0 THEN 'duration=' || 5 + b %% 2 * 5 || ' resolution=720p' ELSE '' END AS size,
        CASE WHEN fate = 'good' THEN ((e + 1) * (10000000 + b * 7)::numeric / 10000000000)::numeric(20, 10) END AS cost,
        CASE WHEN fate = 'refused' THEN (ARRAY[400, 401, 404, 406, 406, 422, 429, 429, 500, 503])[1 + b / 50 %% 10]
            WHEN fate IN ('good', 'no cost') THEN 200 END AS status,
        CASE fate WHEN 'good' THEN 'billed' WHEN 'no cost' THEN 'billed' WHEN 'refused' THEN 'not_billed'
            ELSE fate END AS billing,
        CASE fate WHEN 'good' THEN 'succeeded' WHEN 'no cost' THEN 'succeeded' WHEN 'pending' THEN 'accepted'
            ELSE fate END AS state,
        CASE WHEN fate = 'refused' THEN (ARRAY['input', 'key', 'not_found', 'credits', 'value'])[1 + b / 50 %% 5]
            ELSE '' END AS error_kind
    FROM drawn
), runs AS (
    INSERT INTO playground_run (id, team_id, mode, person_id, person_label, endpoint, version, source, tag, api_key_id,
        key_label, key_last_four, token, state, billing, cost, cost_source, status, request_id, error_kind,
        output_kind, seed, evidence, rule_version, created_at, claimed_at, accepted_at, finished_at,
        next_poll_at, polls)
    SELECT (head || '8' || tail)::uuid, team_id, 'sandbox', (%(people)s::uuid[])[1 + person], 'Person ' || person,
        'model-' || e, CASE fate WHEN 'pending' THEN 2 ELSE 1 END, source, tag, key_id, key_label, 'cdef',
        md5(n::text)::uuid, state, billing, cost, CASE WHEN cost IS NULL THEN '' ELSE 'header' END, status,
        'request-' || n, error_kind, 'image', '', '{"reason": ""}', 1, at, at,
        CASE fate WHEN 'pending' THEN at END, CASE WHEN fate <> 'pending' THEN at + interval '2 s' END,
        CASE fate WHEN 'pending' THEN at + interval '1 year' END, 0
    FROM line
), texts AS (
    INSERT INTO playground_runtext (run_id, request_text, request_sha256, response_headers, response_text, error_text,
        search, erased_by)
    SELECT (head || '8' || tail)::uuid, format('{"prompt": "%%s"}', words), repeat('0', 64), '[]', '', '',
        to_tsvector('simple', words), ''
    FROM line CROSS JOIN LATERAL (
        SELECT format('a red boat in a harbour colour%%s place%%s', b %% 50, n %% 50000) AS words
    ) AS prompt
    WHERE at > %(now)s::timestamptz - interval '90 days'
)
INSERT INTO playground_entry (
    id, kind, made_by, team_id, mode, run_id, person_id, person_label, key_id, key_label, key_last_four, endpoint,
    category, source, tag, size, held, spent, cost, billing, billing_before, state, state_before, error_kind, seconds,
    evidence, rule_version, actor_label, reason, effective_at, day, recorded_at, xact)
SELECT step.id, step.kind, 'run', team_id, 'sandbox', (head || '8' || tail)::uuid, (%(people)s::uuid[])[1 + person],
    'Person ' || person, key_id, key_label, 'cdef', 'model-' || e, 'Category ' || e %% 12, source, tag, size, step.held,
    step.spent, step.cost, step.billing, step.billing_before, step.state, step.state_before, step.error_kind,
    step.seconds, step.evidence, 1, '', '', at, (at AT TIME ZONE 'UTC')::date, step.recorded_at, n
FROM line CROSS JOIN LATERAL (
    SELECT (head || '8' || tail)::uuid, 'hold', 0.15, 0, NULL, 'pending', '', 'queued', '', '', NULL, '{}'::jsonb, at
    UNION ALL
    SELECT (head || '9' || tail)::uuid,
        CASE billing WHEN 'billed' THEN 'charge' WHEN 'not_billed' THEN 'release' ELSE 'hold' END,
        CASE WHEN cost IS NOT NULL OR billing = 'not_billed' THEN -0.15 ELSE 0 END, coalesce(cost, 0), cost, billing,
        'pending', state, 'queued', error_kind, 2 + b %% 100 / 10.0,
        jsonb_build_object('status', status, 'cost_text', cost::text, 'request_id', 'request-' || n,
            'cost_source', CASE WHEN cost IS NULL THEN '' ELSE 'header' END),
        at + interval '2 s'
    WHERE fate <> 'pending'
) AS step (id, kind, held, spent, cost, billing, billing_before, state, state_before, error_kind, seconds, evidence,
    recorded_at)
"""

_KEPT = {
    "rollup": (rules.rollup_rows, ("team_id", "mode", "cut", "grain", "start", "a", "b")),
    "quarterhour": (rules.quarter_rows, ("team_id", "mode", "bucket")),
    "name": (rules.name_rows, ("team_id", "cut", "value")),
}
_FIGURES = ("spent", "runs", "billed", "not_billed", "unknown", "succeeded")
_OPEN = """
INSERT INTO playground_openhold
    (run_id, team_id, mode, person_id, key_id, endpoint, category, source, tag, amount, billing, effective_at, day)
""" + rules.open_hold_rows(
    "(SELECT * FROM playground_entry WHERE run_id IN (SELECT id FROM playground_run"
    " WHERE state = 'accepted' OR billing = 'unknown' OR (billing = 'billed' AND cost IS NULL)))"
)
# The balances that came with the answers of the last days: the last one of each quarter of an hour, as is gathered.
_SNAPSHOTS = """
INSERT INTO playground_snapshot (id, team_id, mode, key_id, source, total, charged, run_id, since, at, moved)
SELECT DISTINCT ON (key_id, date_bin('15 minutes', recorded_at, timestamptz '2000-01-01 00:00+00'))
    id, team_id, mode, key_id, 'header', total, spent, run_id, effective_at, recorded_at, true
FROM (
    SELECT *, 1000000 - sum(spent) OVER (PARTITION BY key_id ORDER BY recorded_at, id) AS total
    FROM playground_entry
    WHERE key_id = ANY(%(keys)s) AND spent <> 0 AND recorded_at > now() - interval '15 days'
) AS seen
ORDER BY key_id, date_bin('15 minutes', recorded_at, timestamptz '2000-01-01 00:00+00'), recorded_at DESC, id
"""


def fill(address: str, large: Large, count: int, say: Callable[[str], None]) -> None:
    """``count`` runs into the empty tables of the database at ``address``; ``say`` hears how far it is."""
    if count < 1000:
        raise ValueError("A thousand runs are the least.")
    began = time.monotonic()

    def told(words: str) -> None:
        say(f"{time.monotonic() - began:6.0f} s  {words}")

    with _connection(address) as connection:
        indexes = _drop_indexes(connection)
        _in_threads(address, _chunks(large, count), lambda done: told(f"{done:,} of {count:,} runs"))
        for statement in indexes:
            connection.execute(statement)
        told(f"{len(indexes)} indexes")
        connection.execute("ANALYZE playground_run, playground_entry")
        _in_threads(address, _sums(count), lambda _: None)
        told("sums")
        connection.execute(_OPEN)
        connection.execute(_SNAPSHOTS, {"keys": large.keys})
        connection.execute("VACUUM ANALYZE")
        told("vacuum")


def _connection(address: str) -> psycopg.Connection[Any]:
    """Without triggers and foreign keys: this is the one place where sums are filled by hand."""
    connection = psycopg.connect(address, autocommit=True)
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET maintenance_work_mem = '1GB'")
    connection.execute("SET work_mem = '512MB'")
    return connection


def _drop_indexes(connection: psycopg.Connection[Any]) -> list[bytes]:
    """Drop every index but primary keys; the statements that make them again."""
    constraints = connection.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid::regclass::text = ANY(%s) AND contype = 'u'",
        [list(TABLES)],
    ).fetchall()
    again: list[str] = []
    for table, name, definition in constraints:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
        again.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    indexes = connection.execute(
        "SELECT quote_ident(indexname), indexdef FROM pg_indexes"
        " WHERE tablename = ANY(%s) AND indexname NOT LIKE '%%\\_pkey'",
        [list(TABLES)],
    ).fetchall()
    for name, definition in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
        again.append(definition)
    return [statement.encode() for statement in again]


Work = tuple[str, dict[str, Any], int]


def _chunks(large: Large, count: int) -> Iterator[Work]:
    values = {
        "count": count,
        "now": datetime.now(UTC),
        "team": large.team,
        "people": large.people,
        "keys": large.keys,
        "teams": [team for team, _ in large.others],
        "other_keys": [key for _, key in large.others],
    }
    for first in range(1, count + 1, _CHUNK):
        last = min(count, first + _CHUNK - 1)
        yield _LINE, {**values, "first": first, "last": last}, last


def _sums(count: int) -> Iterator[Work]:
    """Each sum from the entries of one month after the other; what a month adds is added as the trigger does."""
    for month in range(_MONTHS):
        low, high = (count * step // _MONTHS for step in (month, month + 1))
        # An entry's transaction is the number of its run.
        entries = f"(SELECT * FROM playground_entry WHERE xact > {low} AND xact <= {high})"
        for name, (rows, key) in _KEPT.items():
            figures = ("label",) if name == "name" else _FIGURES
            moves = ", ".join(f"{one} = r.{one} + excluded.{one}" for one in figures)
            conflict = "NOTHING" if name == "name" else f"UPDATE SET {moves}"
            yield (
                f"INSERT INTO playground_{name} AS r ({', '.join((*key, *figures))}) {rows(entries)}"
                f" ON CONFLICT ({', '.join(key)}) DO {conflict}",
                {},
                month,
            )


def _in_threads(address: str, works: Iterator[Work], done: Callable[[int], None]) -> None:
    """Run the statements on a few connections at once; raises what one of them raised."""
    lock = threading.Lock()

    def run() -> None:
        with _connection(address) as connection:
            while True:
                with lock:
                    work = next(works, None)
                if work is None:
                    return
                statement, values, place = work
                connection.execute(statement.encode(), values or None)
                if place % (_CHUNK * 20) == 0:
                    done(place)

    with ThreadPoolExecutor(_THREADS) as pool:
        for future in [pool.submit(run) for _ in range(_THREADS)]:
            future.result()


def finish(large: Large) -> None:
    """What the product makes of it by itself: budgets that count, and how the books of each account stand."""
    from accounts.models import Membership
    from playground.ledger import budgets, reconcile
    from playground.ledger.budgets import Terms

    owner = Membership.objects.select_related("team", "user").get(team=large.team, user=large.people[50])
    for terms in (
        Terms(name="Team", limit_usd=Decimal(10_000_000)),
        Terms(name="Everybody", per_member=True, limit_usd=Decimal(1_000_000)),
        Terms(name="One model", endpoint="model-5", limit_runs=10_000_000),
        Terms(name="A day", period="day", limit_usd=Decimal(1_000_000)),
    ):
        budgets.make(membership=owner, mode="sandbox", terms=terms)
    reconcile.refresh_states(set(large.keys))
