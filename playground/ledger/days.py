"""The team's days: which one a moment belongs to, and when one begins."""

from datetime import date, datetime, time

from accounts.models import Team


def day_of(team: Team, moment: datetime) -> date:
    """The day of ``moment`` in the team's zone, as an entry made now records it."""
    return moment.astimezone(team.zone).date()


def begin_of(team: Team, day: date) -> datetime:
    """The moment at which ``day`` begins in the team's zone as it is set now."""
    return datetime.combine(day, time(), team.zone)
