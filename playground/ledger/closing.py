"""Closing a month: its sums are frozen, and what becomes known later takes effect in the open one.

Closing closes everything up to it, month by month: an open month behind a closed one could still change what the closed
one's readers believe they know. PostgreSQL itself refuses an entry into a closed day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Min, Sum
from django.http import HttpRequest

from accounts import access, audit
from accounts.access import Ability
from accounts.models import Membership, Team
from playground.ledger import days, periods, rules, sealing, spend
from playground.ledger.models import Cut, Entry, Grain, PeriodClose, Rollup
from playground.ledger.periods import ONE, Kind, Period
from playground.ledger.spend import ZERO, Held, Scope, Sums

SHOWN = 50


class NotClosable(Exception):
    """``str()`` says why this month can't be closed."""


def chain_head() -> str:
    """The digest that ends the sealed chain at this moment; empty while nothing is sealed."""
    newest = sealing.head()
    return newest.digest if newest else ""


def closes(team: Team, mode: str) -> list[PeriodClose]:
    """Every closed month, newest first."""
    return list(PeriodClose.objects.filter(team=team, mode=mode).order_by("-last_day"))


def is_closable(team: Team, closed: Sequence[PeriodClose], period: Period) -> bool:
    """Whether this is a month that is over and not closed yet."""
    is_open = not closed or closed[0].last_day < period.last
    return period.kind == Kind.MONTH and period.last < days.today(team) and is_open


@dataclass(frozen=True, slots=True)
class Preview:
    """What closing would do: the months it closes, what they sum up to, what is still open in them."""

    months: list[Period]
    sums: Sums
    held: Held

    @property
    def earlier(self) -> list[Period]:
        return self.months[:-1]


def preview(team: Team, mode: str, closed: Sequence[PeriodClose], period: Period) -> Preview:
    scope = Scope(team.id, mode)
    months = _months(team, mode, closed, period)
    whole = Period(Kind.CUSTOM, months[0].first, period.last)
    return Preview(months, spend.totals(scope, whole), spend.held(scope, until=period.last))


def _months(team: Team, mode: str, closed: Sequence[PeriodClose], period: Period) -> list[Period]:
    """Every month from the first open one with money in it up to ``period``."""
    rows = Rollup.objects.filter(team_id=team.id, mode=mode, cut=Cut.PERSON, grain=Grain.DAY)
    first = closed[0].opens_on if closed else rows.aggregate(first=Min("start"))["first"]
    month = periods.around(Kind.MONTH, min(first or period.first, period.first))
    months = [month]
    while months[-1].last < period.last:
        months.append(months[-1].after)
    return months


@transaction.atomic
def close(
    *, membership: Membership, mode: str, month: date, request: HttpRequest | None = None
) -> list[PeriodClose]:
    """Close the month that begins with ``month`` and every open one before it. Raises NotClosable.

    Nobody writes an entry of this team meanwhile.
    """
    access.require(membership, Ability.CLOSE_PERIODS)
    # Its row is locked first, as by everybody who wants both.
    team = Team.objects.select_for_update(no_key=True).get(id=membership.team_id)
    period = periods.around(Kind.MONTH, month)
    with connection.cursor() as cursor:
        cursor.execute(rules.LOCK_TEAM_ALONE, [str(team.id)])
    closed = closes(team, mode)
    if not is_closable(team, closed, period):
        over = period.last < days.today(team)
        raise NotClosable(
            f"{period.label} is closed already." if over else f"{period.label} is not over yet."
        )
    head = chain_head()
    made = [_freeze(membership, mode, one, head) for one in _months(team, mode, closed, period)]
    audit.record(
        team=team,
        actor=membership.user,
        verb="period.closed",
        target=period.label,
        after={
            "mode": mode,
            "first_day": made[0].first_day.isoformat(),
            "last_day": made[-1].last_day.isoformat(),
            "spent": f"$ {sum((one.spent for one in made), ZERO).normalize():f}",
        },
        request=request,
    )
    return made


def _freeze(membership: Membership, mode: str, month: Period, head: str) -> PeriodClose:
    team = membership.team
    sums = spend.totals(Scope(team.id, mode), month)
    opens_on = month.last + ONE
    return PeriodClose.objects.create(
        team=team,
        mode=mode,
        first_day=month.first,
        last_day=month.last,
        opens_on=opens_on,
        opens_at=days.start_of(team, opens_on),
        spent=sums.spent,
        runs=sums.runs,
        billed=sums.billed,
        head=head,
        closed_by_label=membership.user.label,
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """What became known of a closed day. ``spent`` is what it adds to the open month, in US dollars."""

    day: date
    spent: Decimal
    run_id: UUID
    endpoint: str
    person: str
    billing: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """The largest ones, and the sum of all."""

    rows: list[Correction]
    spent: Decimal
    count: int

    @property
    def has_more(self) -> bool:
        return self.count > len(self.rows)


def corrections(team: Team, mode: str, closed: Sequence[PeriodClose], period: Period) -> Corrections | None:
    """What came after the close of an earlier month and counts in this period; None without any."""
    opened = [one.opens_on for one in closed if period.holds(one.opens_on)]
    if not opened:
        return None
    found = Entry.objects.of(team_id=team.id, mode=mode).filter(day__in=opened, original_day__isnull=False)
    whole = found.aggregate(spent=Sum("spent"), count=Count("id"))
    if not whole["count"]:
        return None
    columns = ("original_day", "spent", "run_id", "endpoint", "person_label", "billing")
    rows = found.order_by("-spent", "id").values_list(*columns)[:SHOWN]
    return Corrections([Correction(*row) for row in rows], whole["spent"], whole["count"])
