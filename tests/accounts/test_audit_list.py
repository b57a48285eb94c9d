import datetime
import re

import pytest
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent
from tests.personas import LIVE_TEXT, People, ask_everyone, expect, make_key


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/audit/"


def words(page: str) -> str:
    """The text of a page with its tags and line breaks taken out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_who_may_open_it(people: People, url: str) -> None:
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=403, audrey=200)


def test_it_tells_in_sentences(people: People, url: str) -> None:
    make_key(people.membership("alice"), text=LIVE_TEXT, lent=True)
    page = words(people.audrey.client().get(url).text)
    assert "Alice lent the key Studio …cdef to the team" in page
    assert "Alice added the key Studio …cdef mode: live" in page


def test_other_teams_are_not_in_it(people: People, url: str) -> None:
    make_key(people.membership("charlie"), text=LIVE_TEXT)
    assert "Charlie" not in people.alice.client().get(url).text


def test_signing_in_is_in_it(people: People, url: str) -> None:
    audit.record_everywhere(actor=people.bob.user, verb="sign_in.ok")
    assert "Bob signed in" in words(people.alice.client().get(url).text)


def test_it_filters_by_person_and_group(people: People, url: str) -> None:
    make_key(people.membership("alice"), text=LIVE_TEXT)
    make_key(people.membership("bob"), text=LIVE_TEXT)
    audit.record_everywhere(actor=people.bob.user, verb="sign_in.ok")
    client = people.alice.client()
    page = words(client.get(url, {"person": "Bob", "group": "key"}).text)
    assert "Bob added the key" in page
    assert "Alice added the key" not in page
    assert "Bob signed in" not in page


def test_days_begin_and_end_in_the_teams_zone(people: People, url: str) -> None:
    # 23:30 UTC on the 4th is half past midnight on the 5th in Berlin.
    late = datetime.datetime(2026, 1, 4, 23, 30, tzinfo=datetime.UTC)
    AuditEvent.objects.create(team=people.team, actor_label="Bob", verb="sign_in.ok", created_at=late)
    client = people.alice.client()
    on_fifth = client.get(url, {"since": "2026-01-05", "until": "2026-01-05"}).text
    assert "Bob signed in" in words(on_fifth)
    assert "5 Jan 2026, 00:30" in on_fifth
    assert "Europe/Berlin" in on_fifth
    on_fourth = words(client.get(url, {"since": "2026-01-04", "until": "2026-01-04"}).text)
    assert "Bob signed in" not in on_fourth
    assert "Nothing matches" in on_fourth


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_gets_a_message(people: People, url: str, day: str) -> None:
    for name in ("since", "until"):
        assert "Choose a" in words(people.alice.client().get(url, {name: day}).text)


def test_it_pages_in_both_directions_without_gaps(people: People, url: str) -> None:
    for number in range(120):
        audit.record(team=people.team, actor=people.bob.user, verb="key.added", target=f"<{number}>")
    client = people.alice.client()

    def follow(page: str, relation: str) -> str | None:
        found = re.search(rf'href="(\?[^"]+)"\s+rel="{relation}"', page)
        return found[1].replace("&amp;", "&") if found else None

    def targets(page: str) -> list[int]:
        return [int(n) for n in re.findall(r"&lt;(\d+)&gt;", page)]

    first = client.get(url).text
    assert targets(first) == list(range(119, 69, -1))
    second = client.get(url + str(follow(first, "next"))).text
    third = client.get(url + str(follow(second, "next"))).text
    assert targets(second) + targets(third) == list(range(69, -1, -1))
    assert follow(third, "next") is None
    assert targets(client.get(url + str(follow(third, "prev"))).text) == targets(second)


@pytest.mark.parametrize(
    "query", ["since=soon", "person=Nobody", "group=king", "since=2026-02-02&until=2026-02-01"]
)
def test_a_bad_filter_is_told(people: People, url: str, query: str) -> None:
    response = people.alice.client().get(f"{url}?{query}")
    assert response.status_code == 200
    assert "field-error" in response.text


def test_a_bad_cursor_shows_the_first_page(people: People, url: str) -> None:
    audit.record(team=people.team, actor=people.bob.user, verb="sign_in.ok")
    assert "Bob signed in" in words(people.alice.client().get(f"{url}?older_than=nonsense").text)


def test_a_deleted_persons_deeds_keep_their_name(people: People, url: str) -> None:
    audit.record_everywhere(actor=people.bob.user, verb="sign_in.ok")
    people.bob.user.delete()
    page = people.alice.client().get(url, {"person": "Bob"}).text
    assert "Bob signed in" in words(page)


@pytest.mark.parametrize("verb", sorted(audit.SENTENCES))
def test_every_verb_belongs_to_a_group_of_the_filter(verb: str) -> None:
    assert verb.partition(".")[0] in audit.GROUPS


def test_times_are_set_when_the_row_is_made(people: People) -> None:
    event = audit.record(team=people.team, actor=None, verb="team.created", target="x")
    assert abs(timezone.now() - event.created_at) < datetime.timedelta(seconds=5)
    assert event.actor_label == "Someone"
