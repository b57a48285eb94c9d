"""What is written as JSONL or as a folder comes back to the character; what Postman keeps comes back, too."""

import io
import json
import re
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from playground.payloads.transfer import folder, jsonl, reading
from playground.payloads.transfer.collection import Collection
from playground.payloads.transfer.postman import read_collection
from playground.payloads.transfer.records import Record
from playground.payloads.variables import Kind, Variable, fill
from tests.payloads.transfer.postman_schema import COLLECTION

# A busy machine is no fault of what is tested.
EXACT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Everything but halves of characters and NUL, which nothing can keep.
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
SPACE = st.text(" \t\r\n", max_size=4)
LITERALS = st.one_of(
    st.sampled_from(["1.0", "-0", "1E400", "0.10", "9" * 5000, "true", "null", "{}", "[ ]"]),
    st.sampled_from(['"\\u00e9\\/"', '"\\ud83d\\ude00"']),
    WORDS.map(lambda text: json.dumps(text, ensure_ascii=False)),
    WORDS.map(json.dumps),
)  # fmt: skip
MEMBERS = st.tuples(st.sampled_from(['"a"', '"a"', '"b\\u0062"', '"ü"']), LITERALS, SPACE)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """JSON as nobody would write it: spaces anywhere, a name twice, numbers without end."""
    members = draw(st.lists(MEMBERS, max_size=5))
    inner = ",".join(f"{space}{name}{space}:{space}{value}{space}" for name, value, space in members)
    return f"{draw(SPACE)}{{{inner}{draw(SPACE)}}}{draw(SPACE)}"


VARIABLES = st.builds(
    Variable, st.sampled_from(["a", "b_1", "Seed"]), st.sampled_from(list(Kind)), st.none() | WORDS,
    st.lists(WORDS, max_size=3).map(tuple), WORDS,
)  # fmt: skip
RECORDS = st.builds(
    Record,
    name=WORDS.filter(str.strip),
    endpoint=st.just("painter"),
    version=st.sampled_from([1, 2]),
    text=texts(),
    folder=st.sampled_from(["", "a", "a/b", "A/con", "ü/🎉", "x" * 120]),
    tags=st.lists(WORDS, max_size=3).map(tuple),
    run_tag=WORDS,
    notes=WORDS,
    variables=st.lists(VARIABLES, max_size=3).map(tuple),
    message=WORDS,
    id=st.uuids().map(str),
    number=st.integers(0, 999),
)  # fmt: skip


@given(st.lists(RECORDS, max_size=2))
@EXACT
def test_lines_come_back_exactly(records: list[Record]) -> None:
    text = b"".join(jsonl.write(records)).decode()
    assert [found.record for found in jsonl.read(text, "all.jsonl")] == records


@given(st.lists(RECORDS, min_size=1, max_size=3, unique_by=lambda record: record.id))
@EXACT
def test_a_folder_comes_back_exactly(records: list[Record]) -> None:
    data = folder.write_zip(records)
    found = [one.record for one in reading.read(Upload(data)) if one.record is not None]
    assert sorted(found, key=lambda one: one.id) == sorted(records, key=lambda one: one.id)
    assert folder.write_zip(reversed(records)) == data


class Upload:
    def __init__(self, data: bytes, name: str = "upload", size: int | None = None) -> None:
        self._data = data
        self.name: str | None = name
        self.size: int | None = len(data) if size is None else size

    def read(self) -> bytes:
        return self._data


def test_a_file_reads_well_and_says_one_thing_in_a_line() -> None:
    text = '{\n  "prompt": "A {{animal}}",\n  "seed": 1.0\n}'
    record = Record("Fox", "painter", 1, text, "a/b", variables=(Variable("animal"),), notes="one\ntwo")
    ((path, data),) = [(path, folder.write(one)) for path, one in folder.named([record]).items()]
    assert path == "a/b/Fox.json"
    assert data.decode().endswith(f'  "body": {text}\n}}\n')
    assert '  "notes": [\n    "one",\n    "two"\n  ],\n' in data.decode()


