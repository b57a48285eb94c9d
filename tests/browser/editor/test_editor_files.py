"""File fields: choose, drop, paste, errors with retry, the warning before a public address, and the chip."""

from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.editor.conftest import Open
from tests.browser.editor.harness import Answer, Harness

pytestmark = pytest.mark.browser

URI = {"type": "string", "format": "uri"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "image": URI,
        "image_url": URI,
        "image_urls": {"type": "array", "items": URI, "maxItems": 2},
        "prompt": {"type": "string"},
    },
}
PNG = FilePayload(name="boat.png", mimeType="image/png", buffer=b"\x89PNG" + b"0" * 2000)


def text_of(page: Page) -> str:
    text: str = page.evaluate("window.editor.text")
    return text


def choose(page: Page, field: str, *files: FilePayload) -> None:
    with page.expect_file_chooser() as chooser:
        words = "Choose files" if field.endswith("s") else "Choose file"
        page.get_by_role("button", name=f"{words} for {field}", exact=True).click()
    chooser.value.set_files(list(files))


def send_event(page: Page, kind: str, selector: str) -> None:
    """Drops or pastes a picture as a browser would."""
    page.evaluate(
        """([kind, selector]) => {
            const data = new DataTransfer();
            data.items.add(new File(["picture"], "pasted.png", {type: "image/png"}));
            const target = document.querySelector(selector);
            const options = {bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data};
            const Kind = kind === "drop" ? DragEvent : ClipboardEvent;
            target.dispatchEvent(new Kind(kind, options));
        }""",
        [kind, selector],
    )


def test_a_chosen_file_becomes_a_marker(open_editor: Open, harness: Harness) -> None:
    page = open_editor('{"prompt": "x",  "n": 1.0}', SCHEMA)
    choose(page, "image", PNG)
    expect(page.get_by_role("link", name="boat.png")).to_be_visible()
    marker = harness.info(name="boat.png", how="base64")["marker"]
    assert text_of(page) == f'{{"prompt": "x",  "n": 1.0,  "image": "{marker}"}}'
    assert harness.received == [{"name": "boat.png", "how": "base64", "csrf": "token-of-the-page"}]
    expect(page.locator(".file-chip")).to_contain_text("sha256 9f2c…")
    page.get_by_role("button", name="Remove boat.png").click()
    assert text_of(page) == '{"prompt": "x",  "n": 1.0}'


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_drop_and_paste(open_editor: Open, harness: Harness, kind: str) -> None:
    page = open_editor("{}", SCHEMA)
    send_event(page, kind, '[data-field="image"] input')
    expect(page.get_by_role("link", name="pasted.png")).to_be_visible()
    assert harness.received[0]["how"] == "base64"


def test_an_upload_says_first_that_the_address_is_public(open_editor: Open, harness: Harness) -> None:
    page = open_editor("{}", SCHEMA)
    choose(page, "image_url", PNG)
    expect(page.get_by_text("The address is public and cannot be deleted.")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert harness.received == []
    choose(page, "image_url", PNG)
    page.get_by_role("button", name="Upload, public").click()
    expect(page.get_by_role("link", name="boat.png")).to_be_visible()
    assert harness.received[0]["how"] == "upload"


def test_how_a_file_is_sent_can_be_changed(open_editor: Open, harness: Harness) -> None:
    info = harness.info(name="boat.png", how="base64")
    page = open_editor(f'{{"image": "{info["marker"]}"}}', SCHEMA, files={info["marker"]: info})
    how = page.get_by_label("How boat.png is sent")
    how.select_option("data-uri")
    # The choice shows at once; the text follows when the server has answered with the other marker.
    page.wait_for_function("window.editor.text.includes(':data-uri:')")
    expect(page.get_by_label("How boat.png is sent")).to_have_value("data-uri")
    page.get_by_label("How boat.png is sent").select_option("upload")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("How boat.png is sent")).to_have_value("data-uri")
    page.keyboard.press("Control+z")
    expect(page.get_by_label("How boat.png is sent")).to_have_value("base64")


