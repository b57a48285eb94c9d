"""What every page says about money, in one query: the tightest budget, what waits for a person, a freeze."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import rules
from playground.ledger.days import day_of
from playground.ledger.meters import Bar, bar
from playground.ledger.models import Budget

_SUBJECT = "CASE WHEN b.per_member THEN %(person)s ELSE '' END"
_FRAME = f"""
SELECT
    (SELECT count(*) FROM playground_budgetrequest AS q JOIN playground_budget AS b ON b.id = q.budget_id
        WHERE %(manages)s AND b.team_id = %(team)s AND b.mode = %(mode)s AND b.ended_at IS NULL
            AND q.state = 'open') AS open_requests,
    (SELECT count(*) FROM playground_alert AS a
        WHERE a.team_id = %(team)s AND a.mode = %(mode)s AND a.text <> ''
            AND (a.person_id = %(person)s::uuid OR (a.for_managers AND %(books)s))
            AND a.created_at > coalesce((SELECT r.up_to FROM playground_alertsread AS r
                WHERE r.team_id = %(team)s AND r.mode = %(mode)s AND r.person_id = %(person)s::uuid), %(since)s)
    ) AS unread,
    f.frozen_by_label, f.reason,
    m.id, m.name, m.period, m.limit_usd, m.limit_runs, m.spent, m.held, m.runs
FROM (SELECT 1) AS one
LEFT JOIN playground_freeze AS f ON f.team_id = %(team)s AND f.mode = %(mode)s AND f.person_id = %(person)s::uuid
    AND f.lifted_at IS NULL
LEFT JOIN LATERAL (
    SELECT b.id, b.name, b.period, b.limit_usd + more.usd AS limit_usd, b.limit_runs + more.runs AS limit_runs,
        coalesce(c.spent, 0) AS spent, coalesce(c.held, 0) AS held, coalesce(c.runs, 0) AS runs
    FROM playground_budget AS b
    LEFT JOIN playground_budgetcounter AS c ON c.budget_id = b.id AND c.subject = {_SUBJECT}
        AND c.start = {rules.period_start("%(today)s::date")}
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(q.usd), 0) AS usd, coalesce(sum(q.runs), 0)::int AS runs
        FROM playground_budgetrequest AS q
        WHERE q.budget_id = b.id AND q.state = 'approved' AND q.until > now() AND q.subject IN ('', {_SUBJECT})
    ) AS more
    WHERE b.team_id = %(team)s AND b.mode = %(mode)s AND b.ended_at IS NULL
        AND (b.person_id = %(person)s::uuid OR (b.per_member AND %(runs)s)
            OR (b.person_id IS NULL AND NOT b.per_member AND %(all)s))
    ORDER BY greatest(
        coalesce((coalesce(c.spent, 0) + coalesce(c.held, 0)) / nullif(b.limit_usd + more.usd, 0),
            CASE WHEN b.limit_usd + more.usd = 0 THEN 1 END),
        coalesce(coalesce(c.runs, 0)::numeric / nullif(b.limit_runs + more.runs, 0),
            CASE WHEN b.limit_runs + more.runs = 0 THEN 1 END)
    ) DESC, b.id
    LIMIT 1
) AS m ON true
"""  # noqa: S608 - made of its own pieces


@dataclass(frozen=True, slots=True)
class Tightest:
    """The budget that stops this person first."""

    id: UUID
    name: str
    period: str
    limit_usd: Decimal | None
    limit_runs: int | None
    spent: Decimal
    held: Decimal
    runs: int

    @property
    def label(self) -> str:
        return {
            Budget.Period.DAY.value: "Today",
            Budget.Period.WEEK.value: "This week",
            Budget.Period.MONTH.value: "This month",
        }.get(self.period, "In total")

    @property
    def bar(self) -> Bar:
        if self.counts_runs:
            return bar(Decimal(self.runs), Decimal(), Decimal(self.limit_runs or 0))
        return bar(self.spent, self.held, self.limit_usd or Decimal())

    @property
    def counts_runs(self) -> bool:
        """Whether the number of runs is what stops this person first."""
        if self.limit_usd is None:
            return True
        if not self.limit_runs or not self.limit_usd:
            return False
        return self.runs / self.limit_runs > (self.spent + self.held) / self.limit_usd


@dataclass(frozen=True, slots=True)
class Frame:
    tightest: Tightest | None
    open_requests: int
    unread: int
    frozen_by: str
    frozen_reason: str | None


def of(request: HttpRequest, membership: Membership, mode: str) -> Frame:
    """The frame of this page, asked for once."""
    known: dict[tuple[UUID, str], Frame] = request.__dict__.setdefault("_money_frames", {})
    place = (membership.id, mode)
    if place not in known:
        known[place] = load(membership, mode)
    return known[place]


def open_requests(request: HttpRequest, membership: Membership, mode: str) -> int:
    """How many requests wait for somebody like this person to answer."""
    return of(request, membership, mode).open_requests


def load(membership: Membership, mode: str) -> Frame:
    """One query. A membership without budgets, requests, alerts and a freeze has an empty frame."""
    books = access.can(membership, Ability.SEE_BOOKS)
    values: dict[str, Any] = {
        "team": membership.team_id,
        "mode": mode,
        "person": str(membership.user_id),
        "manages": access.can(membership, Ability.MANAGE_BUDGETS),
        "books": books,
        "runs": access.can(membership, Ability.RUN),
        "all": books or access.sees_all_runs(membership),
        "since": membership.created_at,
        "today": day_of(membership.team, timezone.now()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FRAME, values)
        open_requests, unread, frozen_by, reason, *tightest = cursor.fetchone()
    return Frame(
        tightest=Tightest(*tightest) if tightest[0] is not None else None,
        open_requests=open_requests,
        unread=unread,
        frozen_by=frozen_by or "",
        frozen_reason=reason,
    )
