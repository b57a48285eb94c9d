"""Where a person was last: the team, and in each team the mode. Kept in their session."""

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Mode, Team

_TEAM = "last_team"
_MODES = "last_modes"


def remember(request: HttpRequest, team: Team) -> None:
    """Notes the team of this request, and its mode where the address names one. Writes only on a change."""
    match = request.resolver_match
    mode = match.kwargs.get("mode") if match is not None else None
    if request.session.get(_TEAM) != team.slug:
        request.session[_TEAM] = team.slug
    modes: dict[str, str] = request.session.get(_MODES, {})
    if mode and modes.get(team.slug) != mode:
        request.session[_MODES] = {**modes, team.slug: mode}


def last_team(request: HttpRequest) -> str | None:
    """The slug of the team visited last."""
    slug: str | None = request.session.get(_TEAM)
    return slug


def last_mode(request: HttpRequest, team: Team) -> Mode:
    """The mode looked at last in this team; at first the sandbox, where one exists, since it is free."""
    modes: dict[str, str] = request.session.get(_MODES, {})
    first = Mode.SANDBOX if settings.SANDBOX_URL else Mode.LIVE
    return Mode(modes.get(team.slug, first))
