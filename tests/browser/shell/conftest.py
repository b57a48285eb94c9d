"""One Chromium for the module, one silent page per test."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import chromium
from tests.browser.shell.site import serving

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium.find())
        yield found
        found.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def open_shell(browser: Browser, address: str) -> Iterator[Open]:
    """Opens a page in the shell. At the end: no console error, no exception, no report of the security policy."""
    context = browser.new_context()
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda line: trouble.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))

    def open_(path: str = "", *, width: int = 1440, scheme: str = "light") -> Page:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(address + path)
        page.locator("html[data-ready]").wait_for()
        return page

    yield open_
    violations = page.evaluate("window.violations ?? []")
    context.close()
    assert violations == []
    assert trouble == []
