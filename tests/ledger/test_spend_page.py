"""The spend pages: what each persona sees of them, and where their numbers lead."""

import re
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from playground.ledger import days, periods
from playground.ledger.models import Budget, Entry
from playground.ledger.periods import Kind
from tests.ledger.books import learn, reserve
from tests.personas import People, Persona

pytestmark = pytest.mark.django_db
URL = "/t/studio/sandbox/spend/"


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def spend(person: Persona, cost: str | None, **more: Any) -> None:
    """A settled run of this person, today unless told otherwise."""
    assert person.membership is not None
    team = person.membership.team
    more.setdefault("day", days.today(team))
    facts = {name: more.pop(name) for name in ("error_kind", "seconds") if name in more}
    run = reserve(team.id, person_id=person.user.id, person_label=person.user.label, **more)
    learn(run, "not_billed" if cost is None else "billed", cost, **facts)


def page(person: Persona, query: str = "", path: str = URL) -> str:
    response = person.client().get(path + query)
    assert response.status_code == 200
    return response.text


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


def test_an_empty_month(people: People) -> None:
    text = page(people.bob)
    assert "Nothing spent yet" in text
    assert "Europe/Berlin · sandbox" in text
    assert "Nothing spent in this time" in page(people.bob, "?period=month&on=2020-01")


def test_everybody_of_the_team_sees_who_spent_what(people: People) -> None:
    spend(people.bob, "0.04")
    spend(people.alice, "1.5", endpoint="kling-2.6", seconds=31.5)
    spend(people.alice, None, error_kind="credits")
    for persona in (people.alice, people.adam, people.bob, people.audrey):
        text = page(persona)
        for word in ("$ 1.5400", "kling-2.6", "Alice", "Bob", "2 billed runs"):
            assert word in text


def test_who_may_see_only_their_own_sees_nobody_else(people: People) -> None:
    people.team.own_runs_only = True
    people.team.save()
    spend(people.bob, "0.04")
    spend(people.alice, "1.5", endpoint="kling-2.6", key_label="Secret key")
    reserve(people.team.id, day=days.today(people.team), amount="7", person_id=people.alice.user.id)
    for query in ("", "?by=model", "?by=key", "?by=person", "?by=tag", "?cross=person-model"):
        text = page(people.bob, query)
        assert "$ 0.0400" in text
        for word in ("Alice", "kling-2.6", "1.5400", "1.5000", "7.0000"):
            assert word not in text
    own = page(people.bob, path=f"{URL}models/kling-2.6/")
    assert "Nothing settled in this time" in own
    assert "$ 1.5400" in page(people.audrey)
    crossed = page(people.bob, "?cross=person-model", f"{URL}crossed/")
    assert "Alice" not in crossed


def test_the_two_modes_never_mix(people: People) -> None:
    spend(people.bob, "0.04", mode="live")
    assert "Nothing spent yet" in page(people.alice)
    assert "$ 0.0400" in page(people.alice, path="/t/studio/live/spend/")


def test_another_team_is_not_in_it(people: People) -> None:
    spend(people.charlie, "9")
    assert "Nothing spent yet" in page(people.alice)
    assert people.charlie.client().get(URL).status_code == 404


@pytest.mark.parametrize("by", ["person", "model", "key", "source", "tag", "nonsense"])
@pytest.mark.parametrize("period", ["day", "week", "custom&from=2020-01-01&to=2026-12-31", "nonsense"])
def test_every_view_says_the_same_total(people: People, by: str, period: str) -> None:
    spend(people.bob, "0.04")
    spend(people.adam, "0.0005")
    assert "$ 0.0405" in page(people.alice, f"?period={period}&by={by}")


def test_every_number_leads_to_its_runs(people: People) -> None:
    spend(people.bob, "0.04", endpoint="kling-2.6")
    text = page(people.alice)
    month = periods.around(Kind.MONTH, days.today(people.team))
    found = [
        parse_qs(urlsplit(link.replace("&amp;", "&")).query)
        for link in re.findall(r'href="(/t/studio/sandbox/history/\?[^"]+)"', text)
    ]
    whole = {"from": [month.first.isoformat()], "to": [month.last.isoformat()]}
    bob = {"person": [str(people.bob.user.id)]}
    today = days.today(people.team).isoformat()
    assert {**whole, "billing": ["billed"]} in found
    assert {**whole, **bob} in found
    assert {**whole, **bob, "billing": ["billed"]} in found
    assert {**whole, **bob, "endpoint": ["kling-2.6"]} in found
    assert {"from": [today], "to": [today]} in found
    for link in found:
        assert people.alice.client().get("/t/studio/sandbox/history/", link).status_code == 200


def test_the_table_under_the_chart_says_what_the_bars_say(people: People) -> None:
    spend(people.bob, "0.04")
    spend(people.alice, "0.06")
    text = page(people.audrey)
    bars = text.partition('<svg class="chart')[2].partition("</svg>")[0]
    assert len(re.findall(r'<rect class="series-', bars)) == 2
    table = words(text.partition("spend-numbers")[2].partition("</details>")[0])
    for figure in ("$ 0.1000", "$ 0.0400", "$ 0.0600"):
        assert figure in table


