"""Every kind of field, lists, nested values, fields the schema does not know; by keyboard and with axe."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.editor.conftest import Open

pytestmark = pytest.mark.browser

URI = {"type": "string", "format": "uri"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string", "description": "What to draw."},
        "style": {"type": "string", "default": "base"},
        "scheduler": {"type": "string", "default": "Euler", "examples": ["Euler", "UniPC"]},
        "steps": {"type": "integer", "minimum": 1, "maximum": 50, "default": 20},
        "scale": {"type": "number", "minimum": 0, "maximum": 1},
        "width": {"type": "integer", "default": 1024, "multipleOf": 8},
        "seed": {"type": "integer", "default": -1},
        "duration": {"type": "string", "enum": ["5", "10"], "default": "5"},
        "quality": {"type": "integer", "enum": [1, 2, 3, 4, 5], "default": 3},
        "hd": {"type": "boolean", "default": True},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        "response_format": {"type": "object"},
        "messages": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "properties": {
                    "role": {"type": "string", "enum": ["user", "assistant"]},
                    "content": {
                        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]
                    },
                },
            },
        },
        "elements": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"front_url": URI, "weights": {"type": "array", "items": {"type": "number"}}},
            },
        },
    },
}


def text_of(page: Page) -> str:
    text: str = page.evaluate("window.editor.text")
    return text


def open_more(page: Page) -> None:
    page.get_by_text("More settings").click()


def test_short_fields_write_their_type(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    open_more(page)
    page.get_by_role("textbox", name="prompt").fill("a\nb")
    page.get_by_label("style", exact=True).fill("5")
    page.get_by_label("scheduler", exact=True).fill("UniPC")
    page.get_by_label("width", exact=True).fill("512")
    page.get_by_role("group", name="duration").or_(
        page.get_by_role("radiogroup", name="duration")
    ).get_by_text("10").click()
    page.get_by_label("quality", exact=True).select_option("5")
    page.get_by_role("switch", name="hd").click()
    assert text_of(page) == (
        '{\n  "prompt": "a\\nb",\n  "style": "5",\n  "scheduler": "UniPC",\n  "width": 512,\n  "duration": "10",\n'
        '  "quality": 5,\n  "hd": false\n}'
    )


def test_a_range_has_a_slider_and_a_number(open_editor: Open) -> None:
    page = open_editor('{"steps": 5}', SCHEMA)
    slider = page.get_by_label("steps, slider")
    slider.press("ArrowRight")
    assert text_of(page) == '{"steps": 6}'
    page.get_by_label("steps", exact=True).fill("10")
    expect(slider).to_have_value("10")
    page.get_by_label("steps", exact=True).press("ArrowUp")
    assert text_of(page) == '{"steps": 11}'
    page.get_by_label("scale, slider").press("ArrowRight")
    assert text_of(page) == '{"steps": 11, "scale": 0.01}'


def test_a_choice_goes_back_to_absent(open_editor: Open) -> None:
    page = open_editor('{"quality": 9, "prompt": "x"}', SCHEMA)
    open_more(page)
    quality = page.get_by_label("quality", exact=True)
    expect(quality.locator("option:checked")).to_have_text("9 (not in the list)")
    expect(page.get_by_text("Not one of 1, 2, 3, 4, 5.")).to_be_visible()
    quality.select_option("")
    assert text_of(page) == '{"prompt": "x"}'


def test_seed_random_and_pin(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    page.get_by_role("button", name="Random").click()
    assert text_of(page) == '{\n  "seed": -1\n}'
    page.evaluate("window.editor.setLastSeed('12345678901234567890')")
    page.get_by_role("button", name="Pin").click()
    assert text_of(page) == '{\n  "seed": 12345678901234567890\n}'
    expect(page.get_by_label("seed", exact=True)).to_have_value("12345678901234567890")


def test_lists_grow_shrink_and_reorder_by_keyboard(open_editor: Open) -> None:
    page = open_editor('{"tags": ["a",  "b"], "z": 1.0}', SCHEMA)
    open_more(page)
    page.get_by_label("tag 1", exact=True).press("Alt+ArrowDown")
    assert text_of(page) == '{"tags": ["b",  "a"], "z": 1.0}'
    page.get_by_role("button", name="Add tag").press("Enter")
    page.keyboard.type("c")
    assert text_of(page) == '{"tags": ["b",  "a",  "c"], "z": 1.0}'
    expect(page.get_by_role("button", name="Add tag")).to_be_disabled()
    page.get_by_role("button", name="Remove tag 2").click()
    assert text_of(page) == '{"tags": ["b",  "c"], "z": 1.0}'
    page.get_by_role("button", name="Move tag 2 up").click()
    assert text_of(page) == '{"tags": ["c",  "b"], "z": 1.0}'
    page.get_by_role("button", name="Clear tags").click()
    assert text_of(page) == '{"z": 1.0}'


def test_messages_have_role_and_content_as_text_or_parts(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    open_more(page)
    page.get_by_role("button", name="Add message").click()
    page.get_by_role("textbox", name="content").fill("Hello")
    assert text_of(page) == '{\n  "messages": [{"role": "user", "content": "Hello"}]\n}'
    page.get_by_text("assistant", exact=True).click()
    page.get_by_role("button", name="Make it a list of parts").click()
    assert (
        text_of(page)
        == '{\n  "messages": [{"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}]\n}'
    )
    page.get_by_role("button", name="Make it plain text").click()
    assert text_of(page) == '{\n  "messages": [{"role": "assistant", "content": "Hello"}]\n}'


def test_nested_objects_keep_what_they_do_not_know(open_editor: Open) -> None:
    page = open_editor('{"elements": [{"front_url": "https://a", "x": 1.0}]}', SCHEMA)
    open_more(page)
    page.get_by_label("front_url", exact=True).fill("https://b")
    page.get_by_role("button", name="Add weight").click()
    assert text_of(page) == '{"elements": [{"front_url": "https://b", "x": 1.0, "weights": [0]}]}'
    expect(page.get_by_text("Also kept: x.")).to_be_visible()


def test_an_object_without_properties_is_edited_as_json(open_editor: Open) -> None:
    page = open_editor('{"prompt": "x"}', SCHEMA)
    open_more(page)
    field = page.get_by_label("response_format", exact=True)
    field.fill('{"type": 1.0')
    assert text_of(page) == '{"prompt": "x"}'
    assert page.evaluate("window.editor.valid") is False
    field.press_sequentially("}")
    assert text_of(page) == '{"prompt": "x", "response_format": {"type": 1.0}}'


def test_a_value_of_another_type_is_shown_as_it_is(open_editor: Open) -> None:
    page = open_editor('{"steps": "5", "hd": "yes"}', SCHEMA)
    open_more(page)
    expect(page.get_by_label("steps", exact=True)).to_have_value('"5"')
    expect(page.get_by_text("Expected a whole number (this is text).")).to_be_visible()
    expect(page.get_by_label("hd", exact=True)).to_have_value('"yes"')
    page.get_by_label("steps", exact=True).fill("7")
    expect(page.get_by_label("steps, slider")).to_have_value("7")


def test_unknown_fields_are_kept_and_editable(open_editor: Open) -> None:
    page = open_editor('{"prompt": "x", "odd": [1.0], "more": {"a":1}}', SCHEMA)
    page.get_by_text("2 other fields kept").click()
    page.get_by_label("odd", exact=True).fill("[1.0, 2.0]")
    assert text_of(page) == '{"prompt": "x", "odd": [1.0, 2.0], "more": {"a":1}}'
    page.get_by_role("button", name="Add field").click()
    page.get_by_label("Name of the new field").fill("odd")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("odd is already there.")).to_be_visible()
    page.get_by_label("Name of the new field").fill("extra")
    page.keyboard.press("Enter")
    assert text_of(page) == '{"prompt": "x", "odd": [1.0, 2.0], "more": {"a":1}, "extra": ""}'
    expect(page.get_by_label("extra", exact=True)).to_be_focused()


def test_without_a_schema_fields_are_guessed_from_the_text(open_editor: Open) -> None:
    page = open_editor('{"prompt": "x", "n": 1.0, "ok": true, "tags": ["a"], "image_url": "", "o": {"a": 1}}')
    expect(page.locator(".editor-counter")).to_have_text("6 fields")
    page.get_by_label("n", exact=True).fill("2.0")
    page.get_by_role("switch", name="ok").click()
    page.get_by_label("a", exact=True).fill("7")
    assert (
        text_of(page)
        == '{"prompt": "x", "n": 2.0, "ok": false, "tags": ["a"], "image_url": "", "o": {"a": 7}}'
    )
    expect(page.get_by_role("button", name="Choose file for image_url")).to_be_visible()


def test_broken_text_hides_the_form_and_keeps_the_text(open_editor: Open) -> None:
    page = open_editor('{\n  "prompt": "x"\n  "steps": 3\n}', SCHEMA)
    expect(page.get_by_text("Not JSON at line 3, column 3")).to_be_visible()
    expect(page.get_by_role("textbox", name="prompt")).to_be_hidden()
    page.get_by_role("button", name="Show in JSON").click()
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.type(",")
    page.get_by_role("tab", name="Form").click()
    expect(page.get_by_label("steps", exact=True)).to_have_value("3")


def test_an_empty_required_field_is_news_only_after_a_try(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    missing = page.get_by_text("prompt is missing; the model asks for it.")
    expect(missing).to_be_hidden()
    page.get_by_role("textbox", name="prompt").press("Control+Enter")
    expect(missing).to_be_visible()
    box = page.get_by_role("textbox", name="prompt")
    described = (box.get_attribute("aria-describedby") or "").split()
    assert any("prompt is missing" in page.locator(f"#{name}").inner_text() for name in described)


def test_the_open_view_and_more_settings_are_remembered(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    open_more(page)
    page.get_by_role("tab", name="JSON").click()
    page.reload()
    page.get_by_role("tablist").wait_for()
    expect(page.get_by_role("tab", name="JSON")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Form").click()
    expect(page.get_by_label("quality", exact=True)).to_be_visible()


def test_by_keyboard_alone(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    page.get_by_role("tab", name="Form").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="JSON")).to_be_focused()
    expect(page.locator(".cm-content")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Clear prompt")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("s")
    assert text_of(page) == '{\n  "prompt": "by keyboard",\n  "style": "s"\n}'


FULL = (
    '{"prompt": "x", "steps": 500, "tags": ["a"], "messages": [{"role": "user", "content": "x"}], '
    '"seed": -1, "odd": 1}'
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(open_editor: Open, width: int, scheme: str) -> None:
    page = open_editor(FULL, SCHEMA, width=width, scheme=scheme)
    open_more(page)
    page.get_by_text("1 other field kept").click()
    page.get_by_role("button", name="Add field").click()
    for view in ("Form", "JSON"):
        page.get_by_role("tab", name=view).click()
        page.wait_for_timeout(600)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
