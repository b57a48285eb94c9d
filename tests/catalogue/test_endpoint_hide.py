import pytest

from playground.catalogue.models import Endpoint, HiddenEndpoint
from tests.personas import People

URL = "/t/studio/endpoints/hidden/seedream-4.5/hide/"


@pytest.mark.parametrize(
    ("name", "status", "hidden"),
    [
        ("alice", 302, True),
        ("adam", 302, True),
        ("bob", 403, False),
        ("audrey", 403, False),
        ("charlie", 404, False),
        ("nobody", 302, False),
    ],
)
def test_who_may_hide(people: People, name: str, status: int, hidden: bool) -> None:
    assert getattr(people, name).client().post(URL).status_code == status
    assert HiddenEndpoint.objects.filter(team=people.team).exists() == hidden


def test_it_leads_back_to_the_search(people: People) -> None:
    response = people.alice.client().post(URL, {"q": "see & do"})
    assert response.headers["Location"] == "/t/studio/endpoints/hidden/?q=see+%26+do"


def test_a_hidden_model_is_gone_for_this_team_only(people: People) -> None:
    people.alice.client().post(URL)
    listed = "/live/endpoints/?q=seedream-4.5"
    assert "No model matches" in people.bob.client().get(f"/t/studio{listed}").content.decode()
    assert "1 model " in people.charlie.client().get(f"/t/studio-elsewhere{listed}").content.decode()


def test_an_own_endpoint_is_not_found_here(people: People) -> None:
    Endpoint.objects.create(team=people.team, slug="ours", title="Ours")
    assert people.alice.client().post("/t/studio/endpoints/hidden/ours/hide/").status_code == 404


def test_looking_hides_nothing(people: People) -> None:
    assert people.alice.client().get(URL).status_code == 405
