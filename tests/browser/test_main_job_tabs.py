"""Two tabs, double presses and bad networks: one wish makes one run, and no text is overwritten unasked."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, Open, check, sit_down
from tests.browser.site import Site, unique

pytestmark = pytest.mark.browser

# Pressing twice within this time is one press; playground.js says so.
DOUBLE_CLICK_MS = 700


def two_tabs(open_as: Open, site: Site, slug: str) -> tuple[Desk, Desk]:
    """The same endpoint twice, each tab knowing the same draft; the second tab saves first."""
    page = open_as("mia", expect=("409",))
    first = sit_down(page, site, slug)
    second = sit_down(open_as(share=page), site, slug)
    second.write('{"prompt": "theirs"}')
    expect(second.draft).to_have_text("Draft saved")
    page.bring_to_front()
    first.write('{"prompt": "mine"}')
    expect(page.locator("#draft-conflict")).to_be_visible()
    assert first.text == '{"prompt": "mine"}'
    expect(first.draft).to_have_text("Draft not saved: it was changed in another tab.")
    return first, second


def kept(page: Page, desk: Desk) -> str:
    """The draft as a reload finds it."""
    page.reload()
    page.get_by_role("tab", name="JSON").wait_for()
    return desk.text


def test_a_draft_changed_elsewhere_can_be_taken_over(open_as: Open, site: Site) -> None:
    first, _ = two_tabs(open_as, site, "qwen-image")
    check(first.page)
    first.page.get_by_role("button", name="Load the other text").click()
    assert first.text == '{"prompt": "theirs"}'
    expect(first.page.locator("#draft-conflict")).to_be_hidden()
    # What was typed here is one undo away.
    first.page.locator(".cm-content").click()
    first.page.keyboard.press("Control+z")
    assert first.text == '{"prompt": "mine"}'


def test_a_draft_changed_elsewhere_can_be_replaced(open_as: Open, site: Site) -> None:
    first, second = two_tabs(open_as, site, "imagen-4")
    first.page.get_by_role("button", name="Keep this text").click()
    expect(first.draft).to_have_text("Draft saved")
    expect(first.page.locator("#draft-conflict")).to_be_hidden()
    assert kept(second.page, second) == '{"prompt": "mine"}'


def test_a_double_click_makes_one_run(open_as: Open, site: Site) -> None:
    desk = sit_down(open_as("mia"), site, "flux-schnell")
    body = json.dumps({"prompt": unique("Twice")})
    desk.write(body)
    runs = site.run_count()
    desk.page.locator("#run-button").dblclick()
    desk.settle("succeeded")
    desk.page.wait_for_timeout(DOUBLE_CLICK_MS)
    assert (len(site.accepted(body)), site.run_count()) == (1, runs + 1)

    # By the keyboard, at once and while the first press is on its way.
    body = json.dumps({"prompt": unique("Thrice")})
    desk.write(body)
    for _ in range(3):
        desk.page.keyboard.press("Control+Enter")
    desk.page.wait_for_timeout(1500)
    desk.settle("succeeded")
    assert (len(site.accepted(body)), site.run_count()) == (1, runs + 2)


def test_a_form_sent_again_makes_one_run(open_as: Open, site: Site) -> None:
    desk = sit_down(open_as("mia"), site, "flux-schnell")
    body = json.dumps({"prompt": unique("Resent")})
    desk.write(body)
    token = desk.page.locator("#run-token").input_value()
    desk.run()
    desk.settle("succeeded")
    first = desk.shown

    # The token of the click before, as a resent form has it.
    desk.page.locator("#run-token").evaluate("(input, token) => { input.value = token; }", token)
    desk.write(json.dumps({"prompt": unique("Newer")}))
    desk.page.keyboard.press("Control+Enter")
    expect(desk.problems).to_contain_text("To run the text as it is now, press Run once more.")
    assert desk.shown == first
    assert len(site.accepted(body)) == 1
    desk.page.wait_for_timeout(DOUBLE_CLICK_MS)
    desk.run()
    desk.settle("succeeded")
    expect(desk.problems).to_be_empty()


def test_an_answer_lost_on_the_way_makes_no_second_run(open_as: Open, site: Site) -> None:
    page = open_as("mia", expect=("ERR_FAILED", "htmx:"))
    desk = sit_down(page, site, "flux-schnell")
    body = json.dumps({"prompt": unique("Lost answer")})
    desk.write(body)
    runs = site.run_count()

    # The request arrives, its answer does not.
    page.route(re.compile("/run/$"), lambda route: (route.fetch(), route.abort())[1])
    page.keyboard.press("Control+Enter")
    expect(desk.problems).to_contain_text("The connection was lost")
    expect(desk.problems).to_contain_text("pressing Run again makes no second one")
    assert desk.text == body
    check(page)

    page.unroute(re.compile("/run/$"))
    page.wait_for_timeout(DOUBLE_CLICK_MS)
    desk.run()
    desk.settle("succeeded")
    assert (len(site.accepted(body)), site.run_count()) == (1, runs + 1)


def test_without_a_network_nothing_is_lost(open_as: Open, site: Site) -> None:
    page = open_as("mia", expect=("ERR_INTERNET_DISCONNECTED", "htmx:"))
    desk = sit_down(page, site, "flux-schnell")
    desk.write("{}")
    page.context.set_offline(True)
    body = json.dumps({"prompt": unique("Offline")})
    desk.write(body)
    page.keyboard.press("Control+Enter")
    expect(desk.problems).to_contain_text("The connection was lost")
    expect(desk.draft).to_contain_text("no connection")
    assert desk.text == body
    page.context.set_offline(False)
    expect(desk.draft).to_have_text("Draft saved")
    desk.run()
    desk.settle("succeeded")
    assert len(site.accepted(body)) == 1


def test_a_slow_network_shows_that_the_press_was_heard(open_as: Open, site: Site) -> None:
    page = open_as("mia")
    desk = sit_down(page, site, "flux-schnell")
    body = json.dumps({"prompt": unique("Slow line")})
    desk.write(body)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 1200, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.locator("#run-button").click()
    expect(page.locator("#run-button")).to_be_disabled()
    page.keyboard.press("Control+Enter")
    desk.settle("succeeded")
    expect(page.locator("#run-button")).to_be_enabled()
    assert len(site.accepted(body)) == 1
