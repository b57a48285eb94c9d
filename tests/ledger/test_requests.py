"""A person asks for more; whoever manages budgets says how much and until when, or why not."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import AuditEvent
from playground.ledger import budgets, requests
from playground.ledger.entries import OverBudget
from playground.ledger.models import Alert, Budget, BudgetRequest
from playground.ledger.requests import RequestProblem
from tests.ledger.caps import cap, hold, today
from tests.personas import People


def ask(people: People, budget: Budget, usd: str = "5", *, who: str = "bob", runs: int = 0) -> BudgetRequest:
    return requests.ask(
        membership=people.membership(who), budget=budget, usd=Decimal(usd), runs=runs, reason="The trailer"
    )


def approve(
    people: People, asked: BudgetRequest, usd: str = "5", *, by: str = "alice", **more: Any
) -> BudgetRequest:
    values: dict[str, Any] = {"runs": 0, "last_day": today(people), **more}
    return requests.approve(membership=people.membership(by), asked=asked, usd=Decimal(usd), **values)


def test_an_approved_request_raises_the_cap_until_it_ends(people: People) -> None:
    budget = cap(people, "1")
    hold(people, "1")
    with pytest.raises(OverBudget):
        hold(people, "1")
    asked = ask(people, budget)
    with pytest.raises(OverBudget):
        hold(people, "1")
    approve(people, asked, "2")
    hold(people, "1")
    BudgetRequest.objects.update(until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(OverBudget) as refused:
        hold(people, "1")
    assert (refused.value.limit_usd, refused.value.left_usd) == (Decimal(1), Decimal(-1))


def test_a_raise_of_a_cap_that_each_has_is_for_the_one_who_asked(people: People) -> None:
    budget = cap(people, "1", per_member=True)
    approve(people, ask(people, budget, "1"), "1")
    hold(people, "2")
    with pytest.raises(OverBudget):
        hold(people, "2", who="alice")


def test_it_ends_with_its_last_day_in_the_teams_zone(people: People) -> None:
    done = approve(people, ask(people, cap(people)))
    assert done.until is not None
    local = done.until.astimezone(people.team.zone)
    assert (local.date(), local.hour, local.minute) == (today(people) + timedelta(days=1), 0, 0)


def test_a_request_and_its_answer_are_told_and_recorded(people: People) -> None:
    asked = ask(people, cap(people), "5")
    told = Alert.objects.get(kind="request")
    assert (told.for_managers, told.person) == (True, None)
    assert told.text == "Bob asks for $ 5 more of “Team”: The trailer"
    approve(people, asked, "3")
    answer = Alert.objects.get(kind="answer")
    assert (answer.for_managers, answer.person) == (False, people.bob.user)
    assert "gave $ 3 more" in answer.text
    verbs = list(
        AuditEvent.objects.filter(verb__startswith="budget.").order_by("id").values_list("verb", flat=True)
    )
    assert verbs == ["budget.made", "budget.asked", "budget.granted"]


def test_a_member_approves_nothing(people: People) -> None:
    asked = ask(people, cap(people))
    for name in ("bob", "audrey"):
        with pytest.raises(PermissionDenied):
            approve(people, asked, by=name)
        with pytest.raises(PermissionDenied):
            requests.decline(membership=people.membership(name), asked=asked, answer="No")
    asked.refresh_from_db()
    assert asked.state == "open"


def test_an_admin_who_approves_their_own_request_is_recorded(people: People) -> None:
    approve(people, ask(people, cap(people), who="adam"), by="adam")
    after = AuditEvent.objects.get(verb="budget.granted").after
    assert after is not None
    assert after["own request"] is True


def test_a_declined_request_says_why(people: People) -> None:
    asked = ask(people, cap(people))
    requests.decline(membership=people.membership("adam"), asked=asked, answer="Next month")
    asked.refresh_from_db()
    assert (asked.state, asked.answer, asked.decided_by_label) == ("declined", "Next month", "Adam")
    assert Alert.objects.get(kind="answer").text == "Adam gave no more of “Team”: Next month"


def test_a_raise_can_be_taken_back_before_its_end(people: People) -> None:
    asked = ask(people, cap(people, "1"))
    approve(people, asked, "2")
    hold(people, "2")
    with pytest.raises(PermissionDenied):
        requests.end_raise(membership=people.membership("bob"), asked=asked)
    requests.end_raise(membership=people.membership("adam"), asked=asked)
    with pytest.raises(OverBudget):
        hold(people, "0.5")
    with pytest.raises(RequestProblem, match="over already"):
        requests.end_raise(membership=people.membership("adam"), asked=asked)
    after = AuditEvent.objects.get(verb="budget.raise_ended").after
    assert after is not None
    assert after["more"] == "$ 2"
    assert Alert.objects.filter(kind="answer", person=people.bob.user).count() == 2


def test_a_request_is_answered_once(people: People) -> None:
    asked = ask(people, cap(people))
    approve(people, asked)
    with pytest.raises(RequestProblem, match="answered this request already"):
        requests.decline(membership=people.membership("adam"), asked=asked, answer="No")


def test_a_person_has_one_open_request_per_budget(people: People) -> None:
    budget = cap(people)
    ask(people, budget)
    with pytest.raises(RequestProblem, match="asked already"):
        ask(people, budget)
    ask(people, budget, who="adam")


def test_nobody_asks_for_nothing_for_others_or_too_late(people: People) -> None:
    budget = cap(people, person=people.alice.user)
    with pytest.raises(RequestProblem):
        ask(people, budget)
    own = cap(people)
    with pytest.raises(RequestProblem) as problem:
        ask(people, own, "0")
    assert problem.value.field == "usd"
    with pytest.raises(RequestProblem) as problem:
        approve(people, ask(people, own), last_day=today(people) - timedelta(days=1))
    assert problem.value.field == "until"


def test_requests_and_raises_go_on_with_a_changed_limit(people: People) -> None:
    alice, budget = people.membership("alice"), cap(people, "2")
    approve(people, ask(people, budget), "3")
    ask(people, budget, who="adam")
    new = budgets.change(
        membership=alice, budget=budget, terms=budgets.Terms(name="Team", limit_usd=Decimal(1))
    )
    assert new.requests.filter(state="open").count() == 1
    hold(people, "4")
    with pytest.raises(OverBudget):
        hold(people, "0.5")
    assert budget.requests.get(state="approved").usd == 3
    since = timezone.now() - timedelta(days=1)
    answers = requests.answered_of(people.membership("bob"), "sandbox", since=since)
    assert [row.budget_id for row in answers] == [new.id]


def test_requests_are_closed_when_the_budget_ends_or_covers_something_else(people: People) -> None:
    alice, budget = people.membership("alice"), cap(people, "2")
    first = ask(people, budget)
    terms = budgets.Terms(name="Team", limit_usd=Decimal(2), per_member=True)
    new = budgets.change(membership=alice, budget=budget, terms=terms, reason="It is for one model")
    second = ask(people, new)
    budgets.end(membership=alice, budget=new)
    for row in (first, second):
        row.refresh_from_db()
        assert row.state == "declined"