def test_beyond_seven_they_share_a_colour(people: People) -> None:
    for number in range(9):
        spend(people.bob, f"0.{number + 1}", endpoint=f"model-{number}")
    text = page(people.alice, "?by=model")
    assert "2 others" in text
    assert "series-7" in text
    assert "series-8" not in text


def test_people_who_left_keep_a_name_and_the_nameless_get_a_word(people: People) -> None:
    spend(people.bob, "0.04")
    people.bob.user.name = "Robert"
    people.bob.user.save()
    learn(reserve(people.team.id, day=days.today(people.team)), "billed", "1")
    text = page(people.alice)
    assert "Robert" in text
    assert "someone" in text
    assert people.bob.membership is not None
    people.bob.membership.delete()
    assert "Bob" in page(people.alice)


def test_what_is_held_and_in_doubt_is_named(people: People) -> None:
    today = days.today(people.team)
    reserve(people.team.id, day=today, amount="0.5")
    learn(reserve(people.team.id, day=today, amount="0.25"), "unknown")
    learn(reserve(people.team.id, day=today, amount="0.125"), "billed")
    text = words(page(people.alice))
    assert "$ 0.8750" in text
    for part in ("1 pending", "1 unknown", "1 without a cost"):
        assert part in text


def test_a_budget_over_the_whole_team_stands_beside_the_forecast(people: People) -> None:
    today = days.today(people.team)
    spend(people.bob, "5")
    Budget.objects.create(
        team=people.team, mode="sandbox", name="All", limit_usd="0.01", starts_on=today, period="day"
    )
    text = words(page(people.alice, "?period=day"))
    assert "Forecast, end of day" in text
    assert "past the budget of $ 0.01" in text or "Too early to say" in text


def test_the_spend_is_compared_with_the_same_part_of_the_period_before(people: People) -> None:
    month = periods.around(Kind.MONTH, days.today(people.team))
    spend(people.bob, "0.10", day=month.before.first)
    spend(people.bob, "0.15")
    assert ("50 % more than" in words(page(people.alice))) == (days.today(people.team) != month.first)


def test_the_first_hours_of_a_day_are_not_compared_with_a_whole_one(people: People) -> None:
    today = days.today(people.team)
    spend(people.bob, "0.10", day=today - periods.ONE)
    spend(people.bob, "0.15")
    assert " than " not in words(page(people.alice, "?period=day"))


def test_one_models_page(people: People) -> None:
    for cost in ("0.04", "0.04", "0.05", "0.4", "0"):
        spend(people.bob, cost, seconds=3.1)
    spend(people.bob, None, error_kind="credits")
    spend(people.alice, None, error_kind="credits")
    text = words(page(people.alice, path=f"{URL}models/seedream-4.5/"))
    assert "Too few credits" in text
    assert "71 %" in text  # 5 of 7
    assert "What a run costs 5 runs" in text
    assert "Bob" in text
    median = re.search(r"Median, about \$ (\d\.\d+)", text)
    assert median is not None
    assert 0.036 < float(median[1]) < 0.045


def test_a_problem_in_the_address_is_said(people: People) -> None:
    assert "The last day is before the first one." in page(
        people.bob, "?period=custom&from=2026-02-01&to=2026-01-01"
    )


def test_days_of_the_history_are_days_of_the_entries(people: People) -> None:
    """The filter of the history and the days written into entries begin at the same moment."""
    from playground.runs.forms import HistoryFilterForm

    people.team.past_zones = [{"zone": "Asia/Tokyo", "until": "2026-03-01"}]
    people.team.save()
    day = date(2026, 2, 10)
    form = HistoryFilterForm(
        {"from": day.isoformat(), "to": day.isoformat()},
        membership=people.membership("alice"),
        mode="sandbox",
    )
    # The membership was read before the zones were changed.
    form._team = people.team
    chosen = form.selected()
    assert chosen.start == days.start_of(people.team, day)
    assert chosen.end == days.start_of(people.team, day + periods.ONE)


class TestQueries:
    """The number of queries is the same for ten entries and for hundreds."""

    def count(self, people: People, query: str, path: str = URL) -> int:
        client = people.alice.client()
        client.get(path + query)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(path + query).status_code == 200
        entries = Entry._meta.db_table
        assert not [one for one in captured.captured_queries if f'FROM "{entries}"' in one["sql"]]
        return len(captured)

    @pytest.mark.parametrize(
        ("query", "path", "most"),
        [
            ("", URL, 25),
            ("?by=model", URL, 25),
            ("?by=key&cross=model-key", URL, 27),
            ("?by=tag", URL, 21),
            ("?period=custom&from=2026-01-01&to=2026-12-31", URL, 25),
            ("", f"{URL}models/seedream-4.5/", 14),
        ],
    )
    def test_pinned(self, people: People, query: str, path: str, most: int) -> None:
        spend(people.bob, "0.04")
        few = self.count(people, query, path)
        for number in range(30):
            spend(people.bob, "0.04", endpoint=f"model-{number}", tag=f"tag-{number}")
            spend(people.adam, "0.04", source="demo")
        assert self.count(people, query, path) <= few + 1
        assert few <= most
