"""The database's own rules: entries stay, every sum moves with them, and no hold passes a cap.

They run inside PostgreSQL, in the transaction that writes the entry, so that no code path can forget one of them.
"""

from typing import Final

FROZEN: Final = "AT001"
OVER_BUDGET: Final = "AT002"
PERIOD_CLOSED: Final = "AT003"
ENTRIES_STAY: Final = "AT004"
"""SQLSTATEs of a refusal; the class AT is nobody else's."""

EVIDENCE_KEYS: Final = (
    "submit_status",
    "status",
    "cost_text",
    "balance_text",
    "request_id",
    "generation_time_text",
    "reason",
    "cost_source",
    "claimed_at",
    "accepted_at",
    "finished_at",
)
"""All that an entry's evidence may hold."""

CURRENT_TRANSACTION: Final = "(pg_current_xact_id()::text)::bigint"

REFUSE_CHANGE: Final = f"""
RAISE EXCEPTION 'The ledger only grows: % of % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = '{ENTRIES_STAY}';
"""

# One lock for each team, shared by everything that writes entries; taken alone by what has to see all of them at once.
TEAM_LOCK: Final = 7010
LOCK_TEAM_SHARED: Final = f"SELECT pg_advisory_xact_lock_shared({TEAM_LOCK}, hashtext(%s))"
LOCK_TEAM_ALONE: Final = f"SELECT pg_advisory_xact_lock({TEAM_LOCK}, hashtext(%s))"

_MATCHES = """
b.team_id = n.team_id AND b.mode = n.mode AND b.ended_at IS NULL
    AND (b.person_id IS NULL OR b.person_id = n.person_id)
    AND (b.endpoint = '' OR b.endpoint = n.endpoint)
    AND (b.category = '' OR b.category = n.category)
"""
_SUBJECT = "CASE WHEN b.per_member THEN coalesce(n.person_id::text, '') ELSE '' END"
_FIRST_HOLD = "n.kind = 'hold' AND n.billing_before = ''"


def period_start(day: str) -> str:
    """SQL for the first day of the period of budget ``b`` that holds ``day``."""
    return f"""CASE b.period
        WHEN 'day' THEN {day}
        WHEN 'week' THEN date_trunc('week', {day}::timestamp)::date
        WHEN 'month' THEN date_trunc('month', {day}::timestamp)::date
        ELSE b.starts_on
    END"""


# What an entry does to the number of runs of a budget: a run counts from its hold until it turns out to be free.
_BUDGET_RUNS = """CASE
    WHEN n.billing_before = '' THEN (n.billing <> 'not_billed')::int
    ELSE (n.billing <> 'not_billed')::int - (n.billing_before <> 'not_billed')::int
END"""


def counter_rows(entries: str) -> str:
    """SQL for what ``entries`` (named ``n``) add to each budget's counters, in the order in which they are locked."""
    held_day = "coalesce(n.original_day, n.day)"
    return f"""
SELECT budget_id, subject, start, sum(spent) AS spent, sum(held) AS held, sum(runs)::int AS runs
FROM (
    SELECT b.id AS budget_id, {_SUBJECT} AS subject, {period_start(held_day)} AS start,
        0::numeric AS spent, n.held AS held, {_BUDGET_RUNS} AS runs
    FROM {entries} AS n JOIN playground_budget AS b ON {_MATCHES} AND {held_day} >= b.starts_on
    UNION ALL
    SELECT b.id, {_SUBJECT}, {period_start("n.day")}, n.spent, 0, 0
    FROM {entries} AS n JOIN playground_budget AS b ON {_MATCHES} AND n.day >= b.starts_on
    WHERE n.spent <> 0
) AS moves
GROUP BY budget_id, subject, start
ORDER BY budget_id, subject, start
"""


# What an entry adds to each sum: a run is counted once it is settled, and moves when its billing does.
_DELTAS = """
    sum(n.spent) AS spent,
    sum((n.billing <> 'pending')::int - (n.billing_before NOT IN ('', 'pending'))::int)::int AS runs,
    sum((n.billing = 'billed')::int - (n.billing_before = 'billed')::int)::int AS billed,
    sum((n.billing = 'not_billed')::int - (n.billing_before = 'not_billed')::int)::int AS not_billed,
    sum((n.billing = 'unknown')::int - (n.billing_before = 'unknown')::int)::int AS unknown,
    sum((n.state = 'succeeded')::int - (n.state_before = 'succeeded')::int)::int AS succeeded
"""
_CHANGES = "NOT (n.kind = 'hold' AND n.billing = 'pending' AND n.billing_before IN ('', 'pending'))"
# For sums that no rollup keeps.
DELTAS: Final = _DELTAS
CHANGES: Final = _CHANGES


def _step(value: str) -> str:
    """SQL for the step of a logarithmic scale, twenty to a decade; ``zero`` for what has no logarithm."""
    # The logarithm of a numeric takes 15 microseconds, three for each entry; this one falls on the same step.
    return f"CASE WHEN {value} > 0 THEN floor(20 * log({value}::float8))::int::text ELSE 'zero' END"


