"""A command is pasted anywhere in the playground: read, used, and its key offered for the store. At both widths."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import PASTE, Desk, Open, check, sit_down
from tests.browser.site import Site, unique

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLUG = "seedream-4.5"
KEY = "SG_9f8e7d6c5b4a3f2e"
LOOKS = [(1440, "light"), (390, "dark")]


def command(text: str, slug: str = SLUG) -> str:
    return (
        f"curl --request POST --url https://api.segmind.com/v2/{slug} \\\n"
        f"  --header 'x-api-key: {KEY}' --header 'content-type: application/json' \\\n"
        f"  --data '{text}'"
    )


def paste(page: Page, text: str) -> None:
    page.locator("h1").evaluate(PASTE, text)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_command_becomes_the_payload_and_its_key_stays_out(
    open_as: Open, site: Site, width: int, scheme: str
) -> None:
    site.join(f"paster-{width}")
    page = open_as(f"paster-{width}", width=width, scheme=scheme, expect=("422",))
    desk, word = sit_down(page, site, SLUG), unique("heron")
    text = f'{{"prompt": "A {word}", "seed": 12345678901234567890}}'
    paste(page, command("@body.json"))
    dialog = page.get_by_role("dialog", name="Paste cURL or Python")
    expect(dialog).to_contain_text("body.json")
    check(page)
    dialog.get_by_label("cURL command or Python program").fill(command(text))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("A key was in this command; it was left out")
    expect(dialog.get_by_role("button", name="Use it")).to_be_focused()
    check(page)
    with page.expect_popup() as opened:
        dialog.get_by_role("button", name="Test it, to keep it").click()
    opened.value.get_by_role("heading", name="From a pasted command").wait_for()
    check(opened.value)
    opened.value.close()
    dialog.get_by_role("button", name="Use it").click()
    expect(dialog).to_be_hidden()
    assert desk.text == text
    assert KEY not in page.content()
    desk.run()
    desk.settle("succeeded")
    assert len(site.accepted(text)) == 1


def test_a_program_for_another_model_opens_that_model(open_as: Open, site: Site) -> None:
    site.join("programmer")
    page = open_as("programmer")
    sit_down(page, site, SLUG)
    program = (
        "import requests\n\n"
        f'headers = {{"x-api-key": "{KEY}"}}\n'
        'data = {"prompt": "a quiet harbour", "tiled": True}\n'
        'requests.post("https://api.segmind.com/v1/flux-schnell", json=data, headers=headers)\n'
    )
    paste(page, program)
    page.get_by_role("button", name="Use it").click()
    page.get_by_role("tab", name="JSON").wait_for()
    assert "/playground/flux-schnell/" in page.url
    assert '"prompt": "a quiet harbour"' in Desk(page).text
    assert '"tiled": true' in Desk(page).text
    assert KEY not in page.content()
