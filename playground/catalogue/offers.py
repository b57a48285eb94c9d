"""Whether a team may run an endpoint: asked at every submission, so asked in one plain statement."""

from uuid import UUID

from django.db import connection

from accounts.models import Membership
from playground.catalogue.models import Endpoint

# The same rule as EndpointQuerySet.visible_to and listed, for one slug; a test holds the two together.
_OFFERED = """
SELECT 1 FROM playground_endpoint AS e
WHERE e.slug = %(slug)s AND e.retired_at IS NULL AND (e.team_id = %(team)s OR (
    e.team_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM playground_hiddenendpoint AS h WHERE h.team_id = %(team)s AND h.endpoint_id = e.id)
    AND NOT EXISTS (SELECT 1 FROM playground_endpoint AS own WHERE own.team_id = %(team)s AND own.slug = e.slug)
)) LIMIT 1
"""


def is_offered(*, team_id: UUID, slug: str) -> bool:
    """Whether the team has an endpoint of this name that is neither hidden nor retired."""
    with connection.cursor() as cursor:
        cursor.execute(_OFFERED, {"slug": slug, "team": team_id})
        return cursor.fetchone() is not None


def offered_models(membership: Membership) -> list[tuple[str, str]]:
    """(slug, category) of every model the team may run, by slug."""
    rows = Endpoint.objects.visible_to(membership).listed().order_by("slug")
    return list(rows.values_list("slug", "category"))
