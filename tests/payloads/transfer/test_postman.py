"""What a Postman collection becomes."""

import json
from typing import Any

import pytest

from playground.payloads.transfer.postman import read_collection
from playground.payloads.transfer.records import Found, Record
from playground.payloads.variables import Kind, Variable, fill
from tests.payloads.transfer.samples import OLDER, STUDIO, collection, request, row
from tests.personas import LIVE_TEXT


def read(whole: dict[str, Any]) -> list[Found]:
    """As from a file, where numbers keep their digits."""
    return read_collection(json.loads(json.dumps(whole), parse_int=str, parse_float=str), "file.json")


def one(raw: str, **more: Any) -> Found:
    return read(collection(request("It", raw), **more))[0]


def record(found: Found) -> Record:
    assert found.record is not None, found.reason
    return found.record


def test_a_collection_is_taken_with_folders_variables_and_notes() -> None:
    fox, owl, *dropped, rest = read(STUDIO)
    taken = record(fox)
    assert (taken.name, taken.folder) == ("Fox", "Portraits/Studio - light")
    assert (taken.endpoint, taken.version) == ("painter", 1)
    assert taken.text == (
        '{\n  "prompt": "A {{animal}}, {{mood}}", \n  "seed": "{{seed}}",\n  "scale": 1.0\n}'
    )
    assert taken.notes == "**Works** with foxes."
    assert taken.variables == (
        Variable("animal", default='red "fox"'),
        Variable("mood"),
        Variable("seed", Kind.INTEGER, "12345678901234567890"),
    )
    assert fill(taken.text, taken.variables, {"mood": "calm"}) == (
        '{\n  "prompt": "A red \\"fox\\", calm", \n  "seed": 12345678901234567890,\n  "scale": 1.0\n}'
    )
    assert (record(owl).version, record(owl).folder) == (2, "Portraits")
    assert [(found.path, found.reason) for found in dropped] == [
        ("Balance", "It asks with GET; a run is sent with POST."),
        ("Elsewhere", "It calls example.com, which is not the provider. Nothing was taken."),
        ("Upload", "It sends form data, and models take JSON."),
    ]
    assert rest.reason == "Left out: variables that no request uses: spare."


def test_the_report_names_what_changed_and_what_is_left_out() -> None:
    fox, owl, *_ = read(STUDIO)
    assert fox.changes == [
        "Comments were taken out of the body, as Postman does before sending.",
        "{{seed}} stood without quotes; it has them now, and its value keeps its type.",
        "{{mood}} has no value in the collection, so mood is asked for before a run.",
        "The / in the name of a folder is a - now.",
    ]
    assert fox.remarks == [
        "Its key is left out (header x-api-key, authorization of the folder Studio / light); "
        "runs use a key of the key store.",
        "Its lines end with LF now.",
        "Headers are left out: X-Trace.",
        "Its scripts are left out; nothing of a collection is run here.",
        "Saved examples are left out, because results belong to runs: A good one (200).",
    ]
    assert owl.remarks[0].startswith("Its key is left out (authorization of the collection)")


@pytest.mark.parametrize("whole", [STUDIO, OLDER])
def test_no_key_is_in_what_was_read(whole: dict[str, Any]) -> None:
    found = read(whole)
    assert any(one.holds_key for one in found)
    assert LIVE_TEXT not in repr(found)


def test_the_older_schema_is_read_as_well() -> None:
    harbour, rest = read(OLDER)
    assert (record(harbour).endpoint, record(harbour).folder) == ("painter", "Films")
    assert harbour.remarks == ["Its key is left out (header x-api-key); runs use a key of the key store."]
    assert "unused" in rest.reason


def test_an_inner_authorization_covers_an_outer_one() -> None:
    bare = {"type": "noauth"}
    auth = {"type": "bearer", "bearer": [row("token", LIVE_TEXT)]}
    inner = {"name": "Inner", "item": [request("A", "{}"), request("B", "{}", auth=auth)], "auth": bare}
    a, b = read(collection(inner, request("C", "{}", auth=None), auth=auth))[0:2]
    c = read(collection(request("C", "{}", auth=None), auth=auth))[0]
    assert [found.holds_key for found in (a, b, c)] == [False, True, True]


@pytest.mark.parametrize(
    ("value", "kind", "default"),
    [
        (7, Kind.INTEGER, "7"),
        ("0.50", Kind.NUMBER, "0.50"),
        (True, Kind.BOOLEAN, "true"),
        ([1, "a"], Kind.JSON, None),
        ('"quoted"', Kind.JSON, '"quoted"'),
        ("no json", Kind.JSON, None),
    ],
)
def test_a_value_without_quotes_keeps_its_type(value: Any, kind: Kind, default: str | None) -> None:
    found = one('{"a": {{x}}}', variable=[row("x", value)])
    (variable,) = record(found).variables
    assert variable.kind is kind
    if default is not None:
        assert variable.default == default
    assert record(found).text == '{"a": "{{x}}"}'


