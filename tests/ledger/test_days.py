"""A team's days part its time, whatever its zones were."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Team
from playground.ledger import days


def team(time_zone: str, *past: tuple[str, str], then: tuple[str, str] | None = None) -> Team:
    made = Team(time_zone=time_zone, past_zones=[{"zone": zone, "until": until} for zone, until in past])
    if then:
        made.next_time_zone, made.next_zone_on = then[0], date.fromisoformat(then[1])
    return made


TEAMS = {
    "one zone": team("Europe/Berlin"),
    "east to west": team("America/Los_Angeles", ("Asia/Tokyo", "2026-03-01")),
    "west to east": team("Asia/Tokyo", ("America/Los_Angeles", "2026-03-01")),
    "to the far end": team("Pacific/Kiritimati", ("Etc/GMT+12", "2026-11-01")),
    "there and back": team("Asia/Tokyo", ("Asia/Tokyo", "2026-03-01"), ("Pacific/Honolulu", "2026-04-01")),
    "chosen": team("Europe/Lisbon", then=("Pacific/Auckland", "2026-11-01")),
    "no midnight": team("Africa/Cairo", ("Asia/Beirut", "2026-05-01")),
    "two midnights": team("America/Havana"),
}


@pytest.mark.parametrize("name", TEAMS)
def test_no_moment_belongs_to_two_days_and_none_is_lost(name: str) -> None:
    one = TEAMS[name]
    day = date(2026, 2, 20)
    moment = days.start_of(one, day)
    while moment < datetime(2026, 11, 10, tzinfo=UTC):
        end = days.start_of(one, day + timedelta(days=1))
        assert moment <= end
        while moment < end:
            assert days.day_of(one, moment) == day
            moment = min(moment + timedelta(minutes=45), end)
        day += timedelta(days=1)
        assert moment == days.start_of(one, day)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 11, 1), 24),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("America/Havana", date(2026, 11, 1), 25),
    ],
)
def test_a_day_is_as_long_as_the_clock_says(zone: str, day: date, hours: int) -> None:
    one = team(zone)
    assert days.start_of(one, day + timedelta(days=1)) - days.start_of(one, day) == timedelta(hours=hours)


def test_hours_that_a_zone_behind_would_repeat_join_the_first_new_day() -> None:
    one = TEAMS["east to west"]
    change = datetime(2026, 3, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert days.day_of(one, change - timedelta(seconds=1)) == date(2026, 2, 28)
    # Still the last evening of February in Los Angeles.
    assert days.day_of(one, change) == date(2026, 3, 1)
    assert days.start_of(one, date(2026, 3, 2)) == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_days_before_a_change_stay_where_they_were() -> None:
    one = TEAMS["west to east"]
    assert days.start_of(one, date(2026, 2, 10)) == datetime(2026, 2, 10, 8, tzinfo=UTC)
    assert days.start_of(one, date(2026, 3, 10)) == datetime(2026, 3, 9, 15, tzinfo=UTC)


def test_a_chosen_zone_is_in_force_from_its_day_even_before_anybody_wrote_that_down() -> None:
    one = TEAMS["chosen"]
    before = days.start_of(one, date(2026, 11, 1))
    assert days.day_of(one, before - timedelta(minutes=1)) == date(2026, 10, 31)
    assert days.start_of(one, date(2026, 11, 2)) == datetime(2026, 11, 1, 11, tzinfo=UTC)