def test_names_become_paths_that_every_system_takes() -> None:
    names = ["a/b", "..", "CON", "Fox", "fox", " x. ", "🎉" * 80, "\u202etxt"]
    records = [Record(name, "painter", 1, "{}", id=str(number)) for number, name in enumerate(names)]
    paths = list(folder.named(records))
    assert paths[:6] == ["a-b.json", "unnamed.json", "_CON.json", "Fox.json", "fox~4.json", "x.json"]
    assert all(len(path.encode()) <= 130 and "\u202e" not in path for path in paths)
    assert len({path.casefold() for path in paths}) == len(records)


def test_no_file_has_the_path_of_a_folder() -> None:
    records = [
        Record("Fox", "painter", 1, "{}", id="one"),
        Record("Owl", "painter", 1, "{}", "fox.JSON/b", id="two"),
        Record("fox.json", "painter", 1, "{}", id="three"),
    ]
    assert list(folder.named(records)) == ["Fox~one.json", "fox.json.json", "fox.JSON/b/Owl.json"]


def test_a_file_that_was_edited_by_hand_is_read_with_its_body_as_it_stands() -> None:
    text = '{"endpoint": "painter", "body": {"a": 1.0,\n "a":  2} , "version": 2, "name": "Fox"}\n'
    found = folder.read(text, "fox.json")
    assert found.record == Record("Fox", "painter", 2, '{"a": 1.0,\n "a":  2}')


# Postman ------------------------------------------------------------------------------------------------


def back(*records: Record) -> list[Record]:
    data = json.loads(Collection(records, "Payloads of Studio").write(), parse_int=str, parse_float=str)
    return [one.record for one in read_collection(data, "file.json") if one.record is not None]


@given(texts(), WORDS.filter(str.strip), st.none() | WORDS)
@EXACT
def test_postman_keeps_name_folder_body_and_defaults(text: str, name: str, default: str | None) -> None:
    text = text.replace("\r", "")  # Postman on Windows writes CRLF, so a reader has to choose one
    body = f'{{"v": "{{{{word}}}}", "w": "{{{{n}}}}", "x": "n {{{{n}}}}", "y": {text}}}'
    variables = (
        Variable("word", default=default, description="Which"),
        Variable("n", Kind.INTEGER, "12345678901234567890"),
    )
    record = Record(name.strip(), "painter", 2, body, "a/b", variables=variables)
    (found,) = back(record)
    assert (found.name, found.folder, found.version, found.text) == (record.name, "a/b", 2, body)
    given_values = {} if default is not None else {"word": "w"}
    assert fill(found.text, found.variables, given_values) == fill(body, variables, given_values)
    assert {one.name: (one.default, one.description) for one in found.variables} == {
        "word": (default, "Which"), "n": ("12345678901234567890", ""),
    }  # fmt: skip


