"""One Chromium for the folder; every test gets a page of its own that must stay silent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import chromium
from tests.browser.editor.harness import Harness, serving

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium.find())
        yield found
        found.close()


@pytest.fixture
def harness() -> Iterator[Harness]:
    with serving() as served:
        yield served


@pytest.fixture
def open_editor(browser: Browser, harness: Harness) -> Iterator[Open]:
    """Opens the editor over a text and a schema. At the end: no console error, no exception, no CSP report."""
    context = browser.new_context()
    page = context.new_page()
    trouble: list[str] = []
    page.on(
        "console",
        lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: trouble.append(str(error)))
    expected: list[str] = []

    def open_(
        text: str = "{}",
        schema: dict[str, Any] | None = None,
        *,
        files: dict[str, Any] | None = None,
        width: int = 1440,
        scheme: str = "light",
        expect: tuple[str, ...] = (),
    ) -> Page:
        harness.text, harness.schema, harness.files = text, schema, files or {}
        expected.extend(expect)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(harness.url)
        page.get_by_role("tablist").wait_for()
        return page

    yield open_
    violations = page.evaluate("window.violations ?? []")
    context.close()
    assert violations == []
    assert [line for line in trouble if not any(part in line for part in expected)] == []
