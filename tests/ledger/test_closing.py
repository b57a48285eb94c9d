"""A closed month does not change: what comes later counts in the open one and names its day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Sum

from accounts.models import AuditEvent
from playground.ledger import closing, days, periods, spend
from playground.ledger.closing import NotClosable
from playground.ledger.models import Entry, PeriodClose
from playground.ledger.periods import Kind, Period
from playground.ledger.spend import Scope
from tests.ledger.books import learn, reserve
from tests.personas import People, ask_everyone, expect

pytestmark = pytest.mark.django_db


def last_month(people: People) -> Period:
    return periods.around(Kind.MONTH, days.today(people.team)).before


def close(people: People, month: Period) -> list[PeriodClose]:
    return closing.close(membership=people.membership("alice"), mode="sandbox", month=month.first)


def test_a_late_charge_lands_in_the_open_month_and_names_the_day(people: People) -> None:
    month = last_month(people)
    day = month.last
    known = reserve(people.team.id, day=day)
    learn(known, "billed", "0.5")
    late = reserve(people.team.id, day=day, amount="2")
    (made,) = close(people, month)
    assert (made.spent, made.runs, made.billed) == (Decimal("0.5"), 1, 1)
    learn(late, "billed", "1.25")
    entry = Entry.objects.get(run_id=late, kind="correction")
    assert (entry.day, entry.original_day) == (month.after.first, day)
    assert entry.effective_at == days.start_of(people.team, month.after.first)
    scope = Scope(people.team.id, "sandbox")
    assert spend.totals(scope, month).spent == made.spent
    found = closing.corrections(people.team, "sandbox", [made], month.after)
    assert found is not None
    assert (found.count, found.spent, found.rows[0].day) == (1, Decimal("1.25"), day)
    text = people.audrey.client().get("/t/studio/sandbox/spend/").text
    assert f"from {day.day} {day:%b}" in text


def test_a_closed_month_never_changes_and_all_of_it_is_the_ledger(people: People) -> None:
    month = last_month(people)
    runs = [reserve(people.team.id, day=month.first + timedelta(days=number)) for number in range(6)]
    learn(runs[0], "billed", "0.1")
    learn(runs[1], "unknown")
    learn(runs[2], "billed")
    learn(runs[3], "not_billed")
    (made,) = close(people, month)
    frozen = spend.totals(Scope(people.team.id, "sandbox"), month)
    learn(runs[0], "billed", "0.07")
    learn(runs[0], "not_billed")
    learn(runs[1], "billed", "3")
    learn(runs[2], "billed", "0.2")
    learn(runs[4], "billed", "0.4")
    scope = Scope(people.team.id, "sandbox")
    assert spend.totals(scope, month) == frozen
    assert made.spent == frozen.spent
    ever = Period(Kind.CUSTOM, date(2000, 1, 1), date(2100, 1, 1))
    assert spend.totals(scope, ever).spent == Entry.objects.aggregate(sum=Sum("spent"))["sum"]
    assert spend.totals(scope, ever).spent == Decimal("3.6")


def test_closing_closes_everything_before_month_by_month(people: People) -> None:
    month = last_month(people)
    learn(reserve(people.team.id, day=month.before.before.first), "billed", "0.3")
    learn(reserve(people.team.id, day=month.last), "billed", "0.4")
    made = close(people, month)
    assert [one.spent for one in made] == [Decimal("0.3"), Decimal(0), Decimal("0.4")]
    assert [one.first_day for one in made] == [month.before.before.first, month.before.first, month.first]
    event = AuditEvent.objects.get(verb="period.closed")
    assert event.after == {
        "mode": "sandbox",
        "first_day": month.before.before.first.isoformat(),
        "last_day": month.last.isoformat(),
        "spent": "$ 0.7",
    }


def test_a_month_is_closed_once_and_only_when_it_is_over(people: People) -> None:
    month = last_month(people)
    close(people, month)
    with pytest.raises(NotClosable, match="closed already"):
        close(people, month)
    with pytest.raises(NotClosable, match="closed already"):
        close(people, month.before)
    with pytest.raises(NotClosable, match="not over yet"):
        close(people, month.after)


def test_closing_one_mode_leaves_the_other(people: People) -> None:
    month = last_month(people)
    close(people, month)
    learn(reserve(people.team.id, day=month.first, mode="live"), "billed", "0.1")
    assert not PeriodClose.objects.filter(mode="live").exists()


def test_who_may_close(people: People) -> None:
    with pytest.raises(PermissionDenied):
        closing.close(membership=people.membership("audrey"), mode="sandbox", month=last_month(people).first)
    asked = ask_everyone(
        people,
        "/t/studio/sandbox/spend/close/",
        method="post",
        data={"month": last_month(people).first.isoformat()},
    )
    assert asked == expect(alice=302, adam=302, bob=403, audrey=403)
    assert PeriodClose.objects.count() == 1


def test_the_question_names_what_is_open(people: People) -> None:
    month = last_month(people)
    learn(reserve(people.team.id, day=month.first), "unknown")
    learn(reserve(people.team.id, day=month.before.first), "billed")
    reserve(people.team.id, day=month.first)
    text = people.alice.client().get(f"/t/studio/sandbox/spend/?{month.query}").text
    assert "1 pending, 1 unknown, 1 billed without a known cost" in text
    assert f"will be closed with it: {month.before.label}" in text
    page = people.alice.client().get(f"/t/studio/sandbox/spend/close/?month={month.first}").text
    assert "1 pending, 1 unknown, 1 billed without a known cost" in page
    assert "Close month" not in people.bob.client().get(f"/t/studio/sandbox/spend/?{month.query}").text


def test_a_closed_month_says_so(people: People) -> None:
    month = last_month(people)
    learn(reserve(people.team.id, day=month.first), "billed", "0.5")
    client = people.alice.client()
    client.post("/t/studio/sandbox/spend/close/", {"month": month.first.isoformat()})
    text = client.get(f"/t/studio/sandbox/spend/?{month.query}").text
    assert "Closed with" in text
    assert "Close month" not in text
    again = client.post("/t/studio/sandbox/spend/close/", {"month": month.first.isoformat()}, follow=True)
    assert "is closed already" in again.text