def test_a_whole_collection_has_the_key_as_a_variable_and_names_the_rest() -> None:
    seed, other = Variable("seed", Kind.INTEGER, "7"), Variable("seed", Kind.INTEGER, "8")
    marker = "atelier-file:01234567-89ab-cdef-0123-456789abcdef:base64:" + "0" * 32
    made = Collection(
        [
            Record("One", "painter", 1, '{"seed": "{{seed}}"}', variables=(seed,)),
            Record("Two", "painter", 2, '{"seed": "{{seed}}", "word": "{{plain}}"}', "a", variables=(other,)),
            Record("Three", "painter", 1, f'{{"image": "{marker}"}}', "a/b", notes="Read **me**"),
            Record("Four", "painter", 1, '{"a": "{{plain}}"}', variables=(Variable("plain", default="x"),)),
        ],
        "Payloads of Studio",
    )
    data: dict[str, Any] = json.loads(made.write())
    Draft202012Validator(COLLECTION).validate(data)
    assert data["info"]["schema"].endswith("/collection/v2.1.0/collection.json")
    assert data["auth"]["apikey"][1] == {"key": "value", "value": "{{segmind_api_key}}", "type": "string"}
    assert [row["key"] for row in data["variable"]] == [
        "segmind_api_key",
        "seed",
        "seed_2",
        "image",
        "plain_2",
    ]
    assert data["variable"][0]["value"] == ""
    folder_a, one, four = data["item"]
    assert one["request"]["body"]["raw"] == '{"seed": {{seed}}}'
    assert one["request"]["url"]["raw"].endswith("/v1/painter")
    assert four["request"]["body"]["raw"] == '{"a": "{{plain_2}}"}'
    inner, two = folder_a["item"]
    assert two["request"]["body"]["raw"] == '{"seed": {{seed_2}}, "word": "{{plain}}"}'
    assert inner["item"][0]["request"]["description"] == "Read **me**"
    assert made.changes == [
        "Two: the variable seed is called seed_2.",
        "Two: {{plain}} is plain words here; Postman puts a value there if you have one of that name.",
        "Three: a file stays here (line 1, now {{image}}).",
        "Four: the variable plain is called plain_2.",
    ]
    assert all(change in data["info"]["description"] for change in made.changes)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ('{"image": "https://fox.example/?k={{segmind_api_key}}"}', ()),
        ('{"image": "https://fox.example/?k={{Segmind_API_Key}}&l={{segmind_api_key_2}}"}', ()),
        ('{"a": "{{x}}"}', (Variable("x", default="{{segmind_api_key}}"),)),
        ('{"a": "{{seg{{x}}_key}}"}', (Variable("x", default="mind_api"),)),
        ('{"a": "{{x}}{{y}}"}', (Variable("x", default="{{segmind_"), Variable("y", default="api_key}}"))),
    ],
)
def test_no_text_takes_the_key_of_whoever_opens_a_collection(
    text: str, variables: tuple[Variable, ...]
) -> None:
    made = Collection([Record("Fox", "painter", 1, text, variables=variables)], "Studio")
    data: dict[str, Any] = json.loads(made.write())
    (item,), key = data["item"], data["variable"][0]["key"]
    assert data["auth"]["apikey"][1]["value"] == f"{{{{{key}}}}}"
    sent, rows = item["request"]["body"]["raw"], data["variable"][1:]
    for _ in range(4):  # as Postman does it, which looks at what it has put there, too
        for row in rows:
            sent = sent.replace(f"{{{{{row['key']}}}}}", row.get("value", ""))
    assert f"{{{{{key}}}}}".casefold() not in sent.casefold()
    undeclared = {
        name for name in re.findall(r"\{\{(\w+)\}\}", text) if name not in {v.name for v in variables}
    }
    assert all(any(f"{{{{{name}}}}} is plain words" in one for one in made.changes) for name in undeclared)


def test_variables_of_one_name_are_told_apart_by_what_they_say() -> None:
    defaults = ["a", "b", "a", "c", "b", None]
    records = [
        Record(
            f"R{number}", "painter", 1, '{"x": "{{word}}"}', variables=(Variable("word", default=default),)
        )
        for number, default in enumerate(defaults)
    ]
    data: dict[str, Any] = json.loads(Collection(records, "Studio").write())
    names = [re.findall(r"\w+", item["request"]["body"]["raw"])[1] for item in data["item"]]
    assert names == ["word", "word_2", "word", "word_3", "word_2", "word_4"]
    assert [row["key"] for row in data["variable"][1:]] == ["word", "word_2", "word_3", "word_4"]


def test_a_zip_has_no_times_and_no_more_than_the_files() -> None:
    data = folder.write_zip([Record("Fox", "painter", 1, "{}", "a")])
    (entry,) = zipfile.ZipFile(io.BytesIO(data)).infolist()
    assert (entry.filename, entry.date_time[0]) == ("a/Fox.json", 1980)
