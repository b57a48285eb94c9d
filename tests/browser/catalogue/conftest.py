"""A signed-in admin of a team, in a real browser, on the whole stack."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import chromium
from tests.stack import Stack

TEAM = "/t/browsing-models/"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def session_key(stack: Stack) -> str:
    """Made before any browser runs: Django's queries and Playwright's loop don't share a thread."""
    from django.conf import settings
    from django.test import Client

    from accounts import teams
    from tests.personas import make_user

    with stack.django():
        user = make_user("Models-Browser")
        teams.create_team(owner=user, name="Browsing models")
        client = Client()
        client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture(scope="module")
def browser(session_key: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium.find())
        yield found
        found.close()


@pytest.fixture
def open_page(browser: Browser, stack: Stack, session_key: str) -> Iterator[Open]:
    """Opens a page of the team. At the end: no console error and no exception."""
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_cookies([{"name": "atelier_session", "value": session_key, "url": stack.url}])
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda line: trouble.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))

    def open_(path: str, *, width: int = 1440, scheme: str = "light") -> Page:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(stack.url + TEAM + path)
        return page

    yield open_
    context.close()
    assert trouble == []
