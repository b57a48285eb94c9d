"""What is worth a word is told once each: to those who manage budgets, and to the member it is about."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from playground.ledger import alerts, telling
from playground.ledger.models import Alert
from tests.ledger.books import learn
from tests.ledger.caps import MODE, cap, hold
from tests.personas import People, make_people
from tests.runs.threads import together


def spend(people: People, amount: str, **more: Any) -> None:
    learn(hold(people, amount, **more), "billed", amount)


def told() -> list[str]:
    return list(Alert.objects.exclude(text="").order_by("created_at").values_list("kind", flat=True))


def test_each_level_is_told_once(people: People) -> None:
    cap(people, "10")
    spend(people, "4")
    assert alerts.watch() == 0
    spend(people, "2")
    assert alerts.watch() == 1
    spend(people, "1")
    assert alerts.watch() == 0
    spend(people, "1.5")
    alerts.watch()
    hold(people, "1.5")
    alerts.watch()
    assert alerts.watch() == 0
    assert told() == ["half", "most", "full"]
    assert Alert.objects.get(kind="most").text.startswith("85 % of “Team” is spent this month, of $ 10.")
    assert "is used up this month: $ 10." in Alert.objects.get(kind="full").text


def test_what_fills_up_at_once_is_told_once_and_stays_so_when_a_bill_is_taken_back(people: People) -> None:
    cap(people, "10")
    run = hold(people, "9")
    learn(run, "billed", "9")
    assert alerts.watch() == 1
    learn(run, "billed", "6", made_by="person", actor_label="Alice", reason="Seen")
    assert alerts.watch() == 0
    assert told() == ["most"]


def test_another_period_and_another_budget_are_told_anew(people: People) -> None:
    cap(people, "10")
    spend(people, "6")
    alerts.watch()
    Alert.objects.update(start=timezone.now().date() - timedelta(days=400))
    assert alerts.watch() == 1
    cap(people, None, runs=1, name="Runs")
    assert alerts.watch() == 1


def test_of_two_limits_the_nearer_one_is_told(people: People) -> None:
    cap(people, "10", runs=2)
    spend(people, "1")
    alerts.watch()
    assert "50 % of “Team” is spent this month, of 2 runs." in Alert.objects.get(kind="half").text


def test_a_raise_moves_the_levels(people: People) -> None:
    budget = cap(people, "10")
    spend(people, "6")
    budget.requests.create(
        asked_by_label="Bob", reason="", state="approved", usd=10, until=timezone.now() + timedelta(days=1)
    )
    assert alerts.watch() == 0


def test_mail_goes_to_managers_and_to_the_member_it_is_about(people: People) -> None:
    cap(people, "10", name="Team")
    cap(people, "10", name="Each", per_member=True)
    spend(people, "6")
    assert alerts.watch() == 2
    assert telling.tell() == 2
    assert telling.tell() == 0
    of = {
        name: sorted(one.to[0] for one in mail.outbox if name in one.body)
        for name in ("“Team”", "“Each” (Bob)")
    }
    assert of["“Team”"] == ["adam@example.com", "alice@example.com"]
    assert of["“Each” (Bob)"] == ["adam@example.com", "alice@example.com", "bob@example.com"]
    assert all(len(one.to) == 1 for one in mail.outbox)


def test_a_name_of_two_lines_keeps_no_mail_from_leaving(people: People) -> None:
    people.team.name = "Studio\r\nBcc: charlie@example.com"
    people.team.save()
    for team in (people.team, people.membership("charlie").team):
        Alert.objects.create(team=team, mode=MODE, kind=Alert.Kind.FULL, text="Used up.")
    assert telling.tell() == 2
    assert {one.subject for one in mail.outbox} == {
        "Studio Bcc: charlie@example.com: used up",
        "Elsewhere: used up",
    }
    assert [one.body for one in mail.outbox if one.to == ["charlie@example.com"]] == [mail.outbox[-1].body]


def test_old_news_is_not_mailed(people: People) -> None:
    cap(people, "10")
    spend(people, "6")
    alerts.watch()
    Alert.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert telling.tell() == 0
    assert mail.outbox == []


def test_a_pace_that_uses_it_up_too_soon_is_foretold_once(people: People) -> None:
    cap(people, "10", period="total")
    cap(people, "10", period="week")
    spend(people, "4.9")
    made = alerts.foresee()
    assert alerts.foresee() == 0
    # What the calendar says of this day: on a Sunday evening nothing is left to run out in.
    week = Alert.objects.filter(kind="forecast")
    assert made == week.count() <= 1
    assert all("will be used up" in one.text for one in week)


def test_an_unusual_cost_is_told_to_the_person_and_the_managers(people: People) -> None:
    for _ in range(5):
        spend(people, "0.04")
    assert alerts.watch() == 0
    spend(people, "0.17")
    assert alerts.watch() == 1
    assert alerts.watch() == 0
    alert = Alert.objects.get()
    assert (alert.kind, alert.person, alert.for_managers) == ("outlier", people.bob.user, True)
    assert alert.text == "A run of Bob cost $ 0.1700, 4.2 times the median of seedream-4.5."


def test_who_sees_an_alert_and_what_is_unread(people: People) -> None:
    cap(people, "10")
    cap(people, "10", per_member=True, name="Each")
    spend(people, "6")
    alerts.watch()
    for name, count in {"alice": 2, "adam": 2, "audrey": 2, "bob": 1, "charlie": 0}.items():
        assert alerts.visible_to(people.membership(name), MODE).count() == count, name
        assert alerts.visible_to(people.membership(name), "live").count() == 0
    bob = people.membership("bob")
    newest = alerts.visible_to(bob, MODE).first()
    assert newest is not None
    assert alerts.read_up_to(bob, MODE) < newest.created_at
    alerts.mark_read(membership=bob, mode=MODE, up_to=newest.created_at)
    alerts.mark_read(membership=bob, mode=MODE, up_to=newest.created_at - timedelta(days=1))
    assert alerts.read_up_to(bob, MODE) == newest.created_at


@pytest.mark.django_db(transaction=True)
def test_many_workers_tell_each_alert_once() -> None:
    people = make_people()
    cap(people, "10")
    cap(people, "8", per_member=True, name="Each")
    for _ in range(5):
        spend(people, "0.04")
    spend(people, "8", who="alice", endpoint="kling-2.6", mode=MODE)
    spend(people, "0.40")
    counts = together(*[alerts.watch] * 16)
    assert sum(counts) == 3
    assert sorted(told()) == ["full", "most", "outlier"]
    assert sum(together(*[telling.tell] * 8)) == 3
    assert len(mail.outbox) == sum(len(telling._addresses(one)) for one in Alert.objects.exclude(text=""))
    assert Decimal(len(mail.outbox)) >= 6
