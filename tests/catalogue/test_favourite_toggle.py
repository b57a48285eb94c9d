import pytest

from playground.catalogue.models import Endpoint, Favourite
from tests.personas import People

URL = "/t/studio/live/endpoints/seedream-4.5/favourite/"
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("name", "status"),
    [("alice", 200), ("adam", 200), ("bob", 200), ("audrey", 403), ("charlie", 404), ("nobody", 302)],
)
def test_who_may_star(people: People, name: str, status: int) -> None:
    assert getattr(people, name).client().post(URL, headers=HTMX).status_code == status
    assert Favourite.objects.count() == (1 if status == 200 else 0)


def test_it_turns_on_and_off_for_this_person_only(people: People, endpoint: Endpoint) -> None:
    bob = people.bob.client()
    people.alice.client().post(URL, headers=HTMX)
    assert "Remove Seedream 4.5 from favourites" in bob.post(URL, headers=HTMX).content.decode()
    assert Favourite.objects.filter(person=people.bob.user, team=people.team, endpoint=endpoint).exists()
    assert "Add Seedream 4.5 to favourites" in bob.post(URL, headers=HTMX).content.decode()
    assert [row.person for row in Favourite.objects.all()] == [people.alice.user]


def test_without_script_it_leads_back_to_the_list(people: People) -> None:
    response = people.bob.client().post(URL)
    assert (response.status_code, response.headers["Location"]) == (302, "/t/studio/live/endpoints/")


def test_an_unknown_model_is_not_found(people: People) -> None:
    url = "/t/studio/live/endpoints/no-such-model/favourite/"
    assert people.bob.client().post(url).status_code == 404


def test_another_teams_endpoint_is_not_found(people: People) -> None:
    Endpoint.objects.create(team=people.membership("charlie").team, slug="theirs", title="Theirs")
    assert people.bob.client().post("/t/studio/live/endpoints/theirs/favourite/").status_code == 404


def test_looking_changes_nothing(people: People) -> None:
    assert people.bob.client().get(URL).status_code == 405
