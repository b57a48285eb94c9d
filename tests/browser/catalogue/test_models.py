"""Finding a model and seeing its code, by keyboard and pointer in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.catalogue.conftest import Open

pytestmark = pytest.mark.browser

PAGES = ["sandbox/endpoints/", "endpoints/", "endpoints/add/", "endpoints/hidden/?q=video"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit(open_page: Open, path: str, width: int, scheme: str) -> None:
    page = open_page(path, width=width, scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_list_follows_what_is_typed_and_the_address_follows_the_list(open_page: Open) -> None:
    page = open_page("sandbox/endpoints/")
    page.keyboard.press("/")
    page.keyboard.type("nano banana")
    expect(page.get_by_role("status")).to_have_text("4 models for “nano banana”")
    expect(page).to_have_url(re.compile(r"\?q=nano(\+|%20)banana"))
    page.reload()
    expect(page.get_by_label("Search models").first).to_have_value("nano banana")
    expect(page.locator("[data-endpoint-link]")).to_have_count(4)


def test_a_category_narrows_the_list(open_page: Open) -> None:
    page = open_page("sandbox/endpoints/")
    page.get_by_label("Category").select_option("Image-to-3D")
    expect(page.get_by_role("status")).to_have_text("5 models in Image-to-3D")


def test_enter_opens_the_first_match_of_what_was_just_typed(open_page: Open) -> None:
    page = open_page("sandbox/endpoints/")
    page.get_by_label("Search models").first.fill("kling 2.6")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sandbox/playground/kling-2.6/$"))


def test_arrows_walk_the_matches(open_page: Open) -> None:
    page = open_page("sandbox/endpoints/?q=veo-3")
    page.get_by_label("Search models").first.focus()
    for expected in ("veo-3", "veo-3-fast"):
        page.keyboard.press("ArrowDown")
        focused = page.evaluate("document.activeElement.getAttribute('href')")
        assert focused.endswith(f"/playground/{expected}/")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Search models").first).to_be_focused()


def test_more_rows_come_on_request(open_page: Open) -> None:
    page = open_page("sandbox/endpoints/?q=to")
    expect(page.locator("[data-endpoint-link]")).to_have_count(60)
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("[data-endpoint-link]")).to_have_count(120)


def test_a_star_stays_and_keeps_the_keyboards_place(open_page: Open) -> None:
    page = open_page("sandbox/endpoints/?q=z-image-turbo")
    page.get_by_role("button", name="Add Z Image Turbo to favourites").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Z Image Turbo from favourites")).to_be_focused()
    page.goto(page.url.split("?")[0])
    expect(page.get_by_role("rowheader", name="Favourites", exact=True)).to_be_visible()
    page.get_by_role("button", name="Remove Z Image Turbo from favourites").first.click()
    expect(page.get_by_role("button", name="Add Z Image Turbo to favourites").first).to_be_attached()
    page.reload()
    expect(page.get_by_role("rowheader", name="Favourites", exact=True)).to_have_count(0)


def test_the_picker_changes_the_model_by_keyboard_alone(open_page: Open) -> None:
    page = open_page("sandbox/playground/seedream-4.5/")
    page.get_by_role("button", name="Change model").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#picker-list [data-endpoint-link]").first).to_be_visible()
    page.keyboard.type("nano pro")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sandbox/playground/nano-banana-pro/$"))


def test_the_command_menu_finds_models(open_page: Open) -> None:
    page = open_page("sandbox/endpoints/")
    page.keyboard.press("Control+k")
    page.keyboard.type("seedream 4.5")
    expect(page.get_by_role("option", name="Seedream 4.5")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/sandbox/playground/seedream-4.5/$"))


def show_code(page: Page) -> None:
    page.get_by_role("tab", name="Code").click()
    expect(page.get_by_role("tab", name="cURL")).to_be_visible()


def test_code_is_chosen_by_language_and_version_and_copied(open_page: Open) -> None:
    page = open_page("sandbox/playground/seedream-4.5/")
    show_code(page)
    page.get_by_role("tab", name="cURL").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_be_focused()
    panel = page.get_by_role("tabpanel", name="Python")
    expect(panel).to_contain_text('/v2/",')
    page.get_by_role("group", name="Version").get_by_role("button", name="v1").click()
    expect(panel).to_contain_text("/v1/seedream-4.5")
    panel.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == panel.locator("pre").text_content()


def test_the_language_chosen_is_there_next_time(open_page: Open) -> None:
    page = open_page("sandbox/playground/seedream-4.5/")
    show_code(page)
    page.get_by_role("tab", name="JavaScript").click()
    page.reload()
    show_code(page)
    expect(page.get_by_role("tab", name="JavaScript")).to_have_attribute("aria-selected", "true")
