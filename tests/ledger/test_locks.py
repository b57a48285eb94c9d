"""Deeds that meet at the same moment wait for each other, never in a circle, and lose nothing."""

import threading
from collections.abc import Callable
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
from playground.runs import execute, settling
from playground.runs.models import Billing, Run, State
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


def answered(run: Run) -> None:
    assert execute.settle_all([outcome(run, billed("0.25"))]) == 1


def told(run: Run) -> None:
    assert run.person is not None
    settling.settle_by_person(
        run=run, actor=run.person, billed=True, cost=Decimal("0.25"), reason="The invoice has it"
    )


@pytest.mark.parametrize(
    ("state", "billing", "settle"),
    [(State.SENDING, Billing.PENDING, answered), (State.UNKNOWN, Billing.UNKNOWN, told)],
    ids=["answered", "told"],
)
def test_what_becomes_known_while_its_month_is_closed_is_kept(
    state: State, billing: Billing, settle: Callable[[Run], None]
) -> None:
    people = make_people()
    ago = timedelta(days=(today(people) - last_month(people).last).days)
    run = make_run(people.membership("bob"), state=state, billing=billing, ago=ago)
    day = run.created_at.astimezone(people.team.zone).date()
    assert day == last_month(people).last
    begun = threading.Event()

    def end_month() -> None:
        with transaction.atomic():
            close(people)
            begun.set()
            assert wait_until(somebody_waits, seconds=30)

    def learn_it() -> None:
        assert begun.wait(30)
        settle(run)

    together(end_month, learn_it)
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
