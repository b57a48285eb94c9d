"""From a sum to the rows of the history behind it."""

from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import Team
from playground.ledger.models import Cut
from playground.ledger.periods import Period

# What the history filters by.
_PARAMETERS = {
    Cut.PERSON: "person",
    Cut.ENDPOINT: "endpoint",
    Cut.KEY: "key",
    Cut.SOURCE: "source",
    Cut.TAG: "tag",
}


def history(team: Team, mode: str, **filters: str | date) -> str:
    """The history with these filters. ``since`` and ``until`` are its first and last day."""
    names = {"since": "from", "until": "to"}
    query = urlencode({names.get(name, name): str(value) for name, value in filters.items() if value})
    return f"{reverse('runs:history_list', args=[team.slug, mode])}?{query}"


def behind(team: Team, mode: str, period: Period, values: dict[Cut, str], **filters: str) -> str:
    """The runs behind the sum of these values in this period; empty where the history cannot tell them apart."""
    if any(cut not in _PARAMETERS or not value for cut, value in values.items()):
        return ""
    named = {_PARAMETERS[cut]: value for cut, value in values.items()}
    return history(team, mode, since=period.first, until=period.last, **named, **filters)
