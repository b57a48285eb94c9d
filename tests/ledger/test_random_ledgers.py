"""Whatever happens in whatever order: the sums are the entries, no cap is passed, and entries alone tell billing."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from accounts.models import Team
from playground.ledger import sums
from playground.ledger.days import day_of
from playground.ledger.entries import OverBudget
from playground.ledger.models import (
    Budget,
    BudgetCounter,
    Entry,
    OpenHold,
    PeriodClose,
    QuarterHour,
    Rollup,
)
from tests.ledger.books import learn, reserve

pytestmark = pytest.mark.django_db

# Offsets of half and three quarters of an hour, changes of clocks by an hour and by half of one, and both date lines.
ZONES = (
    *("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"),
    *("America/St_Johns", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Niue", "UTC"),
)
# Days on which clocks change somewhere in the zones, and plain ones.
STARTS = (date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 4), date(2026, 10, 25), date(2026, 7, 1))
AMOUNTS = st.decimals(min_value=0, max_value=5, places=10)
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)


@dataclass(frozen=True)
class Step:
    """One thing that happens: to a new run of a minute after the start, or to one of those there are."""

    what: str
    which: int
    minute: int
    amount: Decimal


def _steps(*what: str) -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        what=st.sampled_from(what),
        which=st.integers(0, 9),
        minute=st.integers(0, 4 * 24 * 60),
        amount=AMOUNTS,
    )


ANYTHING = ("reserve", "reserve", "billed", "billed", "not_billed", "unknown", "no_cost", "pending", "close")
# Some runs to begin with, so that most of what follows finds one.
STEPS = st.builds(
    list.__add__,
    st.lists(_steps("reserve"), min_size=4, max_size=4),
    st.lists(_steps(*ANYTHING), min_size=10, max_size=30),
)


@dataclass
class Story:
    """A ledger as it grows, and what a simple book-keeper in Python knows of it."""

    team: Team
    start: date
    runs: list[UUID] = field(default_factory=list)
    known: dict[UUID, tuple[str, Decimal | None]] = field(default_factory=dict)
    held: dict[UUID, Decimal] = field(default_factory=dict)
    refused: int = 0

    def take(self, step: Step) -> None:
        if step.what == "reserve":
            self._reserve(step)
        elif step.what == "close":
            self._close(step)
        elif self.runs:
            self._learn(self.runs[step.which % len(self.runs)], step)

    def _reserve(self, step: Step) -> None:
        moment = datetime.combine(self.start, time(), UTC) + timedelta(minutes=step.minute)
        day = day_of(self.team, moment)
        run = uuid7()
        if PeriodClose.objects.filter(team=self.team, last_day__gte=day).exists():
            return
        try:
            reserve(self.team.id, run_id=run, amount=str(step.amount), day=day, effective_at=moment)
        except OverBudget:
            self.refused += 1
            return
        self.runs.append(run)
        self.known[run] = ("pending", None)
        self.held[run] = step.amount

    def _learn(self, run: UUID, step: Step) -> None:
        billing = "billed" if step.what == "no_cost" else step.what
        cost = step.amount if step.what == "billed" else None
        learn(run, billing, None if cost is None else f"{cost:f}")
        self.known[run] = (billing, cost)
        if billing == "not_billed" or cost is not None:
            self.held[run] = Decimal(0)

    def _close(self, step: Step) -> None:
        last = self.start + timedelta(days=step.minute // (24 * 60))
        opens = last + timedelta(days=1)
        PeriodClose.objects.get_or_create(
            team=self.team,
            mode="sandbox",
            last_day=last,
            defaults={
                "first_day": self.start,
                "opens_on": opens,
                "opens_at": datetime.combine(opens, time(), self.team.zone).astimezone(UTC),
                "spent": 0,
                "runs": 0,
                "billed": 0,
                "closed_by_label": "Alice",
            },
        )


def begin(zone: str, start: date) -> Story:
    return Story(Team.objects.create(slug=f"t-{uuid7().hex}", name="Random", time_zone=zone), start)


def spent(rows: Any) -> Decimal:
    return rows.aggregate(spent=Sum("spent"))["spent"] or Decimal(0)


@EXAMPLES
@given(zone=st.sampled_from(ZONES), start=st.sampled_from(STARTS), steps=STEPS)
def test_every_sum_is_the_entries(zone: str, start: date, steps: list[Step]) -> None:
    with transaction.atomic():
        story = begin(zone, start)
        for step in steps:
            story.take(step)
        entries = Entry.objects.filter(team_id=story.team.id)
        total = spent(entries)
        assert total == sum((cost or Decimal(0) for _, cost in story.known.values()), Decimal(0))
        for cut in ("person", "endpoint", "key", "source", "tag"):
            days = Rollup.objects.filter(team_id=story.team.id, cut=cut, grain="d")
            assert spent(days) == total, cut
            by_day = {
                row["start"]: row["of_day"] for row in days.values("start").annotate(of_day=Sum("spent"))
            }
            of_entries = entries.values("day").annotate(of_day=Sum("spent"))
            assert by_day | {row["day"]: row["of_day"] for row in of_entries if row["of_day"]} == by_day, cut
        assert spent(Rollup.objects.filter(team_id=story.team.id, cut="person_key", grain="m")) == total
        quarters = QuarterHour.objects.filter(team_id=story.team.id)
        assert spent(quarters) == total
        assert quarters_by_day(quarters, ZoneInfo(zone)) == entries_by_day(entries)
        held = sum(story.held.values(), Decimal(0))
        assert (OpenHold.objects.filter(team_id=story.team.id).aggregate(h=Sum("amount"))["h"] or 0) == held
        assert list(sums.differences(team_id=story.team.id, mode="sandbox")) == []
        transaction.set_rollback(True)


def quarters_by_day(quarters: Any, zone: ZoneInfo) -> dict[date, Decimal]:
    """Every zone's days are whole numbers of quarters, also on the days on which its clocks change."""
    found: dict[date, Decimal] = {}
    for row in quarters:
        if row.spent:
            day = row.bucket.astimezone(zone).date()
            found[day] = found.get(day, Decimal(0)) + row.spent
    return {day: amount for day, amount in found.items() if amount}


