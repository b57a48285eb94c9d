"""The main job from the sign-in page to the row in the history, at both widths and in both schemes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests import personas
from tests.browser.desk import Desk, Open, check, facts_of, sees_picture
from tests.browser.site import Site, unique

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROMPT = re.compile("^prompt")


def sign_in(page: Page, site: Site, name: str) -> None:
    page.goto(f"{site.stack.url}/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    check(page)
    page.get_by_label("Email").fill(site.people[name].email)
    page.get_by_label("Password").fill(personas.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("tab", name="Form")).to_be_visible()


def get_a_key(page: Page) -> None:
    """A person without a key begins in the sandbox, looks at the live side, and makes a sandbox key by one click."""
    expect(page.get_by_text("A sandbox key first.")).to_be_visible()
    expect(page.locator("#run-button")).to_be_disabled()
    check(page)
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_text("You have no live key yet.")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Try it in the sandbox").click()
    page.get_by_role("button", name="Make a sandbox key").click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("is ready")
    expect(page.get_by_text("with key Sandbox")).to_be_visible()
    expect(page).to_have_url(re.compile("/sandbox/playground/seedream-4.5/$"))


def choose_a_model(page: Page, words: str, slug: str) -> None:
    page.get_by_role("button", name="Change model").click()
    expect(page.locator("#picker-list [data-endpoint-link]").first).to_be_visible()
    check(page)
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/playground/{re.escape(slug)}/$"))
    page.get_by_role("tab", name="JSON").wait_for()


def edit_in_both_views(page: Page, desk: Desk, prompt: str) -> None:
    page.get_by_role("tab", name="Form").click()
    page.get_by_role("textbox", name=PROMPT).fill(prompt)
    page.get_by_role("tab", name="JSON").click()
    expect(page.locator(".cm-content")).to_contain_text(prompt)
    desk.write(f'{{"prompt": "{prompt}", "extra": 1.0, "_sandbox": {{"fault": "delay", "ms": 1200}}}}')
    page.get_by_role("tab", name="Form").click()
    expect(page.get_by_role("textbox", name=PROMPT)).to_have_value(prompt)
    page.get_by_role("textbox", name=PROMPT).fill(f"{prompt} at dawn")
    # What the form does not know is still there, to the letter.
    assert desk.text == (
        f'{{"prompt": "{prompt} at dawn", "extra": 1.0, "_sandbox": {{"fault": "delay", "ms": 1200}}}}'
    )
    expect(desk.draft).to_have_text("Draft saved")


def run_blocking(page: Page, desk: Desk) -> str:
    """A v1 run by the keyboard; its request id."""
    page.evaluate("window.sameDocument = true")
    desk.choose(1)
    desk.run()
    desk.settle("sending")
    expect(desk.result).to_contain_text("Sent, waiting for the answer")
    check(page)
    card = desk.settle("succeeded")
    assert desk.states() == ["queued", "sending", "succeeded"]
    assert page.evaluate("window.sameDocument")
    expect(card.locator(".pill").first).to_have_text("200 · billed")
    facts = facts_of(card)
    assert facts["cost"] == "$ 0.0079"
    assert facts["seed"].isdigit()
    assert "took" in facts
    assert sees_picture(card)
    check(page)
    request_id = card.locator(".result-id").get_attribute("title")
    assert request_id
    return request_id


def run_again_with_its_seed(page: Page, desk: Desk) -> None:
    seed = facts_of(desk.settle("succeeded"))["seed"]
    page.get_by_role("button", name="Pin seed").click()
    assert f'"seed": {seed}' in desk.text
    before = desk.shown
    page.get_by_role("button", name="Run again").click()
    page.wait_for_function(
        "(before) => document.querySelector('#result > [data-run]').dataset.run !== before", arg=before
    )
    assert facts_of(desk.settle("succeeded"))["seed"] == seed


def run_as_a_job(page: Page, desk: Desk) -> None:
    prompt = unique("A lighthouse")
    delay = '{"fault": "delay", "ms": 700}'
    desk.run(f'{{"prompt": "{prompt}", "_sandbox": {{"duration": 1.5, "fault": [{delay}]}}}}', version=2)
    desk.settle("accepted")
    expect(desk.result).to_contain_text("Accepted, running at the provider")
    expect(desk.result.locator("time[data-time=elapsed]")).to_have_text(re.compile(r"\d+ s"))
    card = desk.settle("succeeded")
    assert desk.states() == ["queued", "sending", "accepted", "succeeded"]
    expect(card.locator(".viewer img")).to_be_visible()
    assert sees_picture(card)
    expect(page.locator("#recent-runs .thumb")).to_have_count(3)


def find_it_in_the_history(page: Page, width: int, request_id: str) -> None:
    if width < 760:
        page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.locator(".history-chart svg")).to_be_visible()
    rows = page.locator("tbody .history-row")
    expect(rows).to_have_count(3)
    check(page)
    first = rows.last
    expect(first).to_contain_text("flux-schnell")
    expect(first.locator(".status-code")).to_have_text("200")
    expect(first.locator(".pill")).to_have_text("billed")
    expect(first).to_contain_text("$ 0.0079")
    expect(first).to_contain_text("x-cost")
    expect(rows.first).to_contain_text("metrics.cost")
    first.get_by_role("link", name="flux-schnell").click()
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(page.locator(".evidence-table")).to_contain_text(request_id)
    expect(page.locator("#request-text")).to_contain_text('"extra": 1.0')
    check(page)


def open_it_in_the_playground(page: Page, desk: Desk) -> None:
    page.get_by_role("link", name="Open in playground").click()
    page.get_by_role("tab", name="JSON").wait_for()
    expect(page.locator("#opened-notice")).to_contain_text("The payload of the run from")
    assert '"extra": 1.0' in desk.text
    check(page)
    desk.run()
    desk.settle("succeeded")
    # The opened payload became the draft, so a reload shows it and the newest result.
    expect(desk.draft).to_have_text("Draft saved")
    expect(page.locator("#opened-notice")).to_have_count(0)
    newest = desk.shown
    page.reload()
    page.get_by_role("tab", name="JSON").wait_for()
    assert desk.shown == newest
    assert '"extra": 1.0' in desk.text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_from_sign_in_to_the_history_row(site: Site, open_as: Open, width: int, scheme: str) -> None:
    page = open_as(width=width, scheme=scheme)
    sign_in(page, site, f"walker-{width}-{scheme}")
    get_a_key(page)
    choose_a_model(page, "flux-schnell", "flux-schnell")
    desk = Desk(page)
    edit_in_both_views(page, desk, unique("A harbour"))
    request_id = run_blocking(page, desk)
    run_again_with_its_seed(page, desk)
    run_as_a_job(page, desk)
    find_it_in_the_history(page, width, request_id)
    open_it_in_the_playground(page, desk)