_ADDED = """sum(n.spent) AS spent, sum(n.runs)::int AS runs, sum(n.billed)::int AS billed,
    sum(n.not_billed)::int AS not_billed, sum(n.unknown)::int AS unknown, sum(n.succeeded)::int AS succeeded"""


def rollup_rows(entries: str) -> str:
    """SQL for what ``entries`` (named ``n``) add to each rollup, in the order in which the rows are locked.

    Those that are alike are added up first: each is counted into more than ten sums.
    """
    month = "date_trunc('month', n.day::timestamp)::date"
    return f"""
SELECT n.team_id, n.mode, x.cut, x.grain, x.start, x.a, x.b, {_ADDED}
FROM (
    SELECT n.team_id, n.mode, n.day, coalesce(n.person_id::text, '') AS person, n.key_id::text AS key, n.endpoint,
        n.source, n.tag,
        CASE WHEN n.kind = 'charge' AND n.cost IS NOT NULL THEN {_step("n.cost")} END AS cost,
        CASE WHEN n.kind = 'charge' AND n.cost IS NOT NULL THEN left(n.endpoint || ' ' || n.size, 250) END AS sized,
        CASE WHEN n.kind = 'charge' AND n.seconds IS NOT NULL THEN {_step("n.seconds")} END AS seconds,
        CASE WHEN n.error_kind <> '' AND n.state IN ('refused', 'failed') AND n.state_before <> n.state
            THEN n.error_kind END AS refusal,
        {_DELTAS}
    FROM {entries} AS n
    WHERE {_CHANGES}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
) AS n CROSS JOIN LATERAL (VALUES
    ('person', 'd', n.day, n.person, ''),
    ('endpoint', 'd', n.day, n.endpoint, ''),
    ('key', 'd', n.day, n.key, ''),
    ('source', 'd', n.day, n.source, ''),
    ('tag', 'd', n.day, n.tag, ''),
    ('person_endpoint', 'd', n.day, n.person, n.endpoint),
    ('person_key', 'd', n.day, n.person, n.key),
    ('endpoint_key', 'd', n.day, n.endpoint, n.key),
    ('person_endpoint', 'm', {month}, n.person, n.endpoint),
    ('person_key', 'm', {month}, n.person, n.key),
    ('endpoint_key', 'm', {month}, n.endpoint, n.key),
    ('cost', 'd', n.day, n.endpoint, n.cost),
    ('time', 'd', n.day, n.endpoint, n.seconds),
    ('refusal', 'd', n.day, n.endpoint, n.refusal),
    ('price', 'e', date '2000-01-01', n.sized, n.cost)
) AS x (cut, grain, start, a, b)
WHERE x.b IS NOT NULL
GROUP BY n.team_id, n.mode, x.cut, x.grain, x.start, x.a, x.b
ORDER BY n.team_id, n.mode, x.cut, x.grain, x.start, x.a, x.b
"""


def quarter_rows(entries: str) -> str:
    """SQL for what ``entries`` (named ``n``) add to each quarter of an hour."""
    return f"""
SELECT n.team_id, n.mode, date_bin('15 minutes', n.effective_at, timestamptz '2000-01-01 00:00+00') AS bucket,
    {_DELTAS}
FROM {entries} AS n
WHERE {_CHANGES}
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""


def name_rows(entries: str) -> str:
    """SQL for how ``entries`` name people and keys."""
    return f"""
SELECT DISTINCT ON (n.team_id, x.cut, x.value) n.team_id, x.cut, x.value, x.label
FROM (
    SELECT n.team_id, n.person_id, n.person_label, n.key_id, n.key_label, n.key_last_four, min(n.recorded_at) AS first
    FROM {entries} AS n
    WHERE {_CHANGES}
    GROUP BY 1, 2, 3, 4, 5, 6
) AS n CROSS JOIN LATERAL (VALUES
    ('person', n.person_id::text, n.person_label),
    ('key', n.key_id::text, n.key_label || ' …' || n.key_last_four)
) AS x (cut, value, label)
WHERE x.value IS NOT NULL
ORDER BY n.team_id, x.cut, x.value, n.first, x.label
"""


def open_hold_rows(entries: str) -> str:
    """SQL for what ``entries`` (named ``n``), all of their runs, still reserve. The trigger below says it in steps."""
    return f"""
SELECT n.run_id, n.team_id, n.mode, n.person_id, n.key_id, n.endpoint, n.category, n.source, n.tag, n.held AS amount,
    known.billing, n.effective_at, n.day
