"""The main job without a mouse: every step is reachable in order, and one sees where one is."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import personas
from tests.browser.desk import Desk, Open, sees_picture
from tests.browser.site import Site, unique

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Something around the focused control, or around what wraps it, is drawn differently than without focus.
IS_SEEN = """async () => {
  const look = (node) => {
    const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(node);
    const after = getComputedStyle(node, "::after");
    return JSON.stringify([outlineStyle === "none" ? "" : outlineWidth, boxShadow, borderColor, after.borderStyle]);
  };
  const focused = document.activeElement;
  const nodes = [focused.nextElementSibling].filter(Boolean);
  for (let node = focused; node && nodes.length < 6; node = node.parentElement) nodes.push(node);
  // CodeMirror notes a moment later that it has the focus, or has lost it.
  const noticed = () => focused.closest(".cm-editor") && new Promise((done) => setTimeout(done, 100));
  await noticed();
  const seen = nodes.map(look);
  focused.blur();
  await noticed();
  const unseen = nodes.map(look);
  focused.focus({ preventScroll: true });
  return seen.some((one, index) => one !== unseen[index]);
}"""
HERE = """() => {
  const focused = document.activeElement;
  const label = focused.labels?.[0]?.innerText ?? focused.getAttribute("aria-label") ?? focused.innerText ?? "";
  return `${focused.tagName.toLowerCase()} ${label.replace(/\\s+/g, " ").trim().slice(0, 40)}`;
}"""


def tab_to(page: Page, target: Locator, *, most: int = 40, back: bool = False) -> list[str]:
    """Press Tab until `target` has the focus; what was passed. Every stop on the way has to be visible."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        here = page.evaluate(HERE)
        passed.append(here)
        assert page.evaluate(IS_SEEN), f"One does not see the focus on {here}"
        if target.evaluate("(node) => node === document.activeElement"):
            return passed
    raise AssertionError(f"Not reached: {passed}")


def sign_in(page: Page, site: Site) -> None:
    page.goto(f"{site.stack.url}/accounts/login/")
    email = page.get_by_label("Email")
    if not email.evaluate("(node) => node === document.activeElement"):
        tab_to(page, email)
    page.keyboard.type(site.people["keyboard"].email)
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(personas.PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Form").wait_for()


def get_a_key(page: Page) -> None:
    """The first stop leads past the frame; from there the page comes in the order in which it is read."""
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    passed = tab_to(page, page.get_by_role("button", name="Make a sandbox key"))
    words = ("Change model", "Form", "prompt", "v2")
    order = [next(i for i, stop in enumerate(passed) if word in stop) for word in words]
    assert order == sorted(order), passed
    page.keyboard.press("Enter")
    expect(page.get_by_text("with key Sandbox")).to_be_visible()


def change_the_model(page: Page) -> None:
    """A dialog takes the focus, holds it, and gives it back."""
    button = page.get_by_role("button", name="Change model")
    button.focus()
    page.keyboard.press("Enter")
    search = page.locator("#endpoint-picker").get_by_label("Search models")
    expect(search).to_be_focused()
    expect(page.locator("#picker-list [data-endpoint-link]").first).to_be_visible()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(
        "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
    )
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.keyboard.press("m")
    expect(search).to_be_focused()
    page.keyboard.type("flux-schnell")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/flux-schnell/$"))
    page.get_by_role("tab", name="Form").wait_for()


def edit_and_run(page: Page, site: Site) -> str:
    """Write JSON, leave the editor by Tab, run twice; the body."""
    desk = Desk(page)
    tab_to(page, page.get_by_role("tab", name="Form"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="JSON")).to_be_focused()
    page.locator(".cm-content").wait_for()
    tab_to(page, page.locator(".cm-content"), most=3)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    body = json.dumps({"prompt": unique("By hand")})
    page.keyboard.insert_text(body)
    tab_to(page, page.locator("#run-button"))
    page.keyboard.press("Enter")
    assert sees_picture(desk.settle("succeeded"))
    first = desk.shown
    tab_to(page, page.get_by_role("button", name="Run again"))
    page.keyboard.press("Enter")
    page.wait_for_function("(first) => !window.states.at(-1).startsWith(first)", arg=first)
    desk.settle("succeeded")
    assert len(site.accepted(body)) == 2
    return body


def find_it_again(page: Page) -> None:
    """Shortcuts, the history, a run's page and back to the playground."""
    page.keyboard.press("?")
    expect(page.locator("#shortcut-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.type("gh")
    page.wait_for_url(re.compile("/history/$"))
    link = page.locator(".history-row .row-link").first
    link.wait_for()
    tab_to(page, link)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/history/[0-9a-f-]{36}/$"))
    tab_to(page, page.get_by_role("link", name="Open in playground"))
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="JSON").wait_for()


def test_the_main_job_without_a_mouse(open_as: Open, site: Site) -> None:
    page = open_as()
    sign_in(page, site)
    get_a_key(page)
    change_the_model(page)
    body = edit_and_run(page, site)
    find_it_again(page)
    assert Desk(page).text == body
