"""People, a browser, and pages that must stay silent, for the tests of the main job."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import chromium
from tests.browser.desk import PATIENCE, WATCH, Open
from tests.browser.site import Site
from tests.stack import Stack

# Of the web process's log, shown where a page said what no test expects.
LOG_TAIL = 6000

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def site(stack: Stack) -> Site:
    return Site(stack)


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    # After the people, who are made with the ORM: the browser's event loop forbids it in this thread.
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def open_as(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens a page as one of the site's people, or as nobody. At the end no page has said anything unexpected.

    `expect` names parts of console lines that belong to the test, such as the status of a refused request; `share`
    is a page whose browser context the new one shares, as a second tab does.
    """
    contexts: list[BrowserContext] = []
    trouble: list[str] = []
    expected: list[str] = []

    def watch(page: Page) -> None:
        page.on(
            "console", lambda line: trouble.append(line.text) if line.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: trouble.append(str(error)))

    def open_(
        name: str = "",
        *,
        width: int = 1440,
        scheme: str = "light",
        script: bool = True,
        expect: tuple[str, ...] = (),
        share: Page | None = None,
    ) -> Page:
        expected.extend(expect)
        if share is not None:
            return share.context.new_page()
        context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 760 else 900},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH)
        context.on("page", watch)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        if name:
            session = site.people[name].session
            context.add_cookies([{"name": "atelier_session", "value": session, "url": site.stack.url}])
        return context.new_page()

    yield open_
    for context in contexts:
        context.close()
    unexpected = [line for line in trouble if not any(part in line for part in expected)]
    assert unexpected == [], site.stack.log("web")[-LOG_TAIL:]
