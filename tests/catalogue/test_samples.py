import json
from typing import Any

import pytest

from playground.catalogue.models import Output
from playground.catalogue.samples import output_of, sample_for


def sample(schema: dict[str, Any] | None, *, category: str = "", output: Output = Output.IMAGE) -> Any:
    return json.loads(sample_for(category, output, schema))


def test_required_fields_and_usual_ones_with_defaults() -> None:
    schema = {
        "required": ["prompt", "steps"],
        "properties": {
            "prompt": {"type": "string"},
            "negative_prompt": {"type": "string", "default": "blurry"},
            "steps": {"type": "integer", "default": 30},
            "seed": {"type": "integer", "default": 42},
            "duration": {"type": "string", "default": "5", "enum": ["5", "10"]},
        },
    }
    payload = sample(schema)
    assert list(payload) == ["prompt", "steps", "duration"]
    assert payload["steps"] == 30
    assert payload["duration"] == "5"
    assert payload["prompt"]


def test_types_without_a_default() -> None:
    properties: dict[str, dict[str, Any]] = {
        "n": {"type": "integer", "minimum": 4},
        "x": {"type": "number"},
        "on": {"type": "boolean"},
        "many": {"type": "array"},
        "deep": {"type": "object"},
        "one": {"enum": ["a", "b"]},
        "picture": {"type": "string", "format": "uri"},
        "name": {"type": "string"},
    }
    assert sample({"required": list(properties), "properties": properties}) == {
        "n": 4,
        "x": 1,
        "on": False,
        "many": [],
        "deep": {},
        "one": "a",
        "picture": "",
        "name": "",
    }


def test_alternatives_take_the_first() -> None:
    schema = {
        "anyOf": [{"required": ["messages"]}, {"required": ["prompt"]}],
        "properties": {"messages": {"type": "array"}, "prompt": {"type": "string"}},
    }
    payload = sample(schema, output=Output.JSON)
    assert list(payload) == ["messages"]
    assert payload["messages"][0]["role"] == "user"


def test_rules_that_allow_everything_say_nothing() -> None:
    assert sample({"properties": {"a": True, "b": False}, "required": ["a"]}) == {"a": ""}
    assert sample({"properties": {"a": True}, "anyOf": [True]}) == {}


@pytest.mark.parametrize(
    ("category", "names"),
    [
        ("Text-to-Image Generation", ["prompt"]),
        ("Image-to-Video Generation", ["prompt", "image"]),
        ("Text Generation (LLM)", ["messages"]),
        ("Text-to-Audio Generation", ["text"]),
        ("A category of tomorrow", ["prompt"]),
    ],
)
def test_without_a_schema_the_category_decides(category: str, names: list[str]) -> None:
    assert list(sample(None, category=category, output=output_of(category))) == names
