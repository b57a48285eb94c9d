"""Which time zone a team's days were in, are in and will be in.

A change takes effect with a month, at the old zone's midnight, so that days stay a partition: no moment belongs to two
of them and none is lost. Where the new zone is behind, its hours before that midnight join the first new day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import Team

_EVER = datetime.min.replace(tzinfo=UTC)
_keepers: list[Callable[[UUID], bool]] = []


def kept_by(has_days: Callable[[UUID], bool]) -> None:
    """``has_days`` tells whether something of a team is already written down by its day. Asked before a change."""
    _keepers.append(has_days)


def has_days(team_id: UUID) -> bool:
    return any(keeper(team_id) for keeper in _keepers)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in one zone. The first one of a team has no beginning."""

    zone: ZoneInfo
    first_day: date = date.min
    starts: datetime = _EVER

    def day_of(self, moment: datetime) -> date:
        return max(moment.astimezone(self.zone).date(), self.first_day)

    def start_of(self, day: date) -> datetime:
        """In UTC. A midnight that the clock skips begins when the clock goes on."""
        if day == self.first_day:
            return self.starts
        return max(datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC), self.starts)


def stretches(team: "Team") -> list[Stretch]:
    """The team's zones, oldest first, with the one that is chosen but not in force yet."""
    zones = [past["zone"] for past in team.past_zones] + [team.time_zone]
    days = [date.fromisoformat(past["until"]) for past in team.past_zones]
    if team.next_zone_on is not None:
        zones.append(team.next_time_zone)
        days.append(team.next_zone_on)
    made = [Stretch(ZoneInfo(zones[0]))]
    for name, day in zip(zones[1:], days, strict=True):
        made.append(Stretch(ZoneInfo(name), day, made[-1].start_of(day)))
    return made


def at(team: "Team", moment: datetime) -> Stretch:
    """The stretch that holds ``moment``."""
    found = stretches(team)
    return next((one for one in reversed(found) if one.starts <= moment), found[0])


def on(team: "Team", day: date) -> Stretch:
    """The stretch that holds ``day``."""
    return next(one for one in reversed(stretches(team)) if one.first_day <= day)


def is_due(team: "Team") -> bool:
    """Whether a chosen zone is in force and not yet written down as such."""
    return team.next_zone_on is not None and stretches(team)[-1].starts <= timezone.now()


def next_month(team: "Team") -> date:
    """The first day on which a zone chosen now is in force."""
    now = timezone.now()
    today = at(team, now).day_of(now)
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)
