"""Decide what is worth a word, once each: budgets that fill up, and runs that cost unusually much.

Deciding writes the row and nothing else; telling.py sends what is committed.
"""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership, Team, User
from playground.ledger import amounts, nudge, outliers, rules
from playground.ledger.models import Alert, AlertsRead, Budget, Entry, Kind
from playground.ledger.status import Status, measure

# From the highest on: a budget that fills up at once is told about once.
Levels = tuple[tuple[Decimal, Alert.Kind], ...]
LEVELS: Levels = (
    (Decimal(1), Alert.Kind.FULL),
    (Decimal("0.8"), Alert.Kind.MOST),
    (Decimal("0.5"), Alert.Kind.HALF),
)
# A forecast from less than this share says nothing.
FORETELLS: Levels = ((Decimal("0.2"), Alert.Kind.FORECAST),)
# Charges are looked at a few times over, because their rows may be committed late; the alert's own row is unique.
LOOK_BACK = timedelta(minutes=5)

# Caps that have reached one of the given levels and have no alert of its kind in their current period. Days are those
# of each team.
_REACHED = f"""
SELECT b.id, c.subject
FROM playground_budget AS b
JOIN accounts_team AS t ON t.id = b.team_id
JOIN playground_budgetcounter AS c ON c.budget_id = b.id
    AND c.start = {rules.period_start("(now() AT TIME ZONE t.time_zone)::date")}
CROSS JOIN LATERAL (
    SELECT b.limit_usd + coalesce(sum(q.usd), 0) AS usd, b.limit_runs + coalesce(sum(q.runs), 0) AS runs
    FROM playground_budgetrequest AS q
    WHERE q.budget_id = b.id AND q.state = 'approved' AND q.until > now() AND q.subject IN ('', c.subject)
) AS cap
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN c.spent + c.held >= cap.usd OR c.runs >= cap.runs THEN 1
        ELSE greatest(c.spent / nullif(cap.usd, 0), c.runs::numeric / nullif(cap.runs, 0))
    END AS share
) AS used
WHERE b.ended_at IS NULL AND EXISTS (
    SELECT FROM unnest(%(kinds)s::text[], %(shares)s::numeric[]) AS level (kind, share)
    WHERE used.share >= level.share AND NOT EXISTS (
        SELECT FROM playground_alert AS a
        WHERE a.budget_id = b.id AND a.subject = c.subject AND a.start = c.start AND a.kind = level.kind))
ORDER BY b.team_id, b.mode, b.id, c.subject
"""  # noqa: S608 - made of its own pieces


def watch() -> int:
    """Alerts for what crossed a level and for charges out of the ordinary; how many are new. Cheap when calm."""
    crossed = sum(_cross(row) for row in _reached(LEVELS))
    return crossed + _note_outliers(timezone.now() - LOOK_BACK)


def foresee() -> int:
    """Alerts for budgets that will be used up before their period ends, at the pace they have."""
    return sum(_foretell(row) for row in _reached(FORETELLS))


def _reached(levels: Levels) -> list[Status]:
    """Where the caps stand of which something is to be told."""
    values: dict[str, Any] = {
        "kinds": [kind.value for _, kind in levels],
        "shares": [share for share, _ in levels],
    }
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, values)
        caps = cursor.fetchall()
    budgets = Budget.objects.select_related("team", "person").in_bulk({budget for budget, _ in caps})
    found: list[Status] = []
    for _, group in groupby(
        ((budgets[one], subject, "") for one, subject in caps), key=lambda cap: (cap[0].team_id, cap[0].mode)
    ):
        mine = list(group)
        found += measure(team=mine[0][0].team, mode=mine[0][0].mode, caps=mine, now=timezone.now())
    return found


def _used(row: Status) -> Decimal:
    """What counts for a level: what is spent, and all of it once nothing is left to hold."""
    if row.is_used_up:
        return Decimal(1)
    usd = row.spent / row.limit_usd if row.limit_usd else Decimal()
    runs = Decimal(row.runs) / row.limit_runs if row.limit_runs else Decimal()
    return max(usd, runs)


def _cross(row: Status) -> bool:
    used = _used(row)
    reached = [kind for level, kind in LEVELS if used >= level]
    if not reached:
        return False
    # The lower levels are written as told, so that a total that falls again does not bring them up.
    told = _write(row, reached[0], _level_text(row, used))
    for kind in reached[1:]:
        _write(row, kind, "", told_at=timezone.now())
    return told


def _level_text(row: Status, used: Decimal) -> str:
    if used >= 1:
        return f"{_whose(row)} is used up {row.span.words}: {_limit(row)}. {row.span.renewal}"
    soon = f" {row.forecast.words}." if row.forecast and row.forecast.words else ""
    return f"{int(used * 100)} % of {_whose(row)} is spent {row.span.words}, of {_limit(row)}.{soon}"