def entries_by_day(entries: Any) -> dict[date, Decimal]:
    rows = entries.values("day").annotate(of_day=Sum("spent"))
    return {row["day"]: row["of_day"] for row in rows if row["of_day"]}


@EXAMPLES
@given(zone=st.sampled_from(ZONES), start=st.sampled_from(STARTS), steps=STEPS)
def test_entries_alone_tell_billing_and_cost(zone: str, start: date, steps: list[Step]) -> None:
    with transaction.atomic():
        story = begin(zone, start)
        for step in steps:
            story.take(step)
        for run, (billing, cost) in story.known.items():
            entries = list(Entry.objects.filter(run_id=run).in_order())
            assert (entries[-1].billing, entries[-1].cost) == (billing, cost)
            assert [entry.billing_before for entry in entries] == [
                "",
                *(entry.billing for entry in entries[:-1]),
            ]
            assert sum(entry.spent for entry in entries) == (cost or 0)
            assert sum(entry.held for entry in entries) == story.held[run]
        transaction.set_rollback(True)


@EXAMPLES
@given(
    zone=st.sampled_from(ZONES),
    period=st.sampled_from(Budget.Period.values),
    limit=st.decimals(min_value=Decimal("0.5"), max_value=6, places=4),
    runs=st.one_of(st.none(), st.integers(1, 5)),
    steps=STEPS,
)
def test_no_order_of_things_passes_a_cap_but_by_a_real_cost(
    zone: str, period: str, limit: Decimal, runs: int | None, steps: list[Step]
) -> None:
    with transaction.atomic():
        start = STARTS[0]
        story = begin(zone, start)
        budget = Budget.objects.create(
            team=story.team,
            mode="sandbox",
            name="Cap",
            period=period,
            limit_usd=limit,
            limit_runs=runs,
            starts_on=start - timedelta(days=40),
            created_by_label="Alice",
        )
        for step in steps:
            before = totals(budget)
            story.take(step)
            for period_start, (used, count) in totals(budget).items():
                used_before, count_before = before.get(period_start, (Decimal(0), 0))
                if step.what == "reserve":
                    assert used <= max(limit, used_before)
                    assert runs is None or count <= max(runs, count_before)
        assert list(sums.differences(team_id=story.team.id, mode="sandbox")) == []
        transaction.set_rollback(True)
    assert not connection.needs_rollback


def totals(budget: Budget) -> dict[date, tuple[Decimal, int]]:
    return {
        row.start: (row.spent + row.held, row.runs) for row in BudgetCounter.objects.filter(budget=budget)
    }
