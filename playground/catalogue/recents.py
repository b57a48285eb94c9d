"""Endpoints a person used last, per team."""

from django.utils import timezone

from accounts.models import Membership
from playground.catalogue.models import Endpoint, RecentEndpoint


def touch_recent(*, membership: Membership, endpoint: Endpoint) -> None:
    """Notes that the person used this endpoint now."""
    RecentEndpoint.objects.bulk_create(
        [
            RecentEndpoint(
                person=membership.user, team=membership.team, endpoint=endpoint, used_at=timezone.now()
            )
        ],
        update_conflicts=True,
        unique_fields=["person", "team", "endpoint"],
        update_fields=["used_at"],
    )
