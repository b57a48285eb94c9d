"""Whether a team may run an endpoint, and for about how much: asked at every submission, so in one plain statement."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from accounts.models import Membership
from playground.catalogue.models import Endpoint

# The same rule as EndpointQuerySet.visible_to and listed, for one slug; a test holds the two together.
_OFFERED = """
SELECT e.category, e.avg_cost, coalesce(e.price_high, e.price_low) FROM playground_endpoint AS e
WHERE e.slug = %(slug)s AND e.retired_at IS NULL AND (e.team_id = %(team)s OR (
    e.team_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM playground_hiddenendpoint AS h WHERE h.team_id = %(team)s AND h.endpoint_id = e.id)
    AND NOT EXISTS (SELECT 1 FROM playground_endpoint AS own WHERE own.team_id = %(team)s AND own.slug = e.slug)
)) LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """An endpoint that the team may run. Prices are US dollars for one call: hints, None where nothing is known."""

    category: str
    average: Decimal | None
    highest: Decimal | None


def find_offer(*, team_id: UUID, slug: str) -> Offer | None:
    """The team's endpoint of this name; None when there is none, or it is hidden or retired."""
    with connection.cursor() as cursor:
        cursor.execute(_OFFERED, {"slug": slug, "team": team_id})
        row = cursor.fetchone()
    return None if row is None else Offer(*row)


def offered_models(membership: Membership) -> list[tuple[str, str]]:
    """(slug, category) of every model the team may run, by slug."""
    rows = Endpoint.objects.visible_to(membership).listed().order_by("slug")
    return list(rows.values_list("slug", "category"))
