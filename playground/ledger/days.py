"""The team's days: which one a moment belongs to, and when one begins."""

from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from accounts import zones
from accounts.models import Team
from playground.ledger.models import Entry


def day_of(team: Team, moment: datetime) -> date:
    """The day of ``moment`` in the zone that was in force, as an entry made then records it."""
    return zones.at(team, moment).day_of(moment)


def start_of(team: Team, day: date) -> datetime:
    """The first moment of ``day``, in UTC. ``day_of`` any moment from here to the next day's start is ``day``."""
    return zones.on(team, day).start_of(day)


def today(team: Team) -> date:
    return day_of(team, timezone.now())


def has_days(team_id: UUID) -> bool:
    """Whether anything of this team is written down by its day, in either mode."""
    return Entry.objects.filter(team_id=team_id).exists()
