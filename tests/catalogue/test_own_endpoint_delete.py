import pytest

from playground.catalogue.models import Endpoint
from playground.catalogue.own import Values, add_own_endpoint
from tests.personas import People

URL = "/t/studio/endpoints/own/harbour-lora/delete/"


@pytest.fixture
def own(people: People, values: Values) -> Endpoint:
    return add_own_endpoint(membership=people.membership("alice"), values=values)


@pytest.mark.parametrize(
    ("name", "status", "left"),
    [
        ("alice", 302, False),
        ("adam", 302, False),
        ("bob", 403, True),
        ("audrey", 403, True),
        ("charlie", 404, True),
        ("nobody", 302, True),
    ],
)
def test_who_may_delete(people: People, own: Endpoint, name: str, status: int, left: bool) -> None:
    assert getattr(people, name).client().post(URL).status_code == status
    assert Endpoint.objects.filter(pk=own.pk).exists() == left


def test_looking_deletes_nothing(people: People, own: Endpoint) -> None:
    assert people.alice.client().get(URL).status_code == 405
    assert Endpoint.objects.filter(pk=own.pk).exists()


def test_another_teams_and_bundled_ones_are_not_found(people: People, own: Endpoint) -> None:
    for url in (
        "/t/studio-elsewhere/endpoints/own/harbour-lora/delete/",
        "/t/studio-elsewhere/endpoints/own/veo-3/delete/",
    ):
        assert people.charlie.client().post(url).status_code == 404
    assert Endpoint.objects.filter(pk=own.pk).exists()
