"""The frame around every page, driven by keyboard and pointer in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.shell.conftest import Open

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_shell_is_accessible_and_fits(open_shell: Open, width: int, scheme: str) -> None:
    page = open_shell("?mode=sandbox", width=width, scheme=scheme)
    # The checker's own style needs what the policy forbids, so it runs without touching the page.
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_chosen_theme_is_in_the_next_page_before_any_script(open_shell: Open) -> None:
    page = open_shell()
    page.get_by_label("Account: Alice Lind").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.reload()
    source = page.context.request.get(page.url, headers={"Cookie": "atelier_theme=dark"}).text()
    assert 'data-theme="dark"' in source
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark

    page.get_by_label("Account: Alice Lind").click()
    page.get_by_role("button", name="System").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    assert page.context.cookies() == []


def test_a_menu_works_by_keyboard_alone(open_shell: Open) -> None:
    page = open_shell()
    summary = page.get_by_label("Team: Film unit")
    summary.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Film unit")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Brand studio")).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(page.get_by_role("link", name="Brand studio")).to_be_hidden()


def test_a_menu_closes_on_a_click_elsewhere(open_shell: Open) -> None:
    page = open_shell()
    page.get_by_label("Team: Film unit").click()
    expect(page.get_by_role("link", name="Brand studio")).to_be_visible()
    page.mouse.click(1200, 700)
    expect(page.get_by_role("link", name="Brand studio")).to_be_hidden()


def test_the_command_menu_finds_commands_pages_and_models(open_shell: Open) -> None:
    page = open_shell()
    page.keyboard.press("Control+k")
    page.keyboard.type("run")
    expect(page.get_by_role("option")).to_have_text(["Run itOn this pageCtrl↵", "Model runModel"])
    page.keyboard.press("Enter")
    expect(page.locator("#ran")).to_have_text("ran")
    expect(page.locator("#command-menu")).to_be_hidden()

    page.keyboard.press("Control+k")
    page.keyboard.type("hist")
    expect(page.get_by_role("option")).to_have_text(["HistoryPageGH", "Model histModel"])
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/history")


def shortcuts(page: Page) -> list[str]:
    page.keyboard.press("?")
    expect(page.locator("#shortcut-sheet")).to_be_visible()
    rows = page.locator("#shortcut-list li").all()
    listed = [
        " ".join([row.evaluate("(row) => row.firstChild.data"), *row.locator("kbd").all_inner_texts()])
        for row in rows
    ]
    page.keyboard.press("Escape")
    return listed


def test_the_sheet_lists_what_works_here_and_nothing_else(open_shell: Open) -> None:
    page = open_shell()
    listed = shortcuts(page)
    assert "Run Ctrl ↵" in listed
    assert "History G H" in listed
    assert not any(row.startswith("Not now") for row in listed)
    page.evaluate("document.getElementById('off').disabled = false")
    assert "Not now X" in shortcuts(page)


def test_shortcuts_leave_typing_alone(open_shell: Open) -> None:
    page = open_shell()
    page.keyboard.press("/")
    field = page.locator("#search")
    expect(field).to_be_focused()
    page.keyboard.type("g h ?")
    expect(field).to_have_value("g h ?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#ran")).to_have_text("ran")
    field.blur()
    with page.expect_navigation():
        page.keyboard.type("gh")
    assert page.url.endswith("/history")


def test_an_open_dialog_keeps_the_shortcuts_of_the_page_behind_it_quiet(open_shell: Open) -> None:
    page = open_shell()
    page.locator("#revoke").click()
    expect(page.get_by_role("dialog", name="Revoke?")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#ran")).to_have_text("")
    page.mouse.click(5, 400)
    expect(page.get_by_role("dialog", name="Revoke?")).to_be_hidden()


def test_a_dialog_closes_by_its_buttons(open_shell: Open) -> None:
    page = open_shell()
    for name in ("Close", "Cancel"):
        page.locator("#revoke").click()
        page.get_by_role("dialog", name="Revoke?").get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("dialog", name="Revoke?")).to_be_hidden()


def test_copying_fills_the_clipboard_and_says_so(open_shell: Open) -> None:
    page = open_shell()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy request id").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == "7be1"


def test_a_flash_shows_text_as_text_and_can_be_dismissed(open_shell: Open) -> None:
    page = open_shell()
    page.evaluate("flash('<img src=x onerror=alert(1)>', 'error')")
    region = page.get_by_role("region", name="Messages")
    expect(region).to_contain_text("<img src=x onerror=alert(1)>")
    region.get_by_role("button", name="Dismiss").click()
    expect(region.locator(".flash")).to_have_count(0)


def test_an_answer_can_bring_a_flash(open_shell: Open) -> None:
    page = open_shell()
    event = "new CustomEvent('atelier:flash', {bubbles: true, detail: {text: 'Saved', level: 'success'}})"
    page.evaluate(f"document.body.dispatchEvent({event})")
    expect(page.get_by_role("region", name="Messages")).to_contain_text("Saved")


def test_a_countdown_that_is_over_says_so(open_shell: Open) -> None:
    expect(open_shell().locator("#ends")).to_have_text("over")


def test_the_rail_is_a_drawer_on_a_narrow_screen(open_shell: Open) -> None:
    page = open_shell(width=390)
    link = page.get_by_role("link", name="History")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()


def test_every_screen_says_live_or_sandbox(open_shell: Open) -> None:
    page = open_shell("?mode=sandbox")
    banner = page.get_by_text("Nothing here is charged")
    expect(banner).to_be_visible()
    expect(page.get_by_role("link", name="Sandbox")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Live").click()
    expect(banner).to_have_count(0)
    expect(page.get_by_role("link", name="Live")).to_have_attribute("aria-current", "true")
