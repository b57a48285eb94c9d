"""The verbs of hiding, without a page around them."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEvent
from playground.catalogue.hidden import NotBundled, hide_endpoint, show_endpoint
from playground.catalogue.models import Endpoint, HiddenEndpoint
from tests.personas import People


def test_hiding_and_showing_are_recorded_once_each(people: People, endpoint: Endpoint) -> None:
    adam, bob = people.membership("adam"), people.membership("bob")
    for _ in range(2):
        hide_endpoint(membership=adam, endpoint=endpoint)
    assert endpoint not in Endpoint.objects.visible_to(bob)
    for _ in range(2):
        show_endpoint(membership=adam, endpoint=endpoint)
    assert endpoint in Endpoint.objects.visible_to(bob)
    events = AuditEvent.objects.filter(verb__startswith="endpoint.").order_by("id")
    assert [(event.verb, event.target, event.actor) for event in events] == [
        ("endpoint.hidden", "seedream-4.5", people.adam.user),
        ("endpoint.shown", "seedream-4.5", people.adam.user),
    ]


@pytest.mark.parametrize("name", ["bob", "audrey"])
def test_members_and_auditors_may_not(people: People, endpoint: Endpoint, name: str) -> None:
    with pytest.raises(PermissionDenied):
        hide_endpoint(membership=people.membership(name), endpoint=endpoint)
    with pytest.raises(PermissionDenied):
        show_endpoint(membership=people.membership(name), endpoint=endpoint)
    assert not HiddenEndpoint.objects.exists()


def test_an_own_endpoint_is_deleted_not_hidden(people: People) -> None:
    own = Endpoint.objects.create(team=people.team, slug="ours", title="Ours")
    with pytest.raises(NotBundled, match="Delete it instead"):
        hide_endpoint(membership=people.membership("alice"), endpoint=own)
