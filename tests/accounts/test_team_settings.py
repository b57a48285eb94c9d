import pytest

from accounts.models import AuditEvent, Team
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
