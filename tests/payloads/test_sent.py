"""The values that a run was sent with, read out of its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.payloads.models import PayloadVersion
from playground.payloads.sent import values_in
from playground.payloads.variables import Kind, Variable, as_data, fill

TEXT = '{"p": "A {{animal}} in {{place}}, {{plain}}", "seed": "{{seed}}", "n": 1.0, "more": "{{more}}"}'
DECLARED = [
    Variable("animal"), Variable("place", default="snow"), Variable("seed", Kind.INTEGER), Variable("more", Kind.JSON),
]  # fmt: skip
VERSION = PayloadVersion(text=TEXT, variables=as_data(DECLARED))
SENT = '{"p": "A fox in snow, {{plain}}", "seed": 7, "n": 1.0, "more": {"a": [1, {"b": 2}]}}'


def test_every_value_is_found() -> None:
    assert values_in(VERSION, SENT) == {
        "animal": "fox", "place": "snow", "seed": "7", "more": '{"a": [1, {"b": 2}]}',
    }  # fmt: skip


@pytest.mark.parametrize(
    "sent",
    [
        SENT.replace("1.0", "1"),
        SENT.replace("A fox", "The fox"),
        SENT.replace(", {{plain}}", ""),
        SENT.replace('"n": 1.0, ', ""),
        SENT[:-1] + ', "x": 1}',
        SENT[:-1] + ', "x": []}',
        "{}",
    ],
)
def test_another_text_has_none(sent: str) -> None:
    assert values_in(VERSION, sent) is None


@given(animal=st.text().filter(lambda text: " in " not in text), seed=st.integers(-(10**18), 10**18))
def test_what_was_filled_in_is_found_again(animal: str, seed: int) -> None:
    values = {"animal": animal.encode("utf-8", "ignore").decode(), "seed": str(seed), "more": "[]"}
    assert values_in(VERSION, fill(TEXT, DECLARED, values)) == {**values, "place": "snow"}
