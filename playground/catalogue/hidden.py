"""Models a team does not offer its people."""

from django.db import transaction
from django.http import HttpRequest

from accounts import access, audit
from accounts.access import Ability
from accounts.models import Membership
from playground.catalogue.models import Endpoint, HiddenEndpoint


class NotBundled(Exception):
    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(f"{endpoint} is your team's own endpoint. Delete it instead of hiding it.")


@transaction.atomic
def hide_endpoint(*, membership: Membership, endpoint: Endpoint, request: HttpRequest | None = None) -> None:
    """Nobody in the team finds or runs this bundled model any more; harmless to repeat. Raises NotBundled."""
    access.require(membership, Ability.MANAGE_TEAM)
    if endpoint.is_own:
        raise NotBundled(endpoint)
    _, hidden_now = HiddenEndpoint.objects.get_or_create(team=membership.team, endpoint=endpoint)
    if hidden_now:
        audit.record(
            team=membership.team,
            actor=membership.user,
            verb="endpoint.hidden",
            target=endpoint.slug,
            request=request,
        )


@transaction.atomic
def show_endpoint(*, membership: Membership, endpoint: Endpoint, request: HttpRequest | None = None) -> None:
    """Offers a hidden model again. Repeating it is harmless."""
    access.require(membership, Ability.MANAGE_TEAM)
    shown_now, _ = HiddenEndpoint.objects.filter(team=membership.team, endpoint=endpoint).delete()
    if shown_now:
        audit.record(
            team=membership.team,
            actor=membership.user,
            verb="endpoint.shown",
            target=endpoint.slug,
            request=request,
        )
