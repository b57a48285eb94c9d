"""What a person reads beside Run when the ledger takes no hold."""

from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from playground.ledger import freezes, refusals
from playground.ledger.entries import Refused
from playground.ledger.models import Budget
from playground.ledger.refusals import Explanation
from tests.ledger.caps import MODE, cap, hold
from tests.ledger.test_requests import ask
from tests.personas import People


def refuse(people: People, amount: str = "0.5", who: str = "bob", **more: Any) -> Explanation:
    with pytest.raises(Refused) as refused:
        hold(people, amount, who=who, **more)
    return refusals.explain(people.membership(who), refused.value)


def test_it_names_the_budget_what_is_left_and_whom_to_ask(people: People) -> None:
    cap(people, "1.2", name="Studio")
    hold(people, "1")
    told = refuse(people)
    assert told.text.startswith(
        "“Studio” has $ 0.2000 of $ 1.20 left this month, and this run would hold $ 0.5000."
    )
    assert "It renews on 1 " in told.text
    assert told.text.endswith("Ask Adam or Alice for more.")
    assert (told.missing_usd, told.missing_runs, told.may_request, told.may_raise) == (
        Decimal("0.30"),
        None,
        True,
        False,
    )


def test_runs_are_told_as_runs(people: People) -> None:
    cap(people, None, runs=1, name="Tries", period="day", person=people.bob.user)
    hold(people)
    told = refuse(people)
    assert told.text.startswith("“Tries” has nothing of 1 run left today. It renews tomorrow at 00:00.")
    assert (told.missing_usd, told.missing_runs) == (None, 1)


def test_a_total_does_not_renew(people: People) -> None:
    cap(people, "0.1", period="total")
    assert (
        "left in total, and this run would hold $ 0.5000. It does not renew by itself." in refuse(people).text
    )


def test_a_private_team_tells_members_no_sum_of_others(people: People) -> None:
    people.team.own_runs_only = True
    people.team.save()
    cap(people, "1.2", name="Studio")
    hold(people, "1", who="alice")
    people.bob.user.refresh_from_db()
    told = refuse(people)
    assert told.text.startswith("“Studio” has too little left for this run.")
    assert told.missing_usd == Decimal("0.50")
    assert "0.2000" not in told.text


def test_a_private_team_tells_members_no_number_of_runs_of_others(people: People) -> None:
    people.team.own_runs_only = True
    people.team.save()
    for _ in range(4):
        hold(people, "0.1", who="alice")
    # Made with less than what has run already: what is missing would tell how much that was.
    cap(people, None, runs=2, name="Studio")
    people.bob.user.refresh_from_db()
    assert refuse(people).missing_runs == 1
    assert refuse(people, who="alice").missing_runs == 3


def test_who_has_asked_already_is_told_so(people: People) -> None:
    budget = cap(people, "0.1")
    ask(people, budget)
    told = refuse(people)
    assert not told.may_request
    assert "nobody has answered yet" in told.text


def test_whoever_manages_budgets_may_raise_it(people: People) -> None:
    cap(people, "0.1")
    told = refuse(people, who="alice")
    assert (told.may_raise, told.may_request) == (True, True)
    assert "Ask" not in told.text


def test_a_freeze_tells_its_reason(people: People) -> None:
    freezes.freeze(
        membership=people.membership("adam"), target=people.membership("bob"), mode=MODE, reason="A loop"
    )
    told = refuse(people)
    assert told.title == "Your spending is frozen"
    assert told.text.startswith("Adam stopped it: “A loop”.")
    assert told.text.endswith("Ask Adam or Alice to lift it.")
    assert not told.may_request


def test_the_fragment_offers_the_request_with_what_is_missing(people: People) -> None:
    budget: Budget = cap(people, "1.2", runs=5)
    hold(people, "1")
    text = render_to_string("ledger/_refusal.html", {"refusal": refuse(people)}, RequestFactory().get("/"))
    place = f"/t/{people.team.slug}/{MODE}/budgets/{budget.id}/ask/"
    assert f'action="{place}"' in text
    assert f'hx-post="{place}"' in text
    assert 'value="0.30"' in text
    assert "csrfmiddlewaretoken" in text
    assert "Ask for $ 0.30 more" in " ".join(text.split())
