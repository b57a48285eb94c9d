"""A value is replaced where it stands; every other character of the text stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.runs import places

TEXT = '{ "seed":18446744073709551615,\n "a" : [1.0, {"b":"x, \\"y\\": {"}],"n":null }'


def test_every_value_has_its_place() -> None:
    found = {places.shown(path): literal for path, literal in places.scalars(TEXT)}
    assert found == {
        "seed": "18446744073709551615",
        "a[0]": "1.0",
        "a[1].b": '"x, \\"y\\": {"',
        "n": "null",
    }


def test_nothing_else_changes() -> None:
    changed = places.written_all(TEXT, [(("a", 1, "b"), '"z"'), (("seed",), "7")])
    assert changed == '{ "seed":7,\n "a" : [1.0, {"b":"z"}],"n":null }'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", '{"seed": 7}'),
        (' {"a": {"seed": 1}} ', ' {"a": {"seed": 1}, "seed": 7} '),
        ('{\n  "a": [1]\n}', '{\n  "a": [1],\n  "seed": 7\n}'),
        ('{"seed": 1, "seed": -1}', '{"seed": 1, "seed": 7}'),
    ],
)
def test_a_missing_member_is_added_at_the_end(text: str, expected: str) -> None:
    assert places.written(text, ("seed",), "7") == expected


def test_a_path_is_read_as_it_is_shown() -> None:
    odd = ("a.b", 2, "c")
    assert places.parse(places.shown(odd), known=[odd]) == odd
    assert places.parse("messages[0].content") == ("messages", 0, "content")
    with pytest.raises(places.PlaceProblem, match="names no place"):
        places.parse("a..b")
    with pytest.raises(places.PlaceProblem, match=r"no a\.c"):
        places.written('{"a": {"b": 1}}', ("a", "c"), "1")


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=12,
        ),
    )
)
def test_any_json_is_found_again(value: dict[str, object]) -> None:
    text = json.dumps(value)
    for path, literal in places.scalars(text):
        inner: object = value
        for step in path:
            inner = inner[step]  # type: ignore[index]
        assert json.loads(literal) == inner
