"""The playground page, and what every page has to be: accessible, silent and no wider than the screen."""

import re
from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site

# The machine may be busy with other tests; a condition that holds is not waited for.
PATIENCE = 60_000
SETTLED = ["succeeded", "refused", "failed", "cancelled", "not_sent", "unknown"]

# A violation of the policy is an error of the console with its culprit; every state a result goes through is kept.
WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("POLICY", event.violatedDirective, event.blockedURI, event.target?.outerHTML?.slice(0, 200)));
window.states = [];
new MutationObserver(() => {
  const run = document.querySelector("#result > [data-run]");
  const state = run && `${run.dataset.run} ${run.dataset.state}`;
  if (state && state !== window.states.at(-1)) window.states.push(state);
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
"""
# Moving parts are half transparent while they move, which is no contrast.
AT_REST = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
  .map((one) => one.finished.catch(() => null)))"""

PASTE = """(node, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  node.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""

axe = Axe()
expect.set_options(timeout=PATIENCE)


def check(page: Page) -> None:
    """No finding of axe, and nothing to scroll sideways."""
    page.evaluate(AT_REST)
    found = axe.run(page).response["violations"]
    faults = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]
    assert not faults, f"{page.url}: {faults}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} is too wide"


class Desk:
    """One open playground."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.result = page.locator("#result")
        self.problems = page.locator("#run-problems")
        self.draft = page.locator("#draft-state")

    @property
    def text(self) -> str:
        """The payload as it would be sent."""
        found: str = self.page.evaluate(
            "new FormData(document.getElementById('run-form')).get('body').replaceAll('\\r\\n', '\\n')"
        )
        return found

    def write(self, text: str) -> None:
        """Put `text` in the place of the payload, through the JSON view."""
        self.page.get_by_role("tab", name="JSON").click()
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)
        expect(self.page.locator(".cm-content")).not_to_have_text("")

    def paste(self, text: str) -> None:
        """Put a very long `text` in the place of the payload, as the clipboard does."""
        self.page.get_by_role("tab", name="JSON").click()
        content = self.page.locator(".cm-content")
        content.click()
        self.page.keyboard.press("Control+a")
        content.evaluate(PASTE, text)

    def choose(self, version: int) -> None:
        self.page.get_by_role("radiogroup", name="API version").get_by_text(f"v{version}").click()

    def run(self, text: str = "", version: int = 0) -> None:
        """Press Ctrl+Enter, after putting `text` in, and wait until another run than before is shown."""
        if version:
            self.choose(version)
        if text:
            self.write(text)
        before = self.shown
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            "(before) => (document.querySelector('#result > [data-run]')?.dataset.run ?? '') !== before",
            arg=before,
            timeout=PATIENCE,
        )

    @property
    def shown(self) -> str:
        """The id of the run whose result is shown, or an empty text."""
        card = self.result.locator("> [data-run]")
        return (card.get_attribute("data-run") or "") if card.count() else ""

    def settle(self, *states: str) -> Locator:
        """The result card once it is in one of `states`, by default any in which nothing happens any more."""
        wanted = ", ".join(f"#result > [data-state={state}]" for state in states or SETTLED)
        card = self.page.locator(wanted)
        card.wait_for(timeout=PATIENCE)
        return card

    def states(self) -> list[str]:
        """What the shown run went through on this page, without a reload."""
        seen: list[str] = self.page.evaluate("window.states")
        return [one.split()[1] for one in seen if one.startswith(self.shown)]


Open = Callable[..., Page]
Sit = Callable[..., Desk]


def sit_down(page: Page, site: Site, slug: str, *, team: str = "", mode: str = "sandbox") -> Desk:
    """Open the playground of one endpoint, until its editor is there."""
    page.goto(site.address(f"playground/{slug}/", team, mode=mode))
    page.get_by_role("tab", name="JSON").wait_for()
    return Desk(page)


def facts_of(card: Locator) -> dict[str, str]:
    """The strip of facts on top of a result, by name."""
    rows: list[list[str]] = card.locator(".result-facts > div").evaluate_all(
        "(rows) => rows.map((row) => [row.querySelector('dt').innerText, row.querySelector('dd').innerText])"
    )
    return {name: re.sub(r"\s+", " ", value).strip() for name, value in rows}


def sees_picture(card: Locator) -> bool:
    """Whether the picture of a result has really arrived."""
    picture: Any = card.locator(".viewer img").element_handle()
    shown: bool = picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
    return shown
