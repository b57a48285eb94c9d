"""Endpoints as rows of a list: price, time and address ready to show."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import F
from django.urls import reverse

from accounts.models import Membership
from playground import figures
from playground.catalogue.models import Endpoint, EndpointQuerySet, Output
from playground.catalogue.prices import PriceHint, price_hint

# What an expected output looks like in the sprite; the others are named alike.
ICONS = {Output.JSON: "code", Output.BINARY: "file"}
PAGE = 60
OPTIONS = 30
RECENTS = 6


@dataclass(frozen=True)
class Row:
    endpoint: Endpoint
    url: str
    favourite_url: str
    price: PriceHint | None
    time: str
    is_favourite: bool

    @property
    def icon(self) -> str:
        output = Output(self.endpoint.output)
        return ICONS.get(output, output.value)


@dataclass(frozen=True)
class Found:
    """A part of a search: named groups of rows, how many match, where the next part begins (0: nowhere)."""

    total: int
    groups: list[tuple[str, list[Row]]] = field(default_factory=list)
    next_start: int = 0


def list_rows(membership: Membership, mode: str, *, text: str, category: str, start: int) -> Found:
    """A page of the browser. Favourites and what was used last come first, as long as nothing is searched."""
    matching = Endpoint.objects.visible_to(membership).listed().in_category(category).search(text)
    total = matching.count()
    rows = rows_of(matching.for_list(membership)[start : start + PAGE], membership, mode)
    groups = [("", rows)] if rows else []
    if rows and not start and not text and not category:
        groups = [*personal_groups(membership, mode), ("All models", rows)]
    following = start + PAGE
    return Found(total=total, groups=groups, next_start=following if following < total else 0)


def personal_groups(membership: Membership, mode: str) -> list[tuple[str, list[Row]]]:
    offered = Endpoint.objects.visible_to(membership).listed().for_list(membership)
    starred = offered.starred_by(membership).search("")
    recent = offered.used_by(membership).unstarred_by(membership).order_by(F("last_used").desc())[:RECENTS]
    groups = [
        ("Favourites", rows_of(starred, membership, mode)),
        ("Used last", rows_of(recent, membership, mode)),
    ]
    return [(title, rows) for title, rows in groups if rows]


def option_rows(membership: Membership, mode: str, *, text: str, limit: int = OPTIONS) -> list[Row]:
    """The best matches; without a text the person's favourites, then what they used last, then the rest."""
    offered = Endpoint.objects.visible_to(membership).listed().for_list(membership)
    ordered = offered.search(text) if text.strip() else offered.favourites_first()
    return rows_of(ordered[:limit], membership, mode)


def rows_of(endpoints: EndpointQuerySet | Iterable[Endpoint], membership: Membership, mode: str) -> list[Row]:
    return [
        Row(
            endpoint=endpoint,
            url=reverse("workbench:playground_endpoint", args=[membership.team.slug, mode, endpoint.slug]),
            favourite_url=reverse(
                "catalogue:favourite_toggle", args=[membership.team.slug, mode, endpoint.slug]
            ),
            price=price_hint(endpoint),
            time="" if endpoint.avg_latency_s is None else figures.about(endpoint.avg_latency_s),
            is_favourite=getattr(endpoint, "is_favourite", False),
        )
        for endpoint in endpoints
    ]
