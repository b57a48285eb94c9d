"""Bad input gets a clear message at its place and loses nothing that was typed."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import personas
from tests.browser.desk import Desk, Open, check, sit_down
from tests.browser.site import Site, unique

pytestmark = pytest.mark.browser

REFUSED = [
    ('{"prompt": "a",', "This is not valid JSON: ", "Line 1"),
    ("{prompt: 'a'}", "This is not valid JSON: ", "Line 1, column 2."),
    ('["prompt"]', "The body has to be a JSON object", "Line 1, column 1."),
    ('{"guidance": NaN}', "NaN is not JSON.", "Line 1, column 14."),
    ('{"prompt": "\\ud800"}', "it is half of a pair", ""),
    ('{"a": ' + "[" * 60 + "]" * 60 + "}", "nested more than 50 levels deep", "Line 1, column 56."),
]  # fmt: skip

WARNED = [
    ('{"prompt": "a", "prompt": "b"}', "prompt"),
    ('{"prompt": "a\\u0000b"}', "u0000"),
    ('{"prompt": 5, "steps": "four"}', "text"),
]


@pytest.fixture
def page(open_as: Open) -> Page:
    return open_as("max", expect=("422", "400 (", "413"))


def press_run(desk: Desk) -> None:
    desk.page.keyboard.press("Control+Enter")


def test_what_cannot_be_sent_is_refused_at_its_place(page: Page, site: Site) -> None:
    desk = sit_down(page, site, "flux-schnell")
    runs = site.run_count()
    for text, message, place in REFUSED:
        desk.write(text)
        press_run(desk)
        expect(desk.problems).to_contain_text("Not sent, nothing was charged")
        expect(desk.problems.locator("[data-problem-field=body]")).to_contain_text(message)
        expect(desk.problems).to_contain_text(place)
        assert desk.text == text
        # The editor marks the same place before anybody presses anything.
        expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    page.keyboard.type(" ")
    expect(desk.problems).to_be_empty()
    press_run(desk)
    expect(desk.problems).to_contain_text("nested more than 50 levels deep")
    check(page)
    page.set_viewport_size({"width": 390, "height": 844})
    check(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    assert site.run_count() == runs
    desk.run(json.dumps({"prompt": unique("Mended")}))
    expect(desk.problems).to_be_empty()


@pytest.mark.parametrize(("text", "words"), WARNED, ids=["twice", "nul", "types"])
def test_what_is_only_odd_is_warned_about_and_sent_as_written(
    page: Page, site: Site, text: str, words: str
) -> None:
    desk = sit_down(page, site, "flux-schnell")
    body = text[:-1] + f', "mark": "{unique("odd")}"' + "}"
    desk.write(body)
    marker = page.locator(".cm-lint-marker-warning")
    expect(marker.first).to_be_visible()
    marker.first.hover()
    expect(page.locator(".cm-tooltip-lint")).to_contain_text(words)
    desk.run()
    desk.settle()
    page.goto(site.address(f"history/{desk.shown}/"))
    expect(page.locator("#request-text")).to_have_text(body)
    expect(page.locator(".result-head .pill")).to_contain_text(re.compile("^(200|4..)"))


def test_five_megabytes_are_refused_and_kept(page: Page, site: Site) -> None:
    desk = sit_down(page, site, "flux-schnell")
    text = json.dumps({"prompt": "x" * 5_000_000})
    desk.paste(text)
    page.locator("#run-button").click()
    expect(desk.problems).to_contain_text("The body is 4.8 MB; the limit is 2.0 MB.")
    assert desk.text == text
    # A draft of that size is still kept.
    expect(desk.draft).to_have_text("Draft saved")
    page.reload()
    page.get_by_role("tab", name="JSON").wait_for()
    assert len(desk.text) == len(text)
    page.evaluate("document.querySelector('#editor').scrollIntoView()")
    page.get_by_role("tab", name="JSON").click()
    desk.write('{"prompt": "short"}')
    expect(desk.draft).to_have_text("Draft saved")


def test_a_text_beyond_what_the_server_takes_stays_here(page: Page, site: Site) -> None:
    desk = sit_down(page, site, "qwen-image")
    text = json.dumps({"prompt": "y" * 10_000_000})
    desk.paste(text)
    assert len(desk.text) == len(text)
    expect(desk.draft).to_contain_text("Draft not saved")
    page.locator("#run-button").click()
    expect(desk.problems).to_contain_text("The text is larger than this server takes.")
    assert desk.text == text


def test_a_huge_file_is_refused_at_its_field(page: Page, site: Site, tmp_path: Path) -> None:
    desk = sit_down(page, site, "seedream-4.5")
    page.get_by_role("tab", name="Form").click()
    before = desk.text
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(200 * 1024 * 1024)
    page.locator("input[type=file]").first.set_input_files(huge)
    page.get_by_role("button", name="Send as data URI").click()
    field = page.get_by_role("group", name="image_input")
    expect(field).to_contain_text("This file is 200 MB; the limit is 50 MB.")
    assert desk.text == before
    check(page)


def test_an_unknown_model_is_a_page_that_helps(open_as: Open, site: Site) -> None:
    page = open_as("max", expect=("404",))
    page.goto(site.address("playground/no-such-model/"))
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    check(page)


def test_a_key_revoked_meanwhile(page: Page, site: Site) -> None:
    text = site.sandbox.new_key("5")
    site.add_key("max", text, "Short-lived")
    desk = sit_down(page, site, "flux-schnell")
    body = json.dumps({"prompt": unique("Too late")})
    desk.write(body)
    page.locator("#run-key").select_option(label=f"Short-lived · …{text[-4:]}")
    site.stack.sql("UPDATE accounts_apikey SET state = 'revoked' WHERE label = 'Short-lived'")
    runs = site.run_count()
    page.locator(".cm-content").click()
    press_run(desk)
    expect(desk.problems.locator("[data-problem-field=key]")).to_have_text(
        "This key is no longer available. Choose another one."
    )
    assert (desk.text, site.run_count()) == (body, runs)
    page.reload()
    page.get_by_role("tab", name="JSON").wait_for()
    expect(page.locator("#run-key")).not_to_contain_text("Short-lived")


def test_a_key_without_credits_and_one_the_provider_revoked(page: Page, site: Site) -> None:
    poor = site.sandbox.new_key("0")
    site.add_key("max", poor, "Poor")
    desk = sit_down(page, site, "flux-schnell")
    page.locator("#run-key").select_option(label=f"Poor · …{poor[-4:]}")
    desk.run(json.dumps({"prompt": unique("Poor")}))
    card = desk.settle("refused")
    expect(card).to_contain_text("406: Too few credits")
    expect(card).to_contain_text("use another key")
    site.sandbox.revoke(poor)
    desk.run(json.dumps({"prompt": unique("Revoked")}))
    expect(desk.settle("refused")).to_contain_text("401: Key refused")
    site.stack.sql("UPDATE accounts_apikey SET state = 'revoked' WHERE label = 'Poor'")


def test_a_session_that_ended_loses_nothing(open_as: Open, site: Site) -> None:
    page = open_as()
    page.goto(f"{site.stack.url}/accounts/login/")
    sign_in(page, site)
    desk = sit_down(page, site, "flux-schnell")
    body = json.dumps({"prompt": unique("Signed out")})
    page.context.clear_cookies(name="atelier_session")
    desk.write(body)
    press_run(desk)
    expect(desk.problems).to_contain_text("Not sent: you are signed out")
    expect(page.locator("#signed-out")).to_be_visible()
    expect(desk.draft).to_contain_text("you are signed out")
    assert desk.text == body
    check(page)

    with page.context.expect_page() as opened:
        page.locator("#signed-out").get_by_role("link").click()
    sign_in(opened.value, site)
    opened.value.close()
    page.bring_to_front()
    page.locator(".cm-content").click()
    desk.run()
    desk.settle("succeeded")
    expect(desk.draft).to_have_text("Draft saved")
    expect(page.locator("#signed-out")).to_be_hidden()
    assert len(site.accepted(body)) == 1


def sign_in(page: Page, site: Site) -> None:
    page.get_by_label("Email").fill(site.people["max"].email)
    page.get_by_label("Password").fill(personas.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("/t/"))


def test_a_server_that_starts_anew_gets_the_draft_later(open_as: Open, site: Site) -> None:
    page = open_as("max", expect=("ERR_", "Failed to fetch"))
    desk = sit_down(page, site, "flux-schnell")
    text = json.dumps({"prompt": unique("Typed meanwhile")})
    desk.write(text)
    site.stack.restart_web()
    expect(desk.draft).to_have_text("Draft saved")
    page.reload()
    page.get_by_role("tab", name="JSON").wait_for()
    assert desk.text == text
