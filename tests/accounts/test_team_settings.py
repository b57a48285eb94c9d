from datetime import date

import pytest

from accounts import teams, zones
from accounts.models import AuditEvent, Team
from tests.ledger.books import reserve
from tests.personas import People, ask_everyone, expect

DATA = {"name": "Studio", "time_zone": "Europe/Berlin", "keep_files_days": "", "keep_text_days": ""}


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/settings/"


def test_who_may_open_it(people: People, url: str) -> None:
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=403, audrey=403)


def test_who_may_save_it(people: People, url: str) -> None:
    asked = ask_everyone(people, url, method="post", data=DATA)
    assert asked == expect(alice=302, adam=302, bob=403, audrey=403)


def test_it_records_only_what_changed(people: People, url: str) -> None:
    people.adam.client().post(url, DATA | {"keep_files_days": "30", "own_runs_only": "on"})
    team = Team.objects.get(id=people.team.id)
    assert (team.keep_files_days, team.keep_text_days, team.own_runs_only) == (30, None, True)
    event = AuditEvent.objects.get(verb="team.changed")
    assert event.before == {"own_runs_only": False, "keep_files_days": None}
    assert event.after == {"own_runs_only": True, "keep_files_days": 30}


def test_saving_without_a_change_records_nothing(people: People, url: str) -> None:
    people.adam.client().post(url, DATA)
    assert not AuditEvent.objects.exists()


def test_the_address_stays_when_the_name_changes(people: People, url: str) -> None:
    people.alice.client().post(url, DATA | {"name": "Renamed"})
    team = Team.objects.get(id=people.team.id)
    assert (team.name, team.slug) == ("Renamed", people.team.slug)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("time_zone", "Mars/Olympus", "not a known time zone"),
        ("keep_files_days", "0", "greater than or equal to 1"),
        ("keep_text_days", "-3", "greater than or equal to 1"),
        ("keep_text_days", "soon", "Enter a whole number"),
        ("name", "", "This field is required"),
    ],
)
def test_bad_input_is_told_at_its_field(
    people: People, url: str, field: str, value: str, message: str
) -> None:
    response = people.alice.client().post(url, DATA | {field: value})
    assert response.status_code == 200
    assert message in response.text
    assert not AuditEvent.objects.exists()


class TestTimeZone:
    """Days that are written down do not move: another zone waits for the next month."""

    def choose(self, people: People, url: str, zone: str) -> Team:
        people.alice.client().post(url, DATA | {"time_zone": zone})
        return Team.objects.get(id=people.team.id)

    def test_without_anything_written_down_it_is_immediate(self, people: People, url: str) -> None:
        team = self.choose(people, url, "Europe/Lisbon")
        assert (team.time_zone, team.next_zone_on, team.past_zones) == ("Europe/Lisbon", None, [])

    def test_with_entries_it_waits_for_the_next_month(self, people: People, url: str) -> None:
        reserve(people.team.id)
        team = self.choose(people, url, "Europe/Lisbon")
        first = zones.next_month(team)
        assert (team.time_zone, team.next_time_zone, team.next_zone_on) == (
            "Europe/Berlin",
            "Europe/Lisbon",
            first,
        )
        assert first.day == 1
        event = AuditEvent.objects.get(verb="team.zone_chosen")
        assert (event.target, event.after) == ("Europe/Lisbon", {"from_day": first.isoformat()})
        assert f"Europe/Lisbon from {first.day} {first:%B %Y}" in people.alice.client().get(url).text

    def test_choosing_the_present_one_again_takes_it_back(self, people: People, url: str) -> None:
        reserve(people.team.id)
        self.choose(people, url, "Europe/Lisbon")
        team = self.choose(people, url, "Europe/Berlin")
        assert (team.next_time_zone, team.next_zone_on) == ("", None)

    def test_the_clock_writes_it_down_once(self, people: People) -> None:
        people.team.next_time_zone, people.team.next_zone_on = "Asia/Tokyo", date(2026, 1, 1)
        people.team.save()
        assert str(people.team.zone) == "Asia/Tokyo"
        teams.apply_due_zones()
        teams.apply_due_zones()
        team = Team.objects.get(id=people.team.id)
        assert (team.time_zone, team.next_zone_on) == ("Asia/Tokyo", None)
        assert team.past_zones == [{"zone": "Europe/Berlin", "until": "2026-01-01"}]
        event = AuditEvent.objects.get(verb="team.zone_applied")
        assert (event.actor_label, event.target) == ("Atelier", "Asia/Tokyo")

    def test_one_that_is_not_due_stays(self, people: People) -> None:
        people.team.next_time_zone, people.team.next_zone_on = "Asia/Tokyo", zones.next_month(people.team)
        people.team.save()
        teams.apply_due_zones()
        assert Team.objects.get(id=people.team.id).time_zone == "Europe/Berlin"
