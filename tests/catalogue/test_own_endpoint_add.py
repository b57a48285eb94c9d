import html
from typing import Any

import pytest

from playground.catalogue.models import Endpoint
from playground.catalogue.own import Values
from tests.personas import People

URL = "/t/studio/endpoints/add/"


def typed(values: Values, **changes: str) -> dict[str, Any]:
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "looked", "added"),
    [
        ("alice", 200, 302),
        ("adam", 200, 302),
        ("bob", 403, 403),
        ("audrey", 403, 403),
        ("charlie", 404, 404),
        ("nobody", 302, 302),
    ],
)
def test_who_may_add(people: People, values: Values, name: str, looked: int, added: int) -> None:
    client = getattr(people, name).client()
    assert client.get(URL).status_code == looked
    assert client.post(URL, typed(values)).status_code == added
    assert Endpoint.objects.own(people.team).exists() == (name in ("alice", "adam"))


def test_it_is_in_the_browser_of_the_team(people: People, values: Values) -> None:
    response = people.alice.client().post(URL, typed(values, avg_latency_s="4.5"), follow=True)
    assert "Harbour LoRA is in your team&#x27;s list." in response.content.decode()
    page = people.bob.client().get("/t/studio/live/endpoints/", {"q": "harbour"}).content.decode()
    assert "/t/studio/live/playground/harbour-lora/" in page
    assert "4.5 s" in page


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"slug": "a/b"}, "slug", "A slug has letters, digits"),
        ({"slug": ""}, "slug", "This field is required."),
        ({"title": ""}, "title", "This field is required."),
        ({"schema_text": '{"a": }'}, "schema_text", "Line 1, column 7"),
        ({"schema_text": '{"properties": {"n": {"type": 3}}}'}, "schema_text", "At properties.n.type"),
        ({"sample_text": "{'prompt': 1}"}, "sample_text", "Line 1, column 2"),
        ({"avg_latency_s": "-1"}, "avg_latency_s", "greater than or equal to 0"),
        ({"avg_latency_s": "NaN"}, "avg_latency_s", "Enter a number."),
        ({"output": "smell"}, "output", "Select a valid choice."),
        ({"schema_text": "\x00"}, "schema_text", "Null characters are not allowed."),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_typed_is_lost(
    people: People, values: Values, changes: dict[str, str], field: str, words: str
) -> None:
    sent = typed(values, notes="kept as typed", **changes)
    response = people.alice.client().post(URL, sent)
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    page = html.unescape(response.content.decode())
    for name in ("slug", "title", "schema_text", "sample_text", "notes"):
        assert sent[name].replace("\x00", "") in page
    assert f'id="id_{field}_error"' in page
    assert not Endpoint.objects.own(people.team).exists()


def test_a_second_of_the_same_slug_is_told(people: People, values: Values) -> None:
    client = people.alice.client()
    client.post(URL, typed(values))
    response = client.post(URL, typed(values))
    assert response.status_code == 422
    assert "This team already has an endpoint called harbour-lora." in response.content.decode()
