from typing import Any

import pytest

from playground.catalogue.models import Endpoint
from playground.catalogue.own import Values, add_own_endpoint
from tests.personas import People

URL = "/t/studio/endpoints/own/harbour-lora/"


def typed(values: Values, **changes: str) -> dict[str, Any]:
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


@pytest.fixture
def own(people: People, values: Values) -> Endpoint:
    return add_own_endpoint(membership=people.membership("alice"), values=values)


@pytest.mark.parametrize(
    ("name", "looked", "changed"),
    [
        ("alice", 200, 302),
        ("adam", 200, 302),
        ("bob", 403, 403),
        ("audrey", 403, 403),
        ("charlie", 404, 404),
        ("nobody", 302, 302),
    ],
)
def test_who_may_change(
    people: People, own: Endpoint, values: Values, name: str, looked: int, changed: int
) -> None:
    client = getattr(people, name).client()
    assert client.get(URL).status_code == looked
    assert client.post(URL, typed(values, title="Pier")).status_code == changed
    own.refresh_from_db()
    assert own.title == ("Pier" if name in ("alice", "adam") else "Harbour LoRA")


def test_the_form_holds_what_is_stored(people: People, own: Endpoint) -> None:
    form = people.alice.client().get(URL).context["form"]
    assert form["schema_text"].value() == own.schema_text
    assert form["slug"].value() == "harbour-lora"


def test_a_fault_changes_nothing(people: People, own: Endpoint, values: Values) -> None:
    response = people.alice.client().post(URL, typed(values, title="Pier", schema_text="{"))
    assert response.status_code == 422
    page = response.content.decode()
    assert "<h1>Harbour LoRA</h1>" in page
    assert "Line 1, column 2" in page
    own.refresh_from_db()
    assert own.title == "Harbour LoRA"


def test_a_bundled_model_cannot_be_changed(people: People) -> None:
    assert people.alice.client().get("/t/studio/endpoints/own/veo-3/").status_code == 404


def test_another_teams_endpoint_is_not_found(people: People, own: Endpoint, values: Values) -> None:
    charlie = people.charlie.client()
    url = "/t/studio-elsewhere/endpoints/own/harbour-lora/"
    assert charlie.get(url).status_code == 404
    assert charlie.post(url, typed(values)).status_code == 404