def _limit(row: Status) -> str:
    """Of two limits the nearer one."""
    if row.limit_usd is None or (row.limit_runs and row.used == Decimal(row.runs) / row.limit_runs):
        return amounts.runs(row.limit_runs or 0)
    return amounts.limit(row.limit_usd)


def _foretell(row: Status) -> bool:
    forecast = row.forecast
    if forecast is None or forecast.used_up_on is None or row.span.renews is None:
        return False
    return _write(
        row,
        Alert.Kind.FORECAST,
        f"{_whose(row)} will be used up {forecast.when} at this pace. {row.span.renewal}",
    )


def _whose(row: Status) -> str:
    person = _person(row)
    who = f" ({person.label})" if row.subject and person else ""
    return f"“{row.budget.name}”{who}"


def _person(row: Status) -> User | None:
    """The member whose cap it is; None where others share it."""
    if row.subject:
        return User.objects.filter(id=row.subject).first()
    return row.budget.person


def _write(row: Status, kind: Alert.Kind, text: str, *, told_at: datetime | None = None) -> bool:
    """False if somebody has told it in this period already."""
    return _insert(
        Alert(
            team_id=row.budget.team_id,
            mode=row.budget.mode,
            kind=kind,
            text=text[:600],
            person=_person(row),
            budget=row.budget,
            subject=row.subject,
            start=row.span.first,
            told_at=told_at,
        )
    )


def _note_outliers(since: datetime) -> int:
    """Alerts for bills written since then: found by id, which holds the time, so that the table's own key serves."""
    first = uuid.UUID(int=int(since.timestamp() * 1000) << 80)
    told = Alert.objects.filter(created_at__gte=since, kind=Alert.Kind.OUTLIER).values("run_id")
    rows = Entry.objects.filter(id__gte=first, kind=Kind.CHARGE, cost__gt=0).exclude(run_id__in=told)
    usual = lru_cache(maxsize=None)(outliers.steps)
    noted = 0
    for charge in rows.iterator():
        steps = usual(charge.team_id, charge.mode, charge.endpoint, charge.size)
        factor = outliers.factor(steps, charge.cost or Decimal())
        noted += factor is not None and _note_outlier(charge, factor)
    return noted


def _note_outlier(charge: Entry, factor: Decimal) -> bool:
    text = outliers.told(charge.person_label, charge.endpoint, charge.cost or Decimal(), factor)
    return _insert(
        Alert(
            team_id=charge.team_id,
            mode=charge.mode,
            kind=Alert.Kind.OUTLIER,
            text=text[:600],
            person=User.objects.filter(id=charge.person_id).first() if charge.person_id else None,
            run_id=charge.run_id,
        )
    )


@transaction.atomic
def _insert(alert: Alert) -> bool:
    """Whether this is the first alert of its kind; another process may write the same at this moment."""
    made = Alert.objects.bulk_create([alert], ignore_conflicts=True)
    if not Alert.objects.filter(id=made[0].id).exists():
        return False
    if alert.told_at is None:
        transaction.on_commit(lambda: nudge.send("ledger.tell"))
    return alert.told_at is None


def visible_to(membership: Membership, mode: str) -> QuerySet[Alert]:
    """What this person is told, newest first."""
    mine = Q(person=membership.user_id)
    if access.can(membership, Ability.SEE_BOOKS):
        mine |= Q(for_managers=True)
    rows = Alert.objects.filter(
        mine, team=membership.team_id, mode=mode, created_at__gte=membership.created_at
    )
    return rows.exclude(text="").select_related("budget").order_by("-created_at", "-id")


def read_up_to(membership: Membership, mode: str) -> datetime:
    """Everything later is unread."""
    found = AlertsRead.objects.filter(team=membership.team_id, mode=mode, person=membership.user_id).first()
    return found.up_to if found else membership.created_at


@transaction.atomic
def mark_read(*, membership: Membership, mode: str, up_to: datetime) -> None:
    """Everything up to this moment is read; what came meanwhile stays unread. Never takes a mark back."""
    team: Team = membership.team
    row, made = AlertsRead.objects.select_for_update().get_or_create(
        team=team, mode=mode, person=membership.user, defaults={"up_to": up_to}
    )
    if not made and row.up_to < up_to:
        AlertsRead.objects.filter(id=row.id).update(up_to=up_to)


def untold() -> QuerySet[Alert]:
    """What is committed and was not taken up for mail and webhook, oldest first."""
    return Alert.objects.filter(told_at=None).order_by("created_at", "id")
