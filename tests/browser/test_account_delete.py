"""Leaving for good, by keyboard alone and on a narrow screen."""

import pytest
from playwright.sync_api import Page, expect

from tests import personas
from tests.browser.desk import Open, check
from tests.browser.site import Site

pytestmark = pytest.mark.browser


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the link or button called `name` has the focus."""
    wanted = page.get_by_role("main").get_by_text(name, exact=True).first
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("(node) => node === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {name}")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_person_deletes_their_account_by_keyboard(
    open_as: Open, site: Site, width: int, scheme: str
) -> None:
    name = f"leaver-{width}"
    site.join(name)
    page = open_as(name, width=width, scheme=scheme)
    page.goto(f"{site.stack.url}/me/")
    check(page)
    tab_to(page, "Delete your account…")
    page.keyboard.press("Enter")
    page.get_by_label("Password").fill(personas.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Delete your account?")).to_be_visible()
    check(page)
    tab_to(page, "Delete my account")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your account is deleted.")).to_be_visible()
    page.goto(f"{site.stack.url}/me/")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("name", "width", "scheme"), [("newcomer", 1440, "dark"), ("scriptless", 390, "light")]
)
def test_the_only_owner_is_led_to_hand_over(
    open_as: Open, site: Site, name: str, width: int, scheme: str
) -> None:
    page = open_as(name, width=width, scheme=scheme)
    page.goto(f"{site.stack.url}/me/delete/")
    page.get_by_label("Password").fill(personas.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hand over first")).to_be_visible()
    expect(page.get_by_role("button", name="Delete my account")).to_have_count(0)
    check(page)
    tab_to(page, f"Team of {name}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Team of {name}")).to_be_visible()
