"""The plain statement and the query set say the same."""

import pytest

from playground.catalogue.hidden import hide_endpoint
from playground.catalogue.models import Endpoint
from playground.catalogue.offers import find_offer
from tests.personas import make_people


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("case", "offered"),
    [
        ("bundled", True),
        ("hidden", False),
        ("retired", False),
        ("own", True),
        ("own in the place of a hidden one", True),
        ("retired own in the place of a bundled one", False),
        ("another team's", False),
        ("missing", False),
    ],
)
def test_offers_agree_with_what_is_visible_and_listed(case: str, offered: bool) -> None:
    people = make_people()
    membership, stranger = people.membership("alice"), people.membership("charlie")
    slug = "flux-schnell" if "bundled" in case or "hidden" in case or case == "retired" else "house-model"
    bundled = Endpoint.objects.get(team=None, slug="flux-schnell")
    if "hidden" in case:
        hide_endpoint(membership=membership, endpoint=bundled)
    if case == "retired":
        Endpoint.objects.filter(id=bundled.id).update(retired_at="2026-01-01T00:00:00Z")
    if case.startswith(("own", "retired own")):
        retired_at = "2026-01-01T00:00:00Z" if case.startswith("retired") else None
        Endpoint.objects.create(team=membership.team, slug=slug, title="Own", retired_at=retired_at)
    if case == "another team's":
        Endpoint.objects.create(team=stranger.team, slug=slug, title="Theirs")
    listed = Endpoint.objects.visible_to(membership).listed().filter(slug=slug).exists()
    found = find_offer(team_id=membership.team_id, slug=slug) is not None
    assert found is listed is offered
