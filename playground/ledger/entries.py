"""Write entries: the hold before a request leaves, and what became of it.

Nothing here opens a transaction: an entry belongs to the one that changes the run. What an entry does to open holds,
budgets and rollups is done by PostgreSQL (rules.py), in the same statement.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from uuid_utils.compat import uuid7

from playground import prepared
from playground.ledger import rules
from playground.ledger.models import MadeBy


class Refused(Exception):
    """The ledger takes no hold for this run: nothing may be sent."""


class Frozen(Refused):
    """Somebody froze this person's spending; ``reason`` is theirs to read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# Not frozen: Python itself writes to an exception on its way up.
@dataclass(eq=False)
class OverBudget(Refused):
    """A hold that would pass a cap. Amounts are US dollars as they stood without this run; None is no cap."""

    budget_id: UUID
    subject: str
    limit_usd: Decimal | None
    limit_runs: int | None
    spent: Decimal
    held: Decimal
    runs: int
    hold: Decimal

    @property
    def left_usd(self) -> Decimal | None:
        return None if self.limit_usd is None else self.limit_usd - self.spent - self.held

    @property
    def left_runs(self) -> int | None:
        return None if self.limit_runs is None else self.limit_runs - self.runs


_HOLD = """
INSERT INTO playground_entry (
    id, kind, made_by, team_id, mode, run_id, person_id, person_label, key_id, key_label, key_last_four, endpoint,
    category, source, tag, size, held, effective_at, day, rule_version,
    spent, billing, billing_before, state, state_before, error_kind, evidence, actor_label, reason
) SELECT %s::uuid, 'hold', 'run', %s::uuid, %s, %s::uuid, %s::uuid, %s, %s::uuid, %s, %s, %s, %s, %s, %s, %s,
    %s::numeric, %s::timestamptz, %s::date, %s::int, 0, 'pending', '', 'queued', '', '', '{}'::jsonb, '', ''
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Everything the ledger will ever know about whose run this is, in plain values. ``amount`` is in US dollars."""

    run_id: UUID
    team_id: UUID
    mode: str
    person_id: UUID | None
    person_label: str
    key_id: UUID
    key_label: str
    key_last_four: str
    endpoint: str
    category: str
    source: str
    tag: str
    size: str
    amount: Decimal
    effective_at: datetime
    day: date
    rule_version: int

    def statement(self) -> tuple[str, list[Any]]:
        """The INSERT that reserves this, to be sent within ``refusals`` with what makes the run; it may get a WHERE."""
        return _HOLD, [
            uuid7(), self.team_id, self.mode, self.run_id, self.person_id, self.person_label, self.key_id,
            self.key_label, self.key_last_four, self.endpoint, self.category, self.source, self.tag, self.size,
            self.amount, self.effective_at, self.day, self.rule_version,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known of a run from now on. ``cost`` is its whole cost in US dollars, None while nobody knows it.

    ``evidence`` may have the keys of ``rules.EVIDENCE_KEYS``; others are left out. ``seconds`` is how long it took.
    """

    run_id: str
    state: str
    billing: str
    cost: str | None = None
    error_kind: str = ""
    seconds: float | None = None
    evidence: Mapping[str, Any]
    rule_version: int
    made_by: str = MadeBy.RUN
    actor_id: str | None = None
    actor_label: str = ""
    reason: str = ""


def hold(hold: Hold) -> None:
    """Reserve money for one run that is about to be queued. Raises Frozen or OverBudget; the transaction is lost."""
    with refusals(), connection.cursor() as cursor:
        cursor.execute(*hold.statement())


@contextmanager
def refusals() -> Iterator[None]:
    """Turns PostgreSQL's refusal of a hold into Frozen or OverBudget."""
    try:
        yield
    except DatabaseError as error:
        refused = _refused(error)
        if refused is None:
            raise
        raise refused from error


def _refused(error: DatabaseError) -> Refused | None:
    cause: Any = error.__cause__
    code = getattr(cause, "sqlstate", None)
    if code not in (rules.FROZEN, rules.OVER_BUDGET):
        return None
    found = json.loads(cause.diag.message_detail, parse_float=Decimal)
    if code == rules.FROZEN:
        return Frozen(found["reason"])
    amounts = {name: _amount(found[name]) for name in ("spent", "held", "hold")}
    return OverBudget(
        budget_id=UUID(found["id"]),
        subject=found["subject"],
        limit_usd=None if found["limit_usd"] is None else _amount(found["limit_usd"]),
        limit_runs=found["limit_runs"],
        runs=found["runs"],
        **amounts,
    )


def _amount(value: Any) -> Decimal:
    return Decimal(value)


# Whose run it is comes from its first entry, what was known from its last. A fact that changes nothing writes nothing;
# one that comes after its period was closed takes effect in the open one.
_FACTS = """
INSERT INTO playground_entry (
    id, kind, made_by, team_id, mode, run_id, person_id, person_label, key_id, key_label, key_last_four, endpoint,
    category, source, tag, size, held, spent, cost, billing, billing_before, state, state_before, error_kind, seconds,
    evidence, rule_version, actor_id, actor_label, reason, effective_at, day, original_at, original_day
)
SELECT v.id,
    CASE
        WHEN closed.opens_on IS NOT NULL OR known.billing IN ('billed', 'not_billed') THEN 'correction'
        WHEN v.billing = 'billed' THEN 'charge'
        WHEN v.billing = 'not_billed' THEN 'release'
        ELSE 'hold'
    END,
    v.made_by, first.team_id, first.mode, v.run_id, first.person_id, first.person_label, first.key_id, first.key_label,
    first.key_last_four, first.endpoint, first.category, first.source, first.tag, first.size,
    CASE WHEN v.billing = 'not_billed' OR v.cost IS NOT NULL THEN -known.held ELSE 0 END,
    coalesce(v.cost, 0) - known.spent, v.cost, v.billing, known.billing, v.state, known.state, v.error_kind, v.seconds,
    v.evidence, v.rule_version, v.actor_id, v.actor_label, v.reason,
    coalesce(closed.opens_at, first.effective_at), coalesce(closed.opens_on, first.day),
    CASE WHEN closed.opens_on IS NOT NULL THEN first.effective_at END,
    CASE WHEN closed.opens_on IS NOT NULL THEN first.day END
FROM jsonb_to_recordset(%s::jsonb) AS v (
    id uuid, run_id uuid, state text, billing text, cost numeric, error_kind text, seconds numeric, evidence jsonb,
    rule_version int, made_by text, actor_id uuid, actor_label text, reason text)
CROSS JOIN LATERAL (
    SELECT * FROM playground_entry AS e WHERE e.run_id = v.run_id ORDER BY e.recorded_at, e.id LIMIT 1
) AS first
CROSS JOIN LATERAL (
    SELECT sum(e.held) AS held, sum(e.spent) AS spent,
        (array_agg(e.billing ORDER BY e.recorded_at DESC, e.id DESC))[1] AS billing,
        (array_agg(e.state ORDER BY e.recorded_at DESC, e.id DESC))[1] AS state,
        (array_agg(e.cost ORDER BY e.recorded_at DESC, e.id DESC))[1] AS cost
    FROM playground_entry AS e WHERE e.run_id = v.run_id
) AS known
LEFT JOIN LATERAL (
    SELECT p.opens_on, p.opens_at FROM playground_periodclose AS p
    WHERE p.team_id = first.team_id AND p.mode = first.mode AND p.last_day >= first.day
    ORDER BY p.last_day DESC LIMIT 1
) AS closed ON true
WHERE (v.billing, v.cost) IS DISTINCT FROM (known.billing, known.cost)
    OR (v.state <> known.state AND v.billing <> 'pending')
ORDER BY v.run_id
"""


def record(facts: Sequence[Fact]) -> None:
    """Write what became of runs whose rows the caller has locked. What was known decides the kind of each entry."""
    if facts:
        prepared.rows(_FACTS, [json.dumps([_values(fact) for fact in facts])])


def keep_open(team_ids: Iterable[UUID]) -> None:
    """Let no period of these teams be closed until this transaction ends; waits for one that is being closed.

    For whoever can't do all of it again: a close that comes between looking and writing refuses the entry.
    """
    with connection.cursor() as cursor:
        for team_id in sorted(set(team_ids)):
            cursor.execute(rules.LOCK_TEAM_SHARED, [str(team_id)])


def _values(fact: Fact) -> dict[str, Any]:
    values = asdict(fact)
    values["id"] = str(uuid7())
    values["evidence"] = {
        name: value
        for name in rules.EVIDENCE_KEYS
        if (value := fact.evidence.get(name)) is not None and value != ""
    }
    if fact.seconds is not None:
        values["seconds"] = round(min(max(fact.seconds, 0.0), 9_999_999.0), 3)
    return values