def test_one_name_with_and_without_quotes_becomes_two_variables() -> None:
    found = one('{"a": {{x}}, "b": "{{x}}", "c": "n {{x}}"}', variable=[row("x", "1")])
    taken = record(found)
    assert fill(taken.text, taken.variables, {}) == '{"a": 1, "b": "1", "c": "n 1"}'


def test_names_that_cannot_be_used_here_are_changed_everywhere() -> None:
    found = one(
        '{"a": "{{my-word}} {{$guid}} {{two words}} {{ unknown }}"}',
        variable=[row("my-word", "{{two words}}!"), row("two words", "hi")],
    )
    taken = record(found)
    assert taken.text == '{"a": "{{my_word}} {{guid}} {{two_words}} {{ unknown }}"}'
    assert fill(taken.text, taken.variables, {"guid": "g"}) == '{"a": "hi! g hi {{ unknown }}"}'
    assert "Postman made up {{$guid}} each time; here guid is asked for." in found.changes


def test_values_that_go_in_a_circle_are_left_out_and_asked_for() -> None:
    rows = [row("a", "{{b}}"), row("b", "{{c}}"), row("c", "{{a}}"), row("d", "see {{a}}")]
    found = one('{"a": "{{d}}"}', variable=rows)
    assert record(found).variables == (Variable("d", default="see {{a}}"), Variable("a"))
    assert "The value of a goes in a circle, so it was left out and is asked for." in found.changes


def test_values_that_grow_without_end_do_not_fill_the_memory() -> None:
    rows = [row(f"v{n}", f"{{{{v{n + 1}}}}}" * 40) for n in range(30)]
    found = read(collection(request("It", '{"a": "{{v0}}"}', url="{{v0}}/v1/painter"), variable=rows))[0]
    assert "is not known" in found.reason


def test_a_variable_in_the_name_of_a_field_gives_its_value() -> None:
    found = one('{"{{x}}": 1}', variable=[row("x", "steps")])
    assert record(found).text == '{"steps": 1}'
    assert one('{"{{x}}": 1}').reason == (
        "In line 1, column 2 of its body a variable without a value stands in the name of a field. "
        "A variable can stand in values only."
    )


@pytest.mark.parametrize("raw", ['{"a": 1{{x}}}', "{{x}}", "{ {{x}} }", '{"a": {{x}}{{y}}}'])
def test_a_variable_that_is_a_part_of_the_json_is_refused(raw: str) -> None:
    assert "is only a part of the JSON" in one(raw).reason


def test_a_secret_value_is_asked_for() -> None:
    found = one('{"token_of": "{{x}}"}', variable=[row("x", LIVE_TEXT)])
    assert record(found).variables == (Variable("x"),)
    assert found.holds_key


@pytest.mark.parametrize(
    ("whole", "reason"),
    [
        ({"id": "1", "name": "Old", "order": [], "requests": []}, "in the old format v1"),
        (collection() | {"info": {"schema": "https://x/json/collection/v1.0.0/"}}, "in the old format v1"),
        (collection() | {"info": {"schema": "https://x/json/collection/v3.0.0/"}}, "format v3 is not known"),
        ({"values": [], "_postman_variable_scope": "environment"}, "a Postman environment"),
        ({"version": 1, "collections": []}, "a whole Postman backup"),
        ({"info": {}, "item": {"a": 1}}, "no list of items"),
    ],
)  # fmt: skip
def test_another_kind_of_file_is_named(whole: dict[str, Any], reason: str) -> None:
    (found,) = read(whole)
    assert reason in found.reason


def test_what_a_collection_should_not_have_is_dropped_item_by_item() -> None:
    odd: list[Any] = [
        None, 7, "text", {}, {"name": 3, "request": "https://api.segmind.com/v1/painter"},
        {"request": {"method": ["POST"], "url": {"raw": 5, "path": 3, "variable": 1}, "header": 1, "body": 1}},
        {"request": {"method": "POST", "url": "https://api.segmind.com/v1/painter", "body": {"mode": {}}}},
        {"request": {"method": "POST", "url": "https://[", "body": None, "auth": {"type": [], "x": 1}}},
        request("Good", '{"a": 1}', url="https://api.segmind.com/v1/painter", response=[3, {"name": {}}], event=[3]),
    ]  # fmt: skip
    found = read(collection(*odd, variable=[1, {"value": 1}], auth=[1], event={"a": 1}))
    assert [one.outcome for one in found] == ["dropped"] * 8 + ["taken"]


def test_folders_without_end_are_left_out_and_the_rest_is_taken() -> None:
    item: Any = request("Deep", "{}")
    for number in range(200):
        item = {"name": f"f{number}", "item": [item]}
    deep, good = read(collection(item, request("Good", "{}")))
    assert "nested more than 30 deep" in deep.reason
    assert record(good).name == "Good"


def test_what_a_folder_says_and_a_key_that_nothing_uses_are_named() -> None:
    folder = {"name": "F", "item": [request("A", "{}")], "description": {"content": "Ours"}}
    said, _, rest = read(collection(folder, variable=[row("spare", LIVE_TEXT)]))
    assert (said.path, said.reason) == ("F", "Left out of the folder itself: its description.")
    assert rest.holds_key
