import contextlib
import json
import re
import uuid
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.runs import body

TEAM = uuid.UUID("01890000-0000-7000-8000-000000000001")
OTHER = uuid.UUID("01890000-0000-7000-8000-000000000002")
FILE = uuid.UUID("01890000-0000-7000-8000-0000000000aa")
_SURROGATES = re.compile(r"\\u[dD]8")
LIMIT = 2 * 1024 * 1024


def problem(text: str, *, max_bytes: int = LIMIT) -> body.BodyProblem:
    with pytest.raises(body.BodyProblem) as caught:
        body.check(text, max_bytes=max_bytes)
    return caught.value


def accept(text: str) -> None:
    body.check(text, max_bytes=LIMIT)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{"a": 1,\n "b": }', 2, 7),
        ('{"a": 1', 1, 8),
        ("{'a': 1}", 1, 2),
        ('{"a": "one\ntwo"}', 1, 11),
        ('{"a": "\x00"}', 1, 8),
        ('{"a": 1}\n{"b": 2}', 2, 1),
        ('{"a": 1} // note', 1, 10),
        ('{"a": "no end}', 1, 7),
        ('{"a": "\\x"}', 1, 8),
        ('\ufeff{"a": 1}', 1, 1),
        ("[1, 2]", 1, 1),
        ('"text"', 1, 1),
        ("null", 1, 1),
        ("12", 1, 1),
        ('{"say": "NaN, -Infinity",\n "x": [NaN]}', 2, 8),
        ('{"x": Infinity}', 1, 7),
        ('{"x": -Infinity}', 1, 7),
        ('{"emoji": "\ud83d"}', 1, 12),
    ],
)
def test_a_body_that_cannot_be_sent_is_told_with_its_place(text: str, line: int, column: int) -> None:
    found = problem(text)
    assert (found.line, found.column) == (line, column)
    assert f"Line {line}, column {column}." in str(found)


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_an_empty_body_says_what_the_smallest_one_is(text: str) -> None:
    assert "{}" in str(problem(text))


def test_five_megabytes_are_refused_with_both_sizes() -> None:
    found = problem(json.dumps({"image": "x" * (5 * 1024 * 1024)}))
    assert "5.0 MB" in str(found)
    assert "2.0 MB" in str(found)


def test_the_limit_counts_bytes_not_characters() -> None:
    text = json.dumps({"prompt": "é" * 60}, ensure_ascii=False)
    body.check(text, max_bytes=len(text.encode()))
    assert "limit" in str(problem(text, max_bytes=len(text)))


def test_sixty_levels_are_refused_where_they_become_too_many() -> None:
    text = '{"a": ' * 60 + "1" + "}" * 60
    found = problem(text)
    assert "levels deep" in str(found)
    assert (found.line, found.column) == (1, len('{"a": ') * body.MAX_DEPTH + 1)
    accept('{"a": ' * body.MAX_DEPTH + "1" + "}" * body.MAX_DEPTH)


def test_brackets_inside_strings_are_no_levels() -> None:
    accept(json.dumps({"prompt": "[" * 500 + '\\"{' * 500}))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a": 1, "a": 2}',
        '{"seed": 18446744073709551616, "cfg": 1.0, "tiny": 1e-400}',
        '{"a": "\\u0000"}',
        '{"a": "\\ud83d\\ude00"}',
        '{"a": "\\\\ud83d"}',
        '{"n": ' + "9" * 6000 + "}",
        ' \n{"a": [null, true, "\u2028"]}\n',
    ],
)
def test_whatever_json_allows_is_accepted(text: str) -> None:
    accept(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\ud83d"}',
        '{"a": "\\ude00\\ud83d"}',
        '{"\\udfff": 1}',
        '{"a": ["x", {"b": "\\uD800 tail"}]}',
        '{"a": "\\\\\\ud83d"}',
        # Two members with one name are both sent, so the first one counts as well.
        '{"a": "\\ud83d", "a": "fine"}',
    ],
)
def test_an_escaped_half_of_a_pair_is_refused(text: str) -> None:
    assert "half of a pair" in str(problem(text))


def test_an_unfinished_string_full_of_quotes_is_answered() -> None:
    # JSON pasted into JSON, cut off. Tried anew at each quote it would take hours.
    text = '{"a": "' + '\\"[{' * 300_000
    assert problem(text).line == 1


def test_a_million_backslashes_are_answered() -> None:
    assert problem('{"a": "' + "\\" * 1_000_001 + "ud800").line == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.booleans())
def test_every_object_that_json_writes_is_accepted(value: dict[str, object], ascii_only: bool) -> None:
    accept(json.dumps(value, ensure_ascii=ascii_only))


@given(st.text(alphabet='{}[]":,\\ud8a0 \n1', max_size=60))
def test_any_text_is_accepted_or_told(text: str) -> None:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict) and not _SURROGATES.search(text):
        accept(text)
    else:
        with contextlib.suppress(body.BodyProblem):
            accept(text)
            assert isinstance(value, dict)


# ------------------------------------------------------------------------------------------------ markers


def marker(how: body.How = "base64", *, team: uuid.UUID = TEAM, file: uuid.UUID = FILE) -> str:
    return body.make_marker(team_id=team, file_id=file, how=how)


def found(text: str, team: uuid.UUID = TEAM) -> list[tuple[uuid.UUID, str, str]]:
    return [(m.file_id, m.how, text[m.start : m.end]) for m in body.markers(text, team_id=team)]


def test_genuine_markers_are_found_in_order_with_their_quotes() -> None:
    ways = [marker(how) for how in body.HOWS]
    text = json.dumps({"image": ways[0], "more": [ways[1], {"x": ways[2]}], "again": ways[0]})
    assert found(text) == [
        (FILE, how, f'"{way}"')
        for how, way in chain(zip(body.HOWS, ways, strict=True), [("base64", ways[0])])
    ]


@pytest.mark.parametrize("position", [-1, -16, -32])
def test_a_forged_signature_is_plain_text(position: int) -> None:
    genuine = marker()
    wrong = "0" if genuine[position] != "0" else "1"
    forged = genuine[: len(genuine) + position] + wrong + genuine[len(genuine) + position + 1 :]
    assert found(json.dumps({"image": forged})) == []


def test_a_signature_holds_for_one_way_of_sending_only() -> None:
    assert found(json.dumps({"image": marker("base64").replace(":base64:", ":upload:")})) == []


def test_another_teams_marker_is_plain_text() -> None:
    text = json.dumps({"image": marker(team=OTHER)})
    assert found(text) == []
    assert len(found(text, OTHER)) == 1


def test_a_marker_inside_other_words_is_plain_text() -> None:
    quoted = json.dumps({"prompt": f'He wrote "{marker()}" on the wall'})
    assert '\\"atelier-file' in quoted
    assert found(quoted) == []
    assert found(json.dumps({"prompt": f" {marker()}"})) == []
    assert found(json.dumps({"prompt": f"{marker()} "})) == []


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text.replace("-", ""),
        lambda text: text.replace("base64", "base65"),
        lambda text: text + "0",
    ],
)
def test_a_misspelt_marker_is_plain_text(change: object) -> None:
    assert callable(change)
    assert found(json.dumps({"image": change(marker())})) == []


def test_other_writing_of_the_same_string_stays_text() -> None:
    text = '{"image": "\\u0061' + marker()[1:] + '"}'
    assert json.loads(text)["image"] == marker()
    assert found(text) == []


def test_many_markers_are_found_at_once() -> None:
    text = json.dumps(list(repeat(marker(), 500)))
    assert len(found(text)) == 500
