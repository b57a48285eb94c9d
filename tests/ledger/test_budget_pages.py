"""The Budgets page and the forms behind it, as everybody in the team sees them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from playground.ledger.models import Budget, BudgetRequest
from tests.ledger.books import learn
from tests.ledger.caps import MODE, cap, hold, today
from tests.ledger.test_requests import ask
from tests.personas import People


def url(people: People, rest: str = "", mode: str = MODE) -> str:
    return f"/t/{people.team.slug}/{mode}/budgets/{rest}"


def page(people: People, who: str = "alice", **more: Any) -> str:
    text: str = getattr(people, who).client().get(url(people, **more)).text
    return " ".join(text.split())


NEW = {"person": "team", "covers": "", "limit_usd": "200", "limit_runs": "", "period": "month", "name": ""}


def test_an_empty_page_says_what_a_budget_promises(people: People) -> None:
    assert "Make the first budget" in page(people)
    assert "No budget limits your runs" in page(people, "bob")
    assert "Make the first budget" not in page(people, "audrey")


def test_a_budget_shows_what_is_spent_held_and_left(people: People) -> None:
    cap(people, "10", runs=9, name="Filming")
    learn(hold(people, "2"), "billed", "1.25")
    hold(people, "0.5")
    for name in ("alice", "bob", "audrey"):
        text = page(people, name)
        for words in (
            "$ 1.2500</span> spent",
            "$ 0.5000</span> held",
            "$ 8.2500</span> left of $ 10",
            "7 left of 9",
        ):
            assert words in text, (name, words)
    assert "Filming" not in page(people, mode="live")


def test_an_overrun_is_shown_as_such(people: People) -> None:
    cap(people, "1")
    learn(hold(people, "0.5"), "billed", "1.75")
    text = page(people)
    assert "$ 0.7500</span> over the limit of $ 1" in text
    assert 'class="meter-beyond"' in text
    assert "Used up." in text


def test_members_see_the_budgets_that_cover_them(people: People) -> None:
    cap(people, name="Everybody")
    cap(people, name="Apiece", per_member=True)
    cap(people, name="For Alice", person=people.alice.user)
    text = page(people, "bob")
    assert "Everybody" in text
    assert "Apiece" in text
    assert "For Alice" not in text
    assert "Adam" not in text
    assert "For Alice" in page(people, "audrey")


def test_a_private_team_shows_members_no_sum_of_others(people: People) -> None:
    people.team.own_runs_only = True
    people.team.save()
    cap(people, "10", name="Everybody")
    cap(people, "5", name="Apiece", per_member=True)
    learn(hold(people, "2", who="alice"), "billed", "1.25")
    text = page(people, "bob")
    assert "1.2500" not in text
    assert "“Everybody” can stop your runs, too" in text
    assert "$ 5.0000</span> left of $ 5" in text


def test_only_those_who_manage_budgets_are_offered_to(people: People) -> None:
    budget = cap(people)
    ask(people, budget)
    for name, offered in {"alice": True, "adam": True, "bob": False, "audrey": False}.items():
        text = page(people, name)
        for words in (
            "New budget",
            "Change Team",
            "Approve the request of Bob",
            "Freeze the spending of Bob",
        ):
            assert (words in text) == offered, (name, words)
    assert "The trailer" in page(people, "bob")


def test_a_budget_is_made_in_plain_words(people: People) -> None:
    client = people.adam.client()
    form = client.get(url(people, "new/")).text
    for choice in ("Each member", "Bob", "kling-2.6", "Text-to-Video Generation"):
        assert f">{choice}</option>" in form
    answer = client.post(
        url(people, "new/"), NEW | {"person": "each", "covers": "model:kling-2.6", "limit_runs": "3"}
    )
    assert answer.status_code == 302
    made = Budget.objects.get()
    assert (made.per_member, made.endpoint, made.limit_usd, made.limit_runs) == (
        True,
        "kling-2.6",
        Decimal(200),
        3,
    )
    assert made.name == "Each member, kling-2.6 per month"


@pytest.mark.parametrize(
    ("bad", "field", "words"),
    [
        ({"limit_usd": ""}, "limit_usd", "Give an amount, a number of runs, or both."),
        ({"limit_usd": "-1"}, "limit_usd", "greater than or equal to 0"),
        ({"limit_usd": "a lot"}, "limit_usd", "Enter a number."),
        ({"limit_usd": "NaN"}, "limit_usd", "Enter a number."),
        ({"limit_runs": "1.5"}, "limit_runs", "Enter a whole number."),
        ({"covers": "model:nonsense"}, "covers", "Select a valid choice."),
        ({"person": "00000000-0000-7000-8000-000000000001"}, "person", "Select a valid choice."),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_typed_is_lost(
    people: People, bad: dict[str, str], field: str, words: str
) -> None:
    answer = people.alice.client().post(url(people, "new/"), NEW | {"name": "Kept"} | bad)
    assert answer.status_code == 422
    assert words in answer.context["form"].errors[field][0]
    assert 'value="Kept"' in answer.text
    assert not Budget.objects.exists()


def test_a_change_asks_for_a_reason_when_the_limit_goes_up(people: People) -> None:
    client, budget = people.alice.client(), cap(people, "10.5")
    place = url(people, f"{budget.id}/")
    assert 'value="10.50"' in client.get(place).text
    answer = client.post(place, NEW | {"name": "Team", "reason": ""})
    assert answer.status_code == 422
    assert "Say why more may be spent" in answer.context["form"].errors["reason"][0]
    assert client.post(place, NEW | {"name": "Team", "reason": "Launch"}).status_code == 302
    assert Budget.objects.get(ended_at=None).limit_usd == 200
    assert client.get(place).status_code == 404


def test_a_budget_is_ended(people: People) -> None:
    budget = cap(people)
    assert people.adam.client().post(url(people, f"{budget.id}/end/")).status_code == 302
    assert not Budget.objects.filter(ended_at=None).exists()


def test_a_request_is_made_on_a_page_and_as_a_fragment(people: People) -> None:
    budget, client = cap(people), people.bob.client()
    place = url(people, f"{budget.id}/ask/")
    assert client.post(place, {"usd": "", "reason": "x"}).status_code == 422
    fragment = client.post(place, {"usd": "0", "reason": "Kept"}, headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert 'value="Kept"' in fragment.text
    assert "<html" not in fragment.text
    made = client.post(place, {"usd": "2.5", "reason": "Takes"}, headers={"HX-Request": "true"})
    assert "Asked." in made.text
    row = BudgetRequest.objects.get()
    assert (row.asked_usd, row.reason, row.asked_by) == (Decimal("2.5"), "Takes", people.bob.user)
    assert client.post(place, {"usd": "1", "reason": "Again"}).status_code == 422


def test_a_budget_of_another_person_or_mode_is_not_there_to_ask_for(people: People) -> None:
    budget = cap(people, person=people.alice.user)
    assert people.bob.client().get(url(people, f"{budget.id}/ask/")).status_code == 404
    assert people.alice.client().get(url(people, f"{budget.id}/ask/", mode="live")).status_code == 404


def test_an_answer_reaches_the_person_who_asked(people: People) -> None:
    first, second = ask(people, cap(people)), ask(people, cap(people, name="Other"))
    alice = people.alice.client()
    bad = alice.post(url(people, f"requests/{first.id}/approve/"), {f"yes-{first.id}-usd": "5"})
    assert bad.status_code == 422
    assert "This field is required." in bad.text
    last = today(people) + timedelta(days=3)
    data = {f"yes-{first.id}-usd": "4", f"yes-{first.id}-until": last.isoformat()}
    assert alice.post(url(people, f"requests/{first.id}/approve/"), data).status_code == 302
    assert alice.post(url(people, f"requests/{first.id}/approve/"), data).status_code == 302
    data = {f"no-{second.id}-answer": "Next month"}
    assert alice.post(url(people, f"requests/{second.id}/decline/"), data).status_code == 302
    text = page(people, "bob")
    assert f"gave $ 4 more of Team until the end of {last.day} {last:%B}" in text
    assert "Next month" in text
    assert "left of $ 14" in text
    assert "More for a while" in page(people, "audrey")
    assert "More for a while" not in text
    assert alice.post(url(people, f"requests/{first.id}/end/")).status_code == 302
    text = page(people, "bob")
    assert "Alice ended it early." in text
    assert "left of $ 10" in text


def test_the_menu_counts_open_requests_for_those_who_answer(people: People) -> None:
    ask(people, cap(people))
    count = '<span class="count">1</span>'
    assert count in page(people)
    assert count not in page(people, "bob")
    assert count not in page(people, "audrey")


def test_a_freeze_and_its_reason_are_shown_to_the_person(people: People) -> None:
    bob = people.membership("bob")
    place = f"/t/{people.team.slug}/{MODE}/people/{bob.id}/"
    adam = people.adam.client()
    assert "Say why" in adam.post(f"{place}freeze/", {"reason": ""}, follow=True).text
    adam.post(f"{place}freeze/", {"reason": "A <loop>"})
    words = "Adam stopped it: “A &lt;loop&gt;”."
    client = people.bob.client()
    assert words in page(people, "bob")
    assert words in client.get(f"/t/{people.team.slug}/{MODE}/playground/seedream-4.5/").text
    assert words not in client.get(f"/t/{people.team.slug}/live/playground/seedream-4.5/").text
    assert "A &lt;loop&gt;" in page(people, "audrey")
    adam.get(url(people))
    assert f"frozen in {MODE}" in adam.get(f"/t/{people.team.slug}/team/").text
    assert f"frozen in {MODE}" not in client.get(f"/t/{people.team.slug}/team/").text
    back = f"/t/{people.team.slug}/team/"
    assert adam.post(f"{place}lift/", {"next": back})["Location"] == back
    assert adam.post(f"{place}lift/", {"next": "https://elsewhere.example"})["Location"] == url(people)
    assert words not in page(people, "bob")


def test_an_admin_does_not_freeze_an_owner(people: People) -> None:
    place = f"/t/{people.team.slug}/{MODE}/people/{people.membership('alice').id}/freeze/"
    assert people.adam.client().post(place, {"reason": "x"}).status_code == 403


def test_the_top_bar_shows_the_tightest_budget(people: People) -> None:
    where = f"/t/{people.team.slug}/{MODE}/history/"
    assert "topbar-budget" not in people.alice.client().get(where).text
    cap(people, "200", name="Loose")
    cap(people, "20", name="Tight", period="week", per_member=True)
    learn(hold(people, "15"), "billed", "12.5")
    bar = " ".join(people.bob.client().get(where).text.split())
    assert 'title="Tight"' in bar
    assert "This week" in bar
    assert '$ 12.50</span> <span class="muted num">of 20' in bar
    alice = people.alice.client().get(where).text
    assert 'title="Loose"' in alice
    assert "topbar-budget" not in people.bob.client().get(f"/t/{people.team.slug}/keys/").text


def test_budgets_cost_the_page_the_same_queries(
    people: People, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = people.alice.client()
    for number in range(8):
        cap(people, name=f"Budget {number}", per_member=bool(number % 2))
    client.get(url(people))
    with django_assert_max_num_queries(17):
        client.get(url(people))
