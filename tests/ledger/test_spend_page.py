"""The spend page: what each persona sees of it."""

from typing import Any

import pytest

from playground.ledger import days
from tests.ledger.books import learn, reserve
from tests.personas import People, Persona

URL = "/t/studio/sandbox/spend/"


def spend(person: Persona, cost: str | None, **more: Any) -> None:
    """A settled run of this person, today unless told otherwise."""
    assert person.membership is not None
    team = person.membership.team
    more.setdefault("day", days.today(team))
    state = more.pop("state", "")
    facts = {name: more.pop(name) for name in ("error_kind", "seconds") if name in more}
    run = reserve(team.id, person_id=person.user.id, person_label=person.user.label, **more)
    if cost is None:
        learn(run, "not_billed", state=state, **facts)
    else:
        learn(run, "billed", cost, state=state, **facts)


def page(person: Persona, query: str = "", path: str = URL) -> str:
    response = person.client().get(path + query)
    assert response.status_code == 200
    return response.text


def test_an_empty_month(people: People) -> None:
    text = page(people.bob)
    assert "Nothing spent yet" in text
    assert "Europe/Berlin · sandbox" in text


def test_it_says_who_spent_what(people: People) -> None:
    spend(people.bob, "0.04")
    spend(people.alice, "1.5", endpoint="kling-2.6", seconds=31.5)
    spend(people.alice, None, error_kind="credits")
    text = page(people.audrey)
    assert "$ 1.5400" in text
    assert "kling-2.6" in text
    assert "Alice" in text and "Bob" in text


@pytest.mark.parametrize("by", ["person", "model", "key", "source", "tag", "nonsense"])
@pytest.mark.parametrize(
    "period", ["day", "week", "month", "custom&from=2020-01-01&to=2026-12-31", "nonsense"]
)
def test_every_view_opens(people: People, by: str, period: str) -> None:
    spend(people.bob, "0.04")
    assert page(people.alice, f"?period={period}&by={by}")


def test_model_page(people: People) -> None:
    spend(people.bob, "0.04", seconds=3.1)
    spend(people.bob, None, error_kind="credits")
    text = page(people.alice, path=f"{URL}models/seedream-4.5/")
    assert "$ 0.0400" in text
