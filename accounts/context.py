"""What the page's frame shows around every page: team, mode, navigation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from accounts import access, visits
from accounts.access import Ability
from accounts.models import Membership, Mode, Team, User

# How many rows behind a menu item need this person, by the item's view. The rooms that know enter themselves here.
WAITING: dict[str, Callable[[HttpRequest, Membership, Mode], int]] = {}


@dataclass(frozen=True)
class NavItem:
    label: str
    icon: str
    url: str
    current: bool
    shortcut: str
    count: int | None = None


@dataclass(frozen=True)
class _Place:
    label: str
    icon: str
    view: str
    prefixes: tuple[str, ...]  # view names under this item
    shortcut: str
    ability: Ability | None = None
    with_mode: bool = False


NAV: tuple[tuple[_Place, ...], ...] = (
    (
        _Place(
            "Playground",
            "playground",
            "workbench:playground",
            ("workbench:playground", "workbench:run_"),
            "g p",
            Ability.RUN,
            True,
        ),
        _Place(
            "Models", "model", "catalogue:endpoint_list", ("catalogue:endpoint_",), "g m", Ability.RUN, True
        ),
        _Place("Payloads", "payload", "payloads:payload_list", ("payloads:",), "g y", Ability.RUN, True),
        _Place("Sweeps", "expand", "workbench:sweep_list", ("workbench:sweep_",), "g w", Ability.RUN, True),
        _Place("Gallery", "image", "workbench:gallery", ("workbench:gallery",), "g i", Ability.RUN, True),
        _Place(
            "History", "history", "runs:history_list", ("runs:", "workbench:compare"), "g h", with_mode=True
        ),
    ),
    (
        _Place("Spend", "spend", "ledger:spend", ("ledger:spend", "ledger:period_"), "g d", with_mode=True),
        _Place(
            "Budgets",
            "budget",
            "ledger:budget_list",
            ("ledger:budget_", "ledger:request_", "ledger:alert_", "ledger:webhook_"),
            "g b",
            with_mode=True,
        ),
        _Place(
            "Reconcile", "check", "ledger:reconcile", ("ledger:reconcile",), "g r", Ability.SEE_BOOKS, True
        ),
        _Place(
            "Ledger",
            "lock",
            "ledger:entry_list",
            ("ledger:entry_", "ledger:chain_"),
            "g l",
            Ability.SEE_BOOKS,
            True,
        ),
    ),
    (
        _Place("Team", "team", "accounts:member_list", ("accounts:member_", "accounts:invitation_"), "g t"),
        _Place("My keys", "key", "accounts:key_list", ("accounts:key_",), "g k"),
        _Place("Activity", "activity", "accounts:audit_list", ("accounts:audit_",), "g a", Ability.SEE_AUDIT),
        _Place(
            "Endpoints",
            "link",
            "catalogue:own_endpoint_list",
            ("catalogue:own_", "catalogue:hidden_"),
            "g e",
            Ability.MANAGE_TEAM,
        ),
        _Place(
            "Settings",
            "settings",
            "accounts:team_settings",
            ("accounts:team_settings", "accounts:vault_"),
            "g s",
            Ability.MANAGE_TEAM,
        ),
    ),
)


@dataclass
class Shell:
    """Looked up when a template first asks for it: fragments and anonymous pages cost no query."""

    request: HttpRequest
    _memberships: list[Membership] | None = field(default=None, repr=False)

    @cached_property
    def memberships(self) -> list[Membership]:
        """All of the person's memberships by team name: the one query of the frame."""
        user = self.request.user
        if not isinstance(user, User):
            return []
        rows = Membership.objects.filter(user=user).select_related("team")
        return list(rows.order_by("team__name", "team_id"))

    @cached_property
    def membership(self) -> Membership | None:
        """The team in the address, else the team visited last, else the first."""
        known: Membership | None = getattr(self.request, "membership", None)
        if known is not None:
            return known
        last = visits.last_team(self.request) if self.memberships else None
        fitting = [membership for membership in self.memberships if membership.team.slug == last]
        return next(iter(fitting or self.memberships), None)

    @property
    def team(self) -> Team | None:
        return self.membership.team if self.membership else None

    @cached_property
    def teams(self) -> list[tuple[str, str]]:
        """(name, address) of each team, for the switch."""
        return [(str(row.team), team_url(self.request, row)) for row in self.memberships]

    @property
    def may_create_team(self) -> bool:
        user = self.request.user
        runs_one = any(access.can(row, Ability.MANAGE_TEAM) for row in self.memberships)
        return isinstance(user, User) and (user.is_staff or runs_one)

    @cached_property
    def mode(self) -> Mode | None:
        """The mode in the address; None on pages that belong to neither."""
        match = self.request.resolver_match
        mode = match.kwargs.get("mode") if match else None
        return Mode(mode) if mode and self.membership else None

    @cached_property
    def last_mode(self) -> Mode:
        return self.mode or (visits.last_mode(self.request, self.team) if self.team else Mode.LIVE)

    @cached_property
    def mode_urls(self) -> dict[str, str]:
        """This page in each mode; a page about one run leads to the other mode's history instead."""
        match = self.request.resolver_match
        if self.mode is None or self.team is None or match is None:
            return {}
        one_thing = any(isinstance(value, UUID) for value in match.kwargs.values())
        urls = {}
        for mode in Mode.values:
            if one_thing:
                urls[mode] = reverse("runs:history_list", args=[self.team.slug, mode])
            else:
                urls[mode] = reverse(match.view_name, kwargs={**match.kwargs, "mode": mode})
        return urls

    @cached_property
    def nav(self) -> list[list[NavItem]]:
        membership = self.membership
        if membership is None:
            return []
        groups = [
            [self._item(place, membership) for place in group if _open(place, membership)] for group in NAV
        ]
        return [group for group in groups if group]

    def _item(self, place: _Place, membership: Membership) -> NavItem:
        match = self.request.resolver_match
        name = match.view_name if match else ""
        arguments = [membership.team.slug, self.last_mode] if place.with_mode else [membership.team.slug]
        return NavItem(
            place.label,
            place.icon,
            reverse(place.view, args=arguments),
            current=name.startswith(place.prefixes),
            shortcut=place.shortcut,
            count=self._waiting(place, membership),
        )

    def _waiting(self, place: _Place, membership: Membership) -> int | None:
        count = WAITING.get(place.view)
        return count(self.request, membership, self.last_mode) if count else None

    @cached_property
    def search_url(self) -> str:
        """Where the command menu searches models; empty while nobody may."""
        if self.membership is None or not access.can(self.membership, Ability.RUN):
            return ""
        try:
            return reverse("catalogue:endpoint_search", args=[self.membership.team.slug, self.last_mode])
        except NoReverseMatch:
            return ""

    @property
    def site(self) -> str:
        return settings.SITE_URL


def _open(place: _Place, membership: Membership) -> bool:
    return place.ability is None or access.can(membership, place.ability)


def team_url(request: HttpRequest, membership: Membership) -> str:
    """Where a person starts in a team: the playground, or the history for those who run nothing."""
    view = "workbench:playground" if access.can(membership, Ability.RUN) else "runs:history_list"
    return reverse(view, args=[membership.team.slug, visits.last_mode(request, membership.team)])


def shell(request: HttpRequest) -> dict[str, Shell]:
    return {"shell": Shell(request)}
