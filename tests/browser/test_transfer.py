"""A Postman collection is imported and exported again. At both widths and in both schemes."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Open, check
from tests.browser.site import Site, unique
from tests.payloads.transfer.samples import collection, request, row
from tests.personas import LIVE_TEXT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LOOKS = [(1440, "light"), (390, "dark")]
ADDRESS = "{{base}}/v1/seedream-4.5"


def studio(word: str, path: Path) -> Path:
    """A collection with what people's have: folders, variables, a key, an example, and calls of other things."""
    fox = request(
        f"Fox {word}",
        '{\n  "prompt": "A {{animal}} in the snow",\n  "seed": {{seed}}\n}',
        url=ADDRESS,
        header=[row("x-api-key", LIVE_TEXT)],
        response=[{"name": "A good one", "code": 200}],
    )
    made = collection(
        {"name": "Portraits", "item": [fox, request(f"Owl {word}", '{"prompt": "owl"}', url=ADDRESS)]},
        {"name": "Balance", "request": {"method": "GET", "url": "{{base}}/v1/get-user-credits"}},
        variable=[row("base", "https://api.segmind.com"), row("animal", "red fox"), row("seed", 7)],
    )
    path.write_text(json.dumps(made))
    return path


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_collection_is_imported_and_exported(
    open_as: Open, site: Site, width: int, scheme: str, tmp_path: Path
) -> None:
    word = unique("snow")
    page = open_as("mia", width=width, scheme=scheme)
    page.goto(site.address("payloads/"))
    page.keyboard.press("i")
    expect(page.get_by_role("heading", name="Import payloads")).to_be_visible()
    check(page)
    too_large_is_said_at_once(page, tmp_path)
    page.get_by_label("File").set_input_files(studio(word, tmp_path / "studio.json"))
    page.get_by_label("Into the folder").fill(word)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Import 2 payloads?")).to_be_visible()
    expect(page.get_by_text("There was a key in this file; it is left out")).to_be_visible()
    page.get_by_text(f"In {word}/Portraits; JSON and 2 variables").click()
    expect(page.get_by_text('"seed": "{{seed}}"')).to_be_visible()
    check(page)
    page.get_by_role("button", name="Import 2 payloads").click()
    expect(page.get_by_text("2 payloads imported.")).to_be_visible()
    export(page, word)


def too_large_is_said_at_once(page: Page, folder: Path) -> None:
    large = folder / "large.json"
    with large.open("wb") as file:
        file.truncate(30 * 1024 * 1024)
    field = page.get_by_label("File")
    field.set_input_files(large)
    assert "larger than" in field.evaluate("(node) => node.validationMessage")
    assert not field.evaluate("(node) => node.form.checkValidity()")


def export(page: Page, word: str) -> None:
    page.get_by_label("Search payloads").fill(word)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 payloads", exact=True)).to_be_visible()
    page.get_by_role("link", name="Export", exact=True).click()
    expect(page.get_by_role("group", name="2 payloads that fit the filter")).to_be_visible()
    check(page)
    page.get_by_role("checkbox", name=f"Owl {word}").uncheck()
    page.get_by_role("radio", name="Postman collection v2.1").check()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    data = json.loads(Path(waiting.value.path()).read_text())
    (outer,) = data["item"]
    (fox,) = outer["item"][0]["item"]
    assert (outer["name"], fox["name"]) == (word, f"Fox {word}")
    assert '"seed": {{seed}}' in fox["request"]["body"]["raw"]