FROM {entries} AS n CROSS JOIN LATERAL (
    SELECT bool_or({_ENDS_HOLD.replace("n.", "e.")}) AS ended,
        (array_agg(e.billing ORDER BY e.recorded_at DESC, e.id DESC))[1] AS billing
    FROM playground_entry AS e WHERE e.run_id = n.run_id
) AS known
WHERE {_FIRST_HOLD} AND NOT known.ended
"""


# A hold ends when the cost is known, or known to be none. Billed at an unknown cost keeps it.
_ENDS_HOLD = "(n.billing = 'not_billed' OR (n.billing = 'billed' AND n.cost IS NOT NULL))"

_SUMS = """spent = r.spent + excluded.spent, runs = r.runs + excluded.runs, billed = r.billed + excluded.billed,
    not_billed = r.not_billed + excluded.not_billed, unknown = r.unknown + excluded.unknown,
    succeeded = r.succeeded + excluded.succeeded"""

COUNT_ENTRIES: Final = f"""
PERFORM pg_advisory_xact_lock_shared({TEAM_LOCK}, hashtext(t.team_id::text))
FROM (SELECT DISTINCT team_id FROM fresh ORDER BY team_id) AS t;

IF EXISTS (
    SELECT FROM fresh AS n JOIN playground_periodclose AS p
    ON p.team_id = n.team_id AND p.mode = n.mode AND n.day <= p.last_day
) THEN
    RAISE EXCEPTION 'This period is closed.' USING ERRCODE = '{PERIOD_CLOSED}';
END IF;

SELECT f.id, f.reason INTO refusal
FROM fresh AS n JOIN playground_freeze AS f
    ON f.team_id = n.team_id AND f.mode = n.mode AND f.person_id = n.person_id AND f.lifted_at IS NULL
WHERE {_FIRST_HOLD} AND n.made_by = 'run'
LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'The spending of this person is frozen.'
        USING ERRCODE = '{FROZEN}', DETAIL = json_build_object('reason', refusal.reason)::text;
END IF;

INSERT INTO playground_openhold
    (run_id, team_id, mode, person_id, key_id, endpoint, category, source, tag, amount, billing, effective_at, day)
SELECT n.run_id, n.team_id, n.mode, n.person_id, n.key_id, n.endpoint, n.category, n.source, n.tag, n.held, n.billing,
    n.effective_at, n.day
FROM fresh AS n WHERE {_FIRST_HOLD};
DELETE FROM playground_openhold AS o USING fresh AS n WHERE o.run_id = n.run_id AND {_ENDS_HOLD};
UPDATE playground_openhold AS o SET billing = n.billing
FROM fresh AS n WHERE o.run_id = n.run_id AND o.billing <> n.billing;

INSERT INTO playground_budgetcounter AS r (budget_id, subject, start, spent, held, runs)
{counter_rows("fresh")}
ON CONFLICT (budget_id, subject, start) DO UPDATE
SET spent = r.spent + excluded.spent, held = r.held + excluded.held, runs = r.runs + excluded.runs;

SELECT b.id, {_SUBJECT} AS subject, b.limit_usd + more.usd AS limit_usd, b.limit_runs + more.runs AS limit_runs,
    c.spent, c.held - n.held AS held, c.runs - 1 AS runs, n.held AS hold
INTO refusal
FROM fresh AS n
JOIN playground_budget AS b ON {_MATCHES} AND n.day >= b.starts_on
JOIN playground_budgetcounter AS c
    ON c.budget_id = b.id AND c.subject = {_SUBJECT} AND c.start = {period_start("n.day")}
CROSS JOIN LATERAL (
    SELECT coalesce(sum(q.usd), 0) AS usd, coalesce(sum(q.runs), 0)::int AS runs
    FROM playground_budgetrequest AS q
    WHERE q.budget_id = b.id AND q.state = 'approved' AND q.until > clock_timestamp()
        AND q.subject IN ('', {_SUBJECT})
) AS more
WHERE {_FIRST_HOLD} AND n.made_by = 'run'
    AND (c.spent + c.held > b.limit_usd + more.usd OR c.runs > b.limit_runs + more.runs)
ORDER BY b.limit_usd + more.usd - c.spent - c.held NULLS LAST, b.id
LIMIT 1;
IF FOUND THEN
    RAISE EXCEPTION 'This would pass a budget.' USING ERRCODE = '{OVER_BUDGET}', DETAIL = row_to_json(refusal)::text;
END IF;

INSERT INTO playground_rollup AS r
    (team_id, mode, cut, grain, start, a, b, spent, runs, billed, not_billed, unknown, succeeded)
{rollup_rows("fresh")}
ON CONFLICT (team_id, mode, cut, grain, start, a, b) DO UPDATE SET {_SUMS};
INSERT INTO playground_quarterhour AS r
    (team_id, mode, bucket, spent, runs, billed, not_billed, unknown, succeeded)
{quarter_rows("fresh")}
ON CONFLICT (team_id, mode, bucket) DO UPDATE SET {_SUMS};
INSERT INTO playground_name (team_id, cut, value, label)
{name_rows("fresh")}
ON CONFLICT (team_id, cut, value) DO NOTHING;
RETURN NULL;
"""

# What has been spent and is held since a new budget's first day. The caller has the team's lock to itself.
COUNT_BUDGET: Final = f"""
INSERT INTO playground_budgetcounter (budget_id, subject, start, spent, held, runs)
SELECT rows.* FROM (
{counter_rows("(SELECT * FROM playground_entry WHERE team_id = %(team)s AND mode = %(mode)s AND day >= %(day)s)")}
) AS rows WHERE rows.budget_id = %(budget)s
"""
