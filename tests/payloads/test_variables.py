"""Variables are replaced in place; everything else of the text stays as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.payloads.variables import (
    Kind,
    Variable,
    VariableProblem,
    as_data,
    check_declared,
    fill,
    from_data,
    missing,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
N = Variable("n", Kind.NUMBER)
T = Variable("t")


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ('{"a":"{{n}}"}', {"n": "1.0"}, '{"a":1.0}'),
        ('{"a":"{{n}} px"}', {"n": "1.0"}, '{"a":"1.0 px"}'),
        ('{"a": "{{t}}"}', {"t": 'say "hi"\n'}, '{"a": "say \\"hi\\"\\n"}'),
        ('{"a":["{{n}}",{"b":"{{t}}-{{t}}"}]}', {"n": "-3", "t": "é"}, '{"a":[-3,{"b":"é-é"}]}'),
        ('{"a":"{{other}} {{ n }} {{n", "b":1.0}', {"n": "1"}, '{"a":"{{other}} {{ n }} {{n", "b":1.0}'),
        ('{"a":"\\\\{{t}}\\"{{t}}"}', {"t": "x"}, '{"a":"\\\\x\\"x"}'),
        ('{"a":"{{t}}"}', {"t": "{{n}}", "n": "1"}, '{"a":"{{n}}"}'),
    ],
)
def test_fill_in_place(text: str, values: dict[str, str], filled: str) -> None:
    assert fill(text, [N, T], values) == filled


def test_json_and_boolean_stand_bare() -> None:
    declared = [Variable("j", Kind.JSON), Variable("b", Kind.BOOLEAN), Variable("i", Kind.INTEGER)]
    values = {"j": ' [1, {"x": 1.0}] ', "b": "true", "i": "12345678901234567890"}
    assert fill('{"j":"{{j}}","b":"{{b}}","i":"{{i}}"}', declared, values) == (
        '{"j":[1, {"x": 1.0}],"b":true,"i":12345678901234567890}'
    )


@given(around=TEXTS, value=TEXTS)
def test_a_text_arrives_as_it_was_typed(around: str, value: str) -> None:
    around = around.replace("{", "(")
    text = json.dumps({"a": around + "{{t}}" + around, "b": [around]})
    assert json.loads(fill(text, [T], {"t": value})) == {"a": around + value + around, "b": [around]}


@given(document=st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_what_names_no_variable_is_not_touched(document: object) -> None:
    text = json.dumps({"a": document}, ensure_ascii=False)
    assert fill(text, [Variable("never_there")], {}) == text


@given(value=st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_keeps_its_digits(value: float) -> None:
    assert fill('{"a":"{{n}}"}', [N], {"n": json.dumps(value)}) == f'{{"a":{json.dumps(value)}}}'


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.NUMBER, "1,5"),
        (Kind.NUMBER, "NaN"),
        (Kind.NUMBER, "٣"),
        (Kind.INTEGER, "1.0"),
        (Kind.BOOLEAN, "yes"),
        (Kind.CHOICE, "c"),
        (Kind.JSON, '1, "x": 2'),
        (Kind.JSON, "[Infinity]"),
        (Kind.JSON, "[" * 200 + "]" * 200),
    ],
)
def test_a_value_of_another_type_is_refused(kind: Kind, value: str) -> None:
    with pytest.raises(VariableProblem) as caught:
        fill('{"a":"{{v}}"}', [Variable("v", kind, choices=("a", "b"))], {"v": value})
    assert caught.value.name == "v"


def test_defaults_may_name_other_variables() -> None:
    declared = [
        Variable("who", default="a fox"),
        Variable("what", default="{{who}} at {{when}}"),
        Variable("when"),
    ]
    assert [variable.name for variable in missing('{"p":"{{what}}"}', declared, {})] == ["when"]
    assert fill('{"p":"{{what}}"}', declared, {"when": "dusk"}) == '{"p":"a fox at dusk"}'


@pytest.mark.parametrize(
    ("declared", "text", "words"),
    [
        ([Variable("a", default="{{b}}"), Variable("b", default="{{a}}")], "{}", "in a circle: a → b → a"),
        ([Variable("a", default="{{a}}")], "{}", "in a circle: a → a"),
        ([T], '{"x": 1,\n "{{t}}": 2}', "name of a field (line 2, column 3)"),
        ([T, T], "{}", "t is declared twice"),
        ([T, Variable("T")], "{}", "differ only in capitals"),
        ([Variable("two words")], "{}", "“two words” cannot be used"),
        ([Variable("c", Kind.CHOICE)], "{}", "without choices"),
        ([Variable("n", Kind.NUMBER, default="many")], "{}", "has to be a number"),
    ],
)
def test_what_cannot_be_declared(declared: list[Variable], text: str, words: str) -> None:
    with pytest.raises(VariableProblem) as caught:
        check_declared(declared, text)
    assert words in str(caught.value)


def test_defaults_that_grow_beyond_measure_are_refused() -> None:
    declared = [Variable("v0", default="x" * 50_000)]
    declared += [Variable(f"v{i}", default=f"{{{{v{i - 1}}}}}" * 20) for i in range(1, 20)]
    with pytest.raises(VariableProblem, match="would be longer"):
        fill('{"p":"{{v19}}"}', declared, {})


def test_a_declaration_survives_its_storage() -> None:
    declared = [Variable("c", Kind.CHOICE, "a", ("a", "b"), "Which"), N]
    assert from_data(as_data(declared)) == declared
