"""Two cuts that no rollup keeps together: a worker counts them, and a page waits without a script, too."""

import re
import time
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.core.cache import cache

from playground.ledger import crossing, days, tasks
from tests.ledger.books import learn, reserve
from tests.personas import People

pytestmark = pytest.mark.django_db
URL = "/t/studio/sandbox/spend/"
ASKED = "?by=tag&cross=person-tag"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What workers were asked for."""
    cache.clear()
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, kwargs, **more: found.append({"name": name, **kwargs})
    )
    return found


def work(one: dict[str, Any]) -> None:
    tasks.cross(**{name: value for name, value in one.items() if name != "name"})


def test_it_is_asked_once_counted_and_shown(people: People, asked: list[dict[str, Any]]) -> None:
    run = reserve(people.team.id, day=days.today(people.team), person_id=people.bob.user.id, tag="teaser")
    learn(run, "billed", "0.25")
    client = people.alice.client()
    waiting = client.get(URL + ASKED).text
    assert re.search(r"Counting \d+ days, 0 done", waiting)
    assert "Look again" in waiting
    client.get(f"{URL}crossed/{ASKED}")
    assert [one["name"] for one in asked] == ["ledger.cross"]
    work(asked[0])
    for path in (URL, f"{URL}crossed/"):
        text = client.get(path + ASKED).text
        assert "Counting" not in text.partition('id="crossed"')[2].partition("Counted for you")[2]
        assert "teaser" in text
        assert "0.2500" in text


def test_a_worker_that_died_is_asked_again(
    people: People, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve(people.team.id, day=days.today(people.team))
    client = people.alice.client()
    client.get(f"{URL}crossed/{ASKED}")
    client.get(f"{URL}crossed/{ASKED}")
    assert len(asked) == 1
    later = time.time() + crossing.SILENT.total_seconds() + 1
    monkeypatch.setattr(time, "time", lambda: later)
    client.get(f"{URL}crossed/{ASKED}")
    assert len(asked) == 2


def test_more_than_a_month_is_not_counted(people: People, asked: list[dict[str, Any]]) -> None:
    learn(reserve(people.team.id, day=days.today(people.team)), "billed", "1")
    query = f"{ASKED}&period=custom&from=2026-01-01&to=2027-12-31"
    assert "at most 31 days" in people.alice.client().get(URL + query).text
    assert asked == []


def test_progress_is_said(
    people: People, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve(people.team.id, day=days.today(people.team))
    client = people.alice.client()
    client.get(f"{URL}crossed/{ASKED}")
    counted: list[str] = []

    def look(team_id: UUID, mode: str, day: Any, pair: Any) -> list[Any]:
        counted.append(client.get(f"{URL}crossed/{ASKED}").text)
        return []

    monkeypatch.setattr(crossing, "_of_day", look)
    work(asked[0])
    assert "3 done" in counted[3]
    assert len(asked) == 1
