"""Endpoints a person marked with a star, per team."""

from django.db import transaction

from accounts.models import Membership
from playground.catalogue.models import Endpoint, Favourite


@transaction.atomic
def toggle_favourite(*, membership: Membership, endpoint: Endpoint) -> bool:
    """Turns the star on or off; the answer is whether it is on now."""
    person, team = membership.user, membership.team
    removed, _ = Favourite.objects.filter(person=person, team=team, endpoint=endpoint).delete()
    if removed:
        return False
    Favourite.objects.get_or_create(person=person, team=team, endpoint=endpoint)
    return True
