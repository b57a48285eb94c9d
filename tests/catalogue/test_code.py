"""The programs as text. What they do when they run is in test_code_runs.py."""

import ast
import json
import shlex
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.catalogue.code import (
    deadline_for,
    javascript_text,
    python_text,
    shell_text,
    snippets,
    without_files,
)

MARKER = "atelier-file:01900000-0000-7000-8000-000000000001:{}:" + "ab" * 16
# Text a form can hold: no NUL and no half of a pair.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def test_one_program_for_each_language() -> None:
    found = snippets("veo-3", 2, "{}")
    assert [(one.language, one.title) for one in found] == [
        ("curl", "cURL"),
        ("python", "Python"),
        ("segmind", "Segmind SDK"),
        ("javascript", "JavaScript"),
    ]


@pytest.mark.parametrize("version", [1, 2])
def test_each_names_endpoint_version_key_and_the_danger(version: int) -> None:
    for one in snippets("veo-3", version, '{"prompt": "x"}'):
        assert "veo-3" in one.code
        assert "https://api.segmind.com/v" in one.code
        assert "SEGMIND_API_KEY" in one.code
        assert "can be billed" in one.code
        assert "@@" not in one.code


def test_the_address_is_the_one_given() -> None:
    for one in snippets("veo-3", 2, "{}", base_url="http://127.0.0.1:9"):
        assert "http://127.0.0.1:9/v" in one.code
        assert "api.segmind.com" not in one.code


def test_blanks_inside_a_body_are_only_text() -> None:
    body = '{"prompt": "@@SLUG@@ @@BODY@@ @@NOTHING@@"}'
    for one in snippets("veo-3", 1, body):
        assert "@@SLUG@@ @@BODY@@ @@NOTHING@@" in one.code


def test_files_become_placeholders_that_are_explained() -> None:
    body = json.dumps({"image": MARKER.format("base64"), "urls": [MARKER.format("upload")]})
    text, placeholders = without_files(body)
    assert json.loads(text) == {"image": "BASE64_OF_FILE_1", "urls": ["URL_OF_FILE_2"]}
    assert [name for name, _ in placeholders] == ["BASE64_OF_FILE_1", "URL_OF_FILE_2"]
    for one in snippets("veo-3", 1, body):
        assert "atelier-file:" not in one.code
        assert "Replace BASE64_OF_FILE_1 by the file as base64 text." in one.code
        assert "Replace URL_OF_FILE_2 by an https address of the file." in one.code


@pytest.mark.parametrize("text", ['{"a": "atelier-file:x"}', '{"a": "see ' + MARKER.format("base64") + '"}'])
def test_what_only_looks_like_a_file_stays(text: str) -> None:
    assert without_files(text) == (text, [])


@given(texts)
def test_a_python_literal_is_the_text(text: str) -> None:
    assert ast.literal_eval(python_text(text)) == text


@given(texts)
def test_a_shell_word_is_the_text(text: str) -> None:
    assert shlex.split(shell_text(text)) == [text]


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ('{"a": "x\\n"}\n', 'String.raw`{"a": "x\\n"}\n`'),
        ("`", '"`"'),
        ("${x}", '"${x}"'),
        ("a\\", '"a\\\\"'),
        ("a\r\n", '"a\\r\\n"'),
    ],
)
def test_a_javascript_literal_is_raw_where_that_is_exact(text: str, literal: str) -> None:
    assert javascript_text(text) == literal


@pytest.mark.parametrize(
    ("latency", "seconds"), [(None, 600), ("3", 600), ("289", 840), ("720", 2160), ("9000", 3600)]
)
def test_the_deadline_follows_the_usual_time(latency: str | None, seconds: int) -> None:
    assert deadline_for(None if latency is None else Decimal(latency)) == seconds


def test_the_programs_in_python_compile() -> None:
    for version in (1, 2):
        for one in snippets("veo-3", version, '{"prompt": "x"}'):
            if one.language in ("python", "segmind"):
                compile(one.code, one.language, "exec")
