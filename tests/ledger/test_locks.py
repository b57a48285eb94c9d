"""Deeds that meet at the same moment wait for each other, never in a circle, and lose nothing."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from accounts.models import Team
from config.processes import wait_until
from playground.ledger import budgets, closing, periods
from playground.ledger.budgets import terms_of
from playground.ledger.models import BudgetRequest, Entry, PeriodClose
from playground.ledger.periods import Kind, Period
from playground.ledger.requests import RequestProblem
from playground.runs import execute
from playground.runs.models import Billing, State
from tests.ledger.books import learn, reserve
from tests.ledger.caps import cap, today
from tests.ledger.test_requests import approve, ask
from tests.personas import People, make_people
from tests.runs.factories import make_run
from tests.runs.test_execute import billed, outcome
from tests.runs.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


def somebody_waits() -> bool:
    """Whether another connection waits for a lock that is held here."""
    with connection.cursor() as cursor:
        # Otherwise a transaction sees the activity of the moment in which it first looked.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND wait_event_type = 'Lock')"
        )
        found: bool = cursor.fetchone()[0]
        return found


def last_month(people: People) -> Period:
    return periods.around(Kind.MONTH, today(people)).before


def close(people: People) -> None:
    closing.close(membership=people.membership("alice"), mode="sandbox", month=last_month(people).first)


def test_a_month_is_closed_while_somebody_leaves_with_unsent_runs() -> None:
    people = make_people()
    run = reserve(people.team.id, day=last_month(people).last)
    begun = threading.Event()

    def leave() -> None:
        # In the order of removing a member: the team's row, then the entries of the runs that are cancelled.
        with transaction.atomic():
            Team.objects.select_for_update().get(id=people.team.id)
            begun.set()
            assert wait_until(somebody_waits, seconds=30)
            learn(run, "not_billed")

    def end_month() -> None:
        assert begun.wait(30)
        close(people)

    together(leave, end_month)
    assert Entry.objects.get(run_id=run, kind="release").day == last_month(people).last
    assert PeriodClose.objects.count() == 1


def test_an_outcome_that_meets_a_closing_month_is_kept() -> None:
    people = make_people()
    ago = timedelta(days=(today(people) - last_month(people).last).days)
    run = make_run(people.membership("bob"), state=State.SENDING, billing=Billing.PENDING, ago=ago)
    day = run.created_at.astimezone(people.team.zone).date()
    assert day == last_month(people).last
    begun = threading.Event()

    def end_month() -> int:
        with transaction.atomic():
            close(people)
            begun.set()
            assert wait_until(somebody_waits, seconds=30)
        return 0

    def settle() -> int:
        assert begun.wait(30)
        return execute.settle_all([outcome(run, billed("0.25"))])

    assert together(end_month, settle) == [0, 1]
    run.refresh_from_db()
    assert (run.billing, run.cost) == (Billing.BILLED, Decimal("0.25"))
    entry = Entry.objects.get(run_id=run.id, kind="correction")
    assert (entry.spent, entry.original_day) == (Decimal("0.25"), day)


def test_a_request_whose_budget_changes_meanwhile_is_not_answered() -> None:
    people = make_people()
    budget = cap(people, "1")
    asked = ask(people, budget)
    begun = threading.Event()

    def change() -> str:
        with transaction.atomic():
            terms = terms_of(budget)
            lower = type(terms)(**{**vars(terms), "limit_usd": Decimal("0.5")})
            budgets.change(membership=people.membership("alice"), budget=budget, terms=lower)
            begun.set()
            assert wait_until(somebody_waits, seconds=30)
        return ""

    def answer() -> str:
        assert begun.wait(30)
        try:
            approve(people, asked, by="adam")
        except RequestProblem as problem:
            return str(problem)
        return "approved"

    assert "changed meanwhile" in together(change, answer)[1]
    row = BudgetRequest.objects.get()
    assert (row.state, row.budget.ended_at, row.budget.limit_usd) == ("open", None, Decimal("0.5"))
