import pytest
from django.test import Client

from playground.catalogue.favourites import toggle_favourite
from playground.catalogue.models import Endpoint
from tests.personas import People

URL = "/t/studio/live/endpoints/search/"
JSON = {"Accept": "application/json"}


def results(client: Client, text: str) -> list[dict[str, str]]:
    response = client.get(URL, {"q": text}, headers=JSON)
    found: list[dict[str, str]] = response.json()["results"]
    return found


@pytest.mark.parametrize(
    ("name", "status"),
    [("alice", 200), ("adam", 200), ("bob", 200), ("audrey", 403), ("charlie", 404), ("nobody", 302)],
)
def test_who_may_search(people: People, name: str, status: int) -> None:
    assert getattr(people, name).client().get(URL, {"q": "veo"}).status_code == status


def test_the_picker_gets_a_fragment_of_links(people: People) -> None:
    part = people.bob.client().get(URL, {"q": "veo"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.count("data-endpoint-link") == 6
    assert '<a class="endpoint-option" href="/t/studio/live/playground/veo-3/"' in part
    assert "$ 0.8000 to 3.2000" in part


def test_without_a_text_favourites_come_first(people: People) -> None:
    toggle_favourite(
        membership=people.membership("bob"), endpoint=Endpoint.objects.bundled().get(slug="z-image-turbo")
    )
    part = people.bob.client().get(URL).content.decode()
    assert part.count("data-endpoint-link") == 30
    assert part.index("z-image-turbo") < part.index("data-endpoint-link", part.index("z-image-turbo"))
    assert part.count("Favourite</span>") == 1


def test_nothing_found_is_said(people: People) -> None:
    part = people.bob.client().get(URL, {"q": "<nothing>"}).content.decode()
    assert "No model matches “&lt;nothing&gt;”." in part


def test_the_command_menu_gets_json(people: People) -> None:
    found = results(people.bob.client(), "seedream 4.5")
    assert found[0] == {
        "label": "Seedream 4.5",
        "url": "/t/studio/live/playground/seedream-4.5/",
        "hint": "Image · $ 0.0400",
    }
    assert len(results(people.bob.client(), "video")) == 8


def test_the_command_menu_gets_nothing_for_nothing(people: People) -> None:
    assert results(people.bob.client(), " ") == []


def test_other_teams_endpoints_are_not_found(people: People) -> None:
    Endpoint.objects.create(team=people.membership("charlie").team, slug="their-secret", title="Their secret")
    assert results(people.bob.client(), "secret") == []
