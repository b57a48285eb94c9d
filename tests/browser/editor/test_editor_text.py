"""The text is the truth: what was not touched survives byte for byte; what is wrong is said with its place."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.editor.conftest import Open

pytestmark = pytest.mark.browser

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "seed": {"type": "integer", "default": -1},
        "scale": {"type": "number"},
        "steps": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
        "duration": {"type": "string", "enum": ["5", "10"]},
        "hd": {"type": "boolean"},
    },
}
ODD = (
    '{ "zeta" :12345678901234567890,\n\t"prompt":"a \\u00e9 boat" , "scale": 1.0,\n\n'
    '   "seed":  9007199254740993, "zeta":1e2, "list":[ 1,2 ,3.50 ],"n":{"a" : 1.10}\n}\n'
)


def text_of(page: Page) -> str:
    text: str = page.evaluate("window.editor.text")
    return text


def codes(page: Page, severity: str) -> list[str]:
    found: list[str] = page.evaluate(
        "severity => window.editor.diagnostics().filter((d) => d.severity === severity).map((d) => d.code)",
        severity,
    )
    return found


def test_a_changed_field_replaces_only_its_own_characters(open_editor: Open) -> None:
    page = open_editor(ODD, SCHEMA)
    page.get_by_label("scale", exact=True).fill("2.50")
    assert text_of(page) == ODD.replace('"scale": 1.0', '"scale": 2.50')
    page.get_by_role("textbox", name="prompt").fill("x")
    assert text_of(page) == ODD.replace('"scale": 1.0', '"scale": 2.50').replace('"a \\u00e9 boat"', '"x"')


def test_looking_at_every_view_changes_nothing(open_editor: Open) -> None:
    page = open_editor(ODD, SCHEMA)
    for view in ("JSON", "Code", "Form"):
        page.get_by_role("tab", name=view).click()
        if view == "Code":
            expect(page.get_by_text("curl for this text")).to_be_visible()
    expect(page.locator(".editor-form")).to_be_visible()
    assert text_of(page) == ODD
    assert page.locator("textarea[name=body]").input_value() == ODD


@pytest.mark.parametrize("typed", ["1.0", "12345678901234567890", "-0", "1e-7", "0.10", "1.0E+2"])
def test_a_number_is_written_as_typed(open_editor: Open, typed: str) -> None:
    page = open_editor('{"scale": 3}', SCHEMA)
    page.get_by_label("scale", exact=True).fill(typed)
    assert text_of(page) == f'{{"scale": {typed}}}'


def test_text_that_looks_like_a_number_stays_text(open_editor: Open) -> None:
    page = open_editor('{"duration": "5"}', SCHEMA)
    page.get_by_text("10", exact=True).click()
    assert text_of(page) == '{"duration": "10"}'
    assert codes(page, "warning") == ["required"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "scale": 1.0\n}\n'),
        ("{}", '{\n  "scale": 1.0\n}'),
        ('{"a":1}', '{"a":1, "scale":1.0}'),
        ('{"a":1,"b":2}', '{"a":1,"b":2,"scale":1.0}'),
        ('{\n    "a": 1\n}\n', '{\n    "a": 1,\n    "scale": 1.0\n}\n'),
        ('{\r\n\t"a" : [1],\r\n\t"b" : 2\r\n}', '{\r\n\t"a" : [1],\r\n\t"b" : 2,\r\n\t"scale" : 1.0\r\n}'),
    ],
)
def test_a_new_key_takes_the_spacing_of_its_neighbours(open_editor: Open, before: str, after: str) -> None:
    page = open_editor("{}", SCHEMA)
    page.evaluate("text => window.editor.setText(text)", before)
    page.get_by_label("scale", exact=True).fill("1.0")
    assert text_of(page) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"scale": 1}', "{}"),
        ('{"scale": 1, "b":2}', '{"b":2}'),
        ('{"a":1,  "scale": 1}', '{"a":1}'),
        ('{"a":1,\n "scale": 1,\n "b":2}', '{"a":1,\n "b":2}'),
        ('{"scale":1,"a":1,"scale":2}', '{"a":1}'),
    ],
)
def test_clear_takes_the_key_away(open_editor: Open, before: str, after: str) -> None:
    page = open_editor(before, SCHEMA)
    page.get_by_role("button", name="Clear scale").click()
    assert text_of(page) == after
    expect(page.get_by_label("scale", exact=True)).to_be_focused()


def test_an_untouched_field_stays_absent(open_editor: Open) -> None:
    page = open_editor('{"prompt": "x"}', SCHEMA)
    steps = page.get_by_label("steps", exact=True)
    steps.focus()
    steps.press("Tab")
    assert steps.get_attribute("placeholder") == "20"
    assert text_of(page) == '{"prompt": "x"}'


def test_unfinished_numbers_are_not_written_and_block(open_editor: Open) -> None:
    page = open_editor('{"scale": 3}', SCHEMA)
    scale = page.get_by_label("scale", exact=True)
    scale.fill("1.")
    assert text_of(page) == '{"scale": 3}'
    assert codes(page, "error") == ["unwritten"]
    assert scale.get_attribute("aria-invalid") == "true"
    expect(page.get_by_text("Not a finished number. The text keeps 3.")).to_be_visible()
    scale.press_sequentially("5")
    assert text_of(page) == '{"scale": 1.5}'
    assert codes(page, "error") == []


def test_one_undo_history_over_both_views(open_editor: Open) -> None:
    page = open_editor('{"prompt": "x", "scale": 1.0}', SCHEMA)
    page.get_by_label("scale", exact=True).fill("2")
    page.get_by_role("tab", name="JSON").click()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" ")
    assert text_of(page) == '{"prompt": "x", "scale": 2} '
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert text_of(page) == '{"prompt": "x", "scale": 1.0}'
    page.get_by_role("tab", name="Form").click()
    expect(page.get_by_label("scale", exact=True)).to_have_value("1.0")
    page.get_by_label("scale", exact=True).press("Control+Shift+z")
    expect(page.get_by_label("scale", exact=True)).to_have_value("2")


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ('{"a": 1,}', "syntax", 1, 9),
        ('{\n  "a": NaN\n}', "not-a-number", 2, 8),
        ('{"a": -Infinity}', "not-a-number", 1, 7),
        ('{"a": "\\ud800"}', "lone-surrogate", 1, 7),
        ('{\n"a" 1}', "syntax", 2, 5),
        ('{"a": [1, 2}', "syntax", 1, 12),
        ("[1, 2]", "not-an-object", 1, 1),
        ("  ", "empty", 1, 1),
        ('{"a":' * 51 + "1" + "}" * 51, "too-deep", 1, 251),
        ('{"a":' * 5000 + "1" + "}" * 5000, "too-deep", 1, 1),
        ('{"a": "' + "x" * 2_200_000 + '"}', "too-large", 1, 1),
    ],
)
def test_errors_have_a_place(open_editor: Open, text: str, code: str, line: int, column: int) -> None:
    page = open_editor("{}", SCHEMA)
    page.evaluate("text => window.editor.setText(text)", text)
    first = page.evaluate("window.editor.diagnostics().find((d) => d.severity === 'error')")
    assert (first["code"], first["line"], first["column"]) == (code, line, column)
    assert page.evaluate("window.editor.valid") is False
    assert text_of(page) == text


def test_fifty_levels_are_fine(open_editor: Open) -> None:
    page = open_editor('{"a":' * 50 + "1" + "}" * 50)
    assert codes(page, "error") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"prompt": "x", "a": 1, "a": 2}', "duplicate-key"),
        ('{"prompt": "x\\u0000"}', "nul"),
        ('{"prompt": 5}', "type"),
        ('{"prompt": "x", "steps": 500}', "range"),
        ('{"prompt": "x", "seed": 1.5}', "type"),
        ('{"prompt": "x", "duration": 5}', "type"),
        ('{"prompt": "x", "duration": "7"}', "enum"),
        ("{}", "required"),
    ],
)
def test_schemas_warn_and_never_block(open_editor: Open, text: str, code: str) -> None:
    page = open_editor(text, SCHEMA)
    assert code in codes(page, "warning")
    assert page.evaluate("window.editor.valid") is True


def test_ctrl_enter_submits_the_exact_text_once(open_editor: Open) -> None:
    page = open_editor('{"prompt": "x"}', SCHEMA)
    prompt = page.get_by_role("textbox", name="prompt")
    prompt.fill("y")
    page.get_by_label("scale", exact=True).press("Enter")
    assert page.evaluate("window.submitted ?? []") == []
    prompt.press("Control+Enter")
    page.get_by_role("tab", name="JSON").click()
    page.locator(".cm-content").press("Control+Enter")
    assert page.evaluate("window.submitted") == ['{"prompt": "y"}', '{"prompt": "y"}']


def test_without_script_the_textarea_is_the_editor(open_editor: Open) -> None:
    page = open_editor(ODD, SCHEMA)
    page.evaluate("window.editor.destroy()")
    body = page.locator("textarea[name=body]")
    expect(body).to_be_visible()
    expect(body).to_have_value(ODD)


def test_change_events_tell_the_page(open_editor: Open) -> None:
    page = open_editor('{"prompt": "x", "more": 1}', SCHEMA)
    expect(page.locator(".editor-counter")).to_have_text("6 parameters · 1 unknown field kept")
    page.get_by_label("scale", exact=True).fill("7")
    last = page.evaluate("window.changes.at(-1)")
    assert json.loads(last["text"]) == {"prompt": "x", "more": 1, "scale": 7}
    assert (last["valid"], last["origin"]) == (True, "form")
