import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.catalogue.prompts import prompt_text, required_fields, search_text


def test_prompts_come_first_then_every_other_string_once() -> None:
    body = {
        "style": "noir",
        "seed": 7,
        "prompt": "a harbour",
        "nested": {"note": ["noir", "dusk"]},
        "on": True,
    }
    assert search_text(json.dumps(body)) == "a harbour\nnoir\ndusk"


def test_files_and_long_data_are_not_words() -> None:
    body = {
        "image": "atelier-file:0190-x:base64:abc",
        "mask": "data:image/png;base64,AAAA",
        "audio": "A" * 2000,
        "prompt": "quay " * 1000,
    }
    assert search_text(json.dumps(body)) == ("quay " * 1000).strip()


def test_messages_are_searched() -> None:
    body = {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}, {"image_url": "u"}]}]
    }
    assert search_text(json.dumps(body)).splitlines()[0] == "hello"


@pytest.mark.parametrize("text", ["", "{", "[1,", "nul", "'a'", "[" * 100_000, '{"a": 1' + "0" * 6000])
def test_broken_json_has_no_words(text: str) -> None:
    assert search_text(text) == ""
    assert prompt_text(text) == ""


def test_numbers_of_any_length_are_no_obstacle() -> None:
    assert search_text('{"seed": 1' + "0" * 6000 + ', "x": NaN, "prompt": "a"}') == "a"


def test_what_is_found_can_be_stored() -> None:
    assert search_text('{"prompt": "a\\u0000b \\ud800c"}') == "a b ?c"


def test_the_whole_is_bounded() -> None:
    assert len(search_text(json.dumps([f"word {n}" for n in range(9000)]))) <= 20_000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"prompt": "a\n  harbour"}, "a harbour"),
        ({"text": "hello"}, "hello"),
        ({"messages": [{"content": "first"}, {"content": "last"}]}, "last"),
        ({"messages": [{"content": [{"text": "look"}, {"image_url": {}}]}]}, "look"),
        ({"messages": "odd"}, ""),
        ({"prompt": 7}, ""),
        ([], ""),
    ],
)
def test_prompt_text(body: object, words: str) -> None:
    assert prompt_text(json.dumps(body)) == words


def test_required_fields() -> None:
    assert required_fields({"required": ["prompt", 3, "steps"]}) == ["prompt", "steps"]
    assert required_fields({"required": "prompt"}) == []
    assert required_fields({}) == []
    assert required_fields(None) == []


scalars = st.none() | st.booleans() | st.text() | st.integers()
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(anything)
def test_any_json_is_read_without_an_error(value: object) -> None:
    text = json.dumps(value)
    search_text(text).encode()
    prompt_text(text).encode()


def test_a_title_can_be_stored_too() -> None:
    assert prompt_text('{"prompt": "a\\u0000b \\ud800"}') == "a b ?"
