"""What the pages about money tell those who may see only a part of it."""

import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from accounts.models import Membership, Role
from playground.ledger import alerts, budgets, freezes, mails, requests, spend_page, telling
from playground.ledger.budgets import Terms
from playground.ledger.models import Mail
from tests.ledger.books import learn, reserve
from tests.ledger.caps import MODE, cap, today
from tests.personas import People, make_user

pytestmark = pytest.mark.django_db
# Each stands in the books of somebody else alone: no time of a day has so many seconds.
SECRETS = ("Zenobia", "zenith-9", "Zinc", "771.3131", "771.31", "Zephyr", "Zwieback")


@pytest.fixture
def zenobia(people: People) -> Membership:
    """A teammate who spent with a key of hers, has a budget, has asked for more of it and is frozen."""
    made = Membership.objects.create(team=people.team, user=make_user("Zenobia"), role=Role.MEMBER)
    _spend(people, made, MODE)
    terms = Terms(name="Zephyr", person=made.user, limit_usd=Decimal(772))
    alice = people.membership("alice")
    budget = budgets.make(membership=alice, mode=MODE, terms=terms)
    requests.ask(membership=made, budget=budget, usd=Decimal(5), runs=0, reason="Zwieback")
    freezes.freeze(membership=alice, target=made, mode=MODE, reason="Zwieback")
    alerts.watch()
    return made


def _spend(people: People, who: Membership, mode: str) -> None:
    run = reserve(
        people.team.id,
        mode=mode,
        day=today(people),
        person_id=who.user_id,
        person_label=who.user.label,
        key_id=uuid7(),
        key_label="Zinc",
        endpoint="zenith-9",
        tag="Zephyr",
        amount="772",
    )
    learn(run, "billed", "771.3131")


def pages(client: Client, mode: str) -> Iterator[tuple[str, str]]:
    """Everything that answers a GET about money, with every cut and every pair."""
    place = f"/t/studio/{mode}/"
    paths = [
        *(f"{place}spend/?by={word}" for word in spend_page.CUT_OF),
        *(f"{place}spend/crossed/?cross={word}" for word in spend_page.pairs()),
        *(
            f"{place}{name}/"
            for name in ("spend/models/zenith-9", "budgets", "alerts", "ledger", "reconcile")
        ),
        f"{place}history/chart/",
        f"{place}history/",
        f"{place}history/doubts/",
        "/t/studio/mails/",
    ]
    for path in paths:
        answer = client.get(path, follow=True)
        yield path, answer.text if answer.status_code == 200 else ""
    for form in ("csv", "jsonl"):
        packed = b"".join(client.get(f"{place}spend/export.{form}"))
        with zipfile.ZipFile(io.BytesIO(packed)) as file:
            yield form, "".join(file.read(name).decode() for name in file.namelist())


def told(client: Client, mode: str) -> set[tuple[str, str]]:
    # The page of a model says its name back, whoever asks.
    return {
        (path, secret)
        for path, text in pages(client, mode)
        for secret in SECRETS
        if secret in text.replace("zenith-9", "" if "models" in path else "zenith-9")
    }


def test_a_member_of_a_private_team_learns_nothing_of_others(
    people: People, zenobia: Membership, mailoutbox: list[object]
) -> None:
    people.team.own_runs_only = True
    people.team.save()
    cap(people, "2000")
    _own(people)
    assert told(people.bob.client(), MODE) == set()
    telling.tell()
    assert all("bob@example.com" not in one.to for one in mailoutbox)  # type: ignore[attr-defined]
    assert [mail for mail, _ in mails.choices(people.membership("bob"))] == [Mail.WEEK, Mail.WEEK]
    assert {path for path, _ in told(people.alice.client(), MODE)} > {
        "csv",
        "jsonl",
        "/t/studio/sandbox/budgets/",
    }


def _own(people: People) -> None:
    bob = people.membership("bob")
    run = reserve(people.team.id, day=today(people), person_id=bob.user_id, person_label="Bob")
    learn(run, "billed", "0.04")


def test_the_other_mode_learns_nothing_but_who_is_in_the_team(people: People, zenobia: Membership) -> None:
    for persona in (people.alice, people.audrey, people.bob):
        assert {found for found in told(persona.client(), "live") if found[1] != "Zenobia"} == set()


def test_teammates_see_what_is_spent_and_not_what_one_of_them_may(
    people: People, zenobia: Membership
) -> None:
    place = f"/t/studio/{MODE}/spend/?by=person"
    for persona, sees in ((people.bob, False), (people.audrey, True)):
        text = persona.client().get(place).text
        assert "771.3131" in text
        assert ("772" in text) is sees


def test_a_stranger_and_somebody_who_left_learn_nothing(people: People, zenobia: Membership) -> None:
    client = people.bob.client()
    people.membership("bob").delete()
    for one in (client, people.charlie.client()):
        paths = ("spend", "spend/crossed", "spend/export.csv", "budgets", "alerts", "ledger", "reconcile")
        assert {
            one.get(f"/t/studio/{MODE}/{path}/".replace(".csv/", ".csv")).status_code for path in paths
        } == {404}
