"""The verbs of own endpoints, without a page around them."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditEvent
from playground.catalogue.models import Endpoint
from playground.catalogue.own import (
    OwnEndpointProblem,
    Values,
    add_own_endpoint,
    change_own_endpoint,
    checked_sample,
    checked_schema,
    delete_own_endpoint,
)
from tests.personas import People


def test_the_team_gets_it_and_the_record_says_who(people: People, values: Values) -> None:
    endpoint = add_own_endpoint(membership=people.membership("adam"), values=values)
    assert Endpoint.objects.visible_to(people.membership("bob")).get(slug="harbour-lora") == endpoint
    assert not Endpoint.objects.visible_to(people.membership("charlie")).filter(slug="harbour-lora").exists()
    event = AuditEvent.objects.get(verb="endpoint.added")
    assert (event.team, event.actor, event.target) == (people.team, people.adam.user, "harbour-lora")


@pytest.mark.parametrize("name", ["bob", "audrey"])
def test_members_and_auditors_may_not(people: People, values: Values, name: str) -> None:
    own = add_own_endpoint(membership=people.membership("alice"), values=values)
    membership = people.membership(name)
    with pytest.raises(PermissionDenied):
        add_own_endpoint(membership=membership, values={**values, "slug": "another"})
    with pytest.raises(PermissionDenied):
        change_own_endpoint(membership=membership, endpoint=own, values=values)
    with pytest.raises(PermissionDenied):
        delete_own_endpoint(membership=membership, endpoint=own)
    assert Endpoint.objects.own(people.team).get() == own


def test_a_bundled_slug_is_replaced_for_this_team_only(people: People, values: Values) -> None:
    own = add_own_endpoint(membership=people.membership("alice"), values={**values, "slug": "veo-3"})
    assert Endpoint.objects.visible_to(people.membership("bob")).get(slug="veo-3") == own
    assert Endpoint.objects.visible_to(people.membership("charlie")).get(slug="veo-3").team is None


def test_a_slug_twice_is_refused_at_its_field(people: People, values: Values) -> None:
    alice = people.membership("alice")
    add_own_endpoint(membership=alice, values=values)
    other = add_own_endpoint(membership=alice, values={**values, "slug": "other"})
    with pytest.raises(OwnEndpointProblem, match="already has an endpoint called harbour-lora") as caught:
        add_own_endpoint(membership=alice, values=values)
    assert caught.value.field == "slug"
    with pytest.raises(OwnEndpointProblem, match="already has"):
        change_own_endpoint(membership=alice, endpoint=other, values=values)
    assert Endpoint.objects.own(people.team).count() == 2


def test_another_teams_endpoint_cannot_be_changed(people: People, values: Values) -> None:
    theirs = add_own_endpoint(membership=people.membership("charlie"), values=values)
    alice = people.membership("alice")
    with pytest.raises(Endpoint.DoesNotExist):
        change_own_endpoint(membership=alice, endpoint=theirs, values=values)
    with pytest.raises(Endpoint.DoesNotExist):
        delete_own_endpoint(membership=alice, endpoint=theirs)
    assert Endpoint.objects.filter(pk=theirs.pk).exists()


def test_texts_keep_their_order_and_lose_only_carriage_returns(people: People, values: Values) -> None:
    typed: Values = {
        **values,
        "schema_text": '{"properties": {\r\n"z": {}, "a": {}}}',
        "sample_text": '{\r\n "z": 1.0, "a": 9007199254740993}',
    }
    own = add_own_endpoint(membership=people.membership("alice"), values=typed)
    assert own.schema is not None
    assert list(own.schema["properties"]) == ["z", "a"]
    assert own.sample_text == '{\n "z": 1.0, "a": 9007199254740993}'


def test_an_empty_sample_is_made_from_the_schema(people: People, values: Values) -> None:
    own = add_own_endpoint(membership=people.membership("alice"), values={**values, "sample_text": " "})
    assert '"prompt": "' in own.sample_text


def test_a_change_is_written_and_recorded(people: People, values: Values) -> None:
    alice = people.membership("alice")
    own = add_own_endpoint(membership=alice, values=values)
    change_own_endpoint(membership=alice, endpoint=own, values={**values, "title": "Pier", "schema_text": ""})
    own.refresh_from_db()
    assert (own.title, own.schema, own.schema_complete) == ("Pier", None, False)
    assert AuditEvent.objects.filter(verb="endpoint.changed", target="harbour-lora").exists()


def test_deleting_brings_the_bundled_one_back(people: People, values: Values) -> None:
    alice = people.membership("alice")
    own = add_own_endpoint(membership=alice, values={**values, "slug": "veo-3"})
    delete_own_endpoint(membership=alice, endpoint=own)
    assert Endpoint.objects.visible_to(alice).get(slug="veo-3").team is None
    assert AuditEvent.objects.filter(verb="endpoint.deleted", target="veo-3").exists()


@pytest.mark.parametrize("slug", ["", "a b", "../x", "x/y", ".", "é"])
def test_a_slug_that_breaks_addresses_is_refused(people: People, values: Values, slug: str) -> None:
    with pytest.raises(OwnEndpointProblem) as caught:
        add_own_endpoint(membership=people.membership("alice"), values={**values, "slug": slug})
    assert caught.value.field == "slug"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"type": "object",}', "Line 1, column 19"),
        ('{\n  "a": tru\n}', "Line 2, column 8"),
        ("[]", "A schema is a JSON object"),
        ('{"properties": {"seed": {"type": "strin"}}}', "At properties.seed.type"),
        ('{"properties": []}', "At properties"),
        ('{"required": "prompt"}', "At required"),
        ('{"minimum": NaN}', "NaN is not JSON"),
        ('{"type": "array"}', "At type"),
        ("[" * 100_000, "nested too deeply"),
        ('{"properties": ' * 5000 + "{}" + "}" * 5000, "nested too deeply"),
        ('{"minimum": 1' + "0" * 6000 + "}", "too long"),
        ('{"properties": {"cfg": {"default": 1e999}}}', "1e999 is too large"),
        ('{"a": "' + "x" * 200_000 + '"}', "200,000 characters"),
    ],
)
def test_a_schema_with_a_fault_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(OwnEndpointProblem) as caught:
        checked_schema(text)
    assert caught.value.field == "schema_text"
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("", None),
        (" \n", None),
        ("{}", {}),
        ('{"type": "object", "x-ours": 1}', {"type": "object", "x-ours": 1}),
    ],
)
def test_a_good_schema(text: str, schema: Any) -> None:
    assert checked_schema(text) == schema


def test_a_reference_to_elsewhere_is_not_fetched() -> None:
    text = '{"$schema": "http://127.0.0.1:1/x", "properties": {"a": {"$ref": "http://127.0.0.1:1/y"}}}'
    assert checked_schema(text) is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{'a': 1}", "Line 1, column 2"),
        ("[1]", "A payload is a JSON object"),
        ('{"a": Infinity}', "Infinity is not JSON"),
        ('{"a": "' + "x" * 3_000_000 + '"}', "larger than any request body"),
    ],
)
def test_a_sample_with_a_fault_is_refused(text: str, words: str) -> None:
    with pytest.raises(OwnEndpointProblem) as caught:
        checked_sample(text)
    assert caught.value.field == "sample_text"
    assert words in str(caught.value)
