"""A passkey from the first to the last step, in a browser with a virtual authenticator and the real policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import personas
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def petra(stack: Stack) -> str:
    """A person of the stack; made before the browser starts, since its event loop forbids the ORM."""
    with stack.django():
        return personas.make_user("Petra").email


@pytest.fixture
def page(petra: str, browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda line: trouble.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    yield page
    context.close()
    assert trouble == []


def sign_in(page: Page, stack: Stack, email: str) -> None:
    page.goto(f"{stack.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(personas.PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_used_and_removed(stack: Stack, petra: str, page: Page) -> None:
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_in(page, stack, petra)

    page.goto(f"{stack.url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(personas.PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Petra's laptop")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()

    page.goto(f"{stack.url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)

    page.goto(f"{stack.url}/accounts/2fa/webauthn/")
    row = page.get_by_role("row").filter(has_text="Petra's laptop")
    expect(row).to_contain_text("passkey")
    row.get_by_role("link", name="Remove").click()
    page.get_by_role("link", name="Use a security key").click()
    page.get_by_role("button", name="Use a passkey or security key").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()


def test_a_refused_passkey_is_explained(stack: Stack, page: Page) -> None:
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    # It holds no passkey for this site.
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(f"{stack.url}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("did not use a passkey")