def test_errors_stand_at_the_field_and_lost_connections_offer_a_retry(
    open_editor: Open, harness: Harness
) -> None:
    page = open_editor('{"prompt": "kept"}', SCHEMA, expect=("413", "415", "ERR_", "net::"))
    harness.answers = [
        Answer(413),
        Answer(415, {"error": "A PNG, JPEG or WebP picture is needed."}),
        Answer(0),
    ]
    choose(page, "image", PNG)
    expect(page.get_by_text("This file is too large.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    page.get_by_role("button", name="Dismiss boat.png").click()
    choose(page, "image", PNG)
    expect(page.get_by_text("A PNG, JPEG or WebP picture is needed.")).to_be_visible()
    page.get_by_role("button", name="Dismiss boat.png").click()
    choose(page, "image", PNG)
    expect(page.get_by_text("The connection was lost. Nothing was added.")).to_be_visible()
    assert text_of(page) == '{"prompt": "kept"}'
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name="boat.png")).to_be_visible()


def test_a_list_takes_many_files_in_order(open_editor: Open, harness: Harness) -> None:
    page = open_editor('{"image_urls": ["https://a"]}', SCHEMA)
    choose(page, "image_urls", PNG)
    page.get_by_role("button", name="Send as data URI").click()
    expect(page.get_by_role("link", name="boat.png")).to_be_visible()
    marker = harness.info(name="boat.png", how="data-uri")["marker"]
    assert text_of(page) == f'{{"image_urls": ["https://a", "{marker}"]}}'
    expect(page.get_by_role("button", name="Choose files for image_urls")).to_be_hidden()
    page.get_by_label("image_url 1", exact=True).press("Alt+ArrowDown")
    assert text_of(page) == f'{{"image_urls": ["{marker}", "https://a"]}}'


def test_base64_in_the_text_is_a_chip_in_both_views(open_editor: Open) -> None:
    text = '{"image": "iVBORw0KGgo' + "A" * 1_700_000 + '", "seed": 12345678901234567890}'
    page = open_editor(text, SCHEMA)
    expect(page.locator(".file-chip")).to_contain_text("image 1.3 MB")
    page.get_by_role("tab", name="JSON").click()
    expect(page.locator(".editor-inline-chip")).to_contain_text("image 1.3 MB · plain base64")
    page.get_by_role("tab", name="Form").click()
    page.get_by_role("textbox", name="prompt").fill("x")
    assert text_of(page) == text[:-1] + ', "prompt": "x"}'


def test_markers_are_chips_in_the_json_view(open_editor: Open, harness: Harness) -> None:
    info = harness.info(name="boat.png", how="upload")
    forged = info["marker"].replace("0001:", "0009:")
    page = open_editor(
        f'{{"image": "{info["marker"]}", "image_url": "{forged}"}}', SCHEMA, files={info["marker"]: info}
    )
    expect(page.get_by_text("Unknown file 0190aaaa…")).to_be_visible()
    page.get_by_role("tab", name="JSON").click()
    expect(page.locator(".editor-inline-chip").first).to_have_text(
        "boat.png · 1.3 MB · 9f2c… · upload to Segmind"
    )
    expect(page.locator(".cm-content")).not_to_contain_text("atelier-file")


def test_the_preset_of_how(open_editor: Open) -> None:
    page = open_editor("{}", SCHEMA)
    names = [
        "image_url",
        "image_urls",
        "image_input",
        "start_image_url",
        "image",
        "face_image",
        "input_audio",
        "reference_images",
    ]
    found = page.evaluate(
        """async (names) => {
            const {presetHow} = await import("/static/js/editor/editor.js");
            return names.map((name) => presetHow(name, {type: "string", format: "uri"}));
        }""",
        names,
    )
    assert found == ["upload"] * 4 + ["base64"] * 4
