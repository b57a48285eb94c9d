import pytest

from playground.catalogue.hidden import hide_endpoint
from playground.catalogue.models import Endpoint
from tests.personas import People

URL = "/t/studio/endpoints/hidden/"
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("name", "status"),
    [("alice", 200), ("adam", 200), ("bob", 403), ("audrey", 403), ("charlie", 404), ("nobody", 302)],
)
def test_who_may_look(people: People, name: str, status: int) -> None:
    assert getattr(people, name).client().get(URL).status_code == status


def test_at_first_nothing_is_hidden_and_nothing_searched(people: People) -> None:
    page = people.alice.client().get(URL).content.decode()
    assert "Nothing is hidden." in page
    assert "/hide/" not in page


def test_what_is_hidden_can_be_offered_again_and_is_not_found_to_hide(
    people: People, endpoint: Endpoint
) -> None:
    hide_endpoint(membership=people.membership("alice"), endpoint=endpoint)
    page = people.adam.client().get(URL, {"q": "seedream"}).content.decode()
    assert "/hidden/seedream-4.5/show/" in page
    assert "/hidden/seedream-4.5/hide/" not in page
    assert "/hidden/seedream-4/hide/" in page
    assert (
        "Nothing is hidden."
        in people.charlie.client().get("/t/studio-elsewhere/endpoints/hidden/").content.decode()
    )


def test_typing_gets_the_matches_alone(people: People) -> None:
    part = people.alice.client().get(URL, {"q": "video"}, headers=HTMX).content.decode()
    assert "<html" not in part
    assert part.count("/hide/") == 30
    assert "The first 30 of" in part


def test_own_endpoints_cannot_be_hidden(people: People) -> None:
    Endpoint.objects.create(team=people.team, slug="seedream-ours", title="Seedream of ours")
    part = people.alice.client().get(URL, {"q": "seedream"}, headers=HTMX).content.decode()
    assert "seedream-ours" not in part


def test_no_match_is_said(people: People) -> None:
    part = people.alice.client().get(URL, {"q": "<none>"}, headers=HTMX).content.decode()
    assert "No offered model matches “&lt;none&gt;”." in part
