import pytest

from playground.catalogue.hidden import hide_endpoint
from playground.catalogue.models import Endpoint, HiddenEndpoint
from tests.personas import People

URL = "/t/studio/endpoints/hidden/seedream-4.5/show/"


@pytest.mark.parametrize(
    ("name", "status", "left"),
    [
        ("alice", 302, 0),
        ("adam", 302, 0),
        ("bob", 403, 1),
        ("audrey", 403, 1),
        ("charlie", 404, 1),
        ("nobody", 302, 1),
    ],
)
def test_who_may_offer_again(people: People, endpoint: Endpoint, name: str, status: int, left: int) -> None:
    hide_endpoint(membership=people.membership("alice"), endpoint=endpoint)
    assert getattr(people, name).client().post(URL).status_code == status
    assert HiddenEndpoint.objects.count() == left


def test_another_teams_list_is_untouched(people: People, endpoint: Endpoint) -> None:
    hide_endpoint(membership=people.membership("alice"), endpoint=endpoint)
    people.charlie.client().post("/t/studio-elsewhere/endpoints/hidden/seedream-4.5/show/")
    assert HiddenEndpoint.objects.count() == 1


def test_repeating_it_is_harmless(people: People) -> None:
    response = people.alice.client().post(URL, follow=True)
    assert "is offered again." in response.content.decode()
