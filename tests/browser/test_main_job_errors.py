"""Errors teach: every refusal, failure and doubt has its cause, its likely fix, and whether it cost money."""

import json
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk, Open, check, facts_of, sit_down
from tests.browser.site import Site, unique

pytestmark = pytest.mark.browser

NOT_BILLED = "Not billed."
DOUBT = "This may have been billed."

# fault, version, the title, a part of the cause, a part of the fix, the word on money
REFUSALS = [
    ("status_400", 1, "400: Refused by moderation", "refused the content", "Change the prompt", NOT_BILLED),
    ("status_404", 1, "404: Model not found", "knows no model", "Check the spelling", NOT_BILLED),
    ("status_401", 1, "401: Key refused", "does not accept this key", "Check the key under My keys", NOT_BILLED),
    ("status_403", 1, "403: Model not allowed", "may not use it", "Ask the admin", NOT_BILLED),
    ("status_405", 1, "405: Address does not", "wants another kind of request", "Check the API address", NOT_BILLED),
    ("status_406_content_type", 1, "406: Content type", "JSON or multipart", "application/json", NOT_BILLED),
    ("status_406_credits", 1, "406: Too few credits", "needs $0.05", "Add credits", NOT_BILLED),
    ("status_406_value", 1, "406: Value not accepted", "does not take", "Compare the values", NOT_BILLED),
    ("status_406_cap", 1, "406: Spending cap reached", "for the month", "raise the cap", NOT_BILLED),
    ("status_410", 1, "410: Model retired", "no longer offers", "Pick another model", NOT_BILLED),
    ("status_500", 1, "500: Error at the provider", "Something failed", "Go back to values that worked", NOT_BILLED),
    ("status_502", 1, "502: Provider not reachable", "gateway gave up", "Run again later", NOT_BILLED),
    ("job_fails", 2, "Run failed", "failed while running", "Read the provider's text", NOT_BILLED),
    ("json_error_200", 1, "Error under status 200", "carries an error", "its history tells", DOUBT),
    ("drop_after_charge", 1, "No answer", "connection broke", "before running again", DOUBT),
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(browser: Browser, site: Site) -> Iterator[Desk]:
    """One open playground for all these runs, which change nothing on the page but its result."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    session = site.people["mia"].session
    context.add_cookies([{"name": "atelier_session", "value": session, "url": site.stack.url}])
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda line: trouble.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    yield sit_down(page, site, "flux-schnell")
    context.close()
    assert trouble == []


def fault(name: str, **params: object) -> str:
    """A body that asks the sandbox for this fault."""
    return json.dumps({"prompt": unique("A fault"), "_sandbox": {"fault": name, **params}})


@pytest.mark.parametrize(
    ("name", "version", "title", "cause", "fix", "money"), REFUSALS, ids=lambda part: str(part)[:24]
)
def test_an_error_says_cause_fix_and_money(
    desk: Desk, name: str, version: int, title: str, cause: str, fix: str, money: str
) -> None:
    desk.run(fault(name), version)
    card = desk.settle()
    notice = card.locator(".notice").first
    for words in (title, cause, fix, money):
        expect(notice).to_contain_text(words)
    assert facts_of(card)["cost"] == ("none" if money == NOT_BILLED else "—")
    expect(desk.page.locator("#run-button")).to_be_enabled()
    # Nothing of an HTML answer became part of this page.
    expect(desk.page.locator("#result script, #result iframe")).to_have_count(0)


def test_the_error_pages_are_accessible(desk: Desk) -> None:
    desk.run(fault("status_406_value"), 1)
    desk.settle("refused")
    desk.page.get_by_text("What the provider said").click()
    expect(desk.result.locator("pre")).to_contain_text("aspect_ratio")
    for width in (1440, 390):
        desk.page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            desk.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            check(desk.page)
    desk.page.set_viewport_size({"width": 1440, "height": 900})


def test_a_rate_limit_counts_down(desk: Desk) -> None:
    desk.run(fault("status_429", reset_in=4), 1)
    notice = desk.settle("refused").locator(".notice")
    expect(notice).to_contain_text("429: Too many requests")
    expect(notice).to_contain_text(NOT_BILLED)
    countdown = notice.locator("time.countdown")
    expect(countdown).to_have_text(re.compile(r"^[1-4] s$"))
    expect(countdown).to_have_text("none, it can run again")


def test_a_lost_answer_needs_a_person(desk: Desk, open_as: Open, site: Site) -> None:
    body = fault("drop_after_charge")
    desk.run(body, 1)
    card = desk.settle("unknown")
    expect(card.locator(".pill").first).to_have_text("unknown")
    assert len(site.accepted(body)) == 1
    page = open_as("mia")
    page.goto(site.address("history/"))
    row = page.locator(f'[data-run="{desk.shown}"]')
    expect(row).to_contain_text("connection lost after send")
    page.locator("#row-" + desk.shown).get_by_role("link").click()
    # The owner says what it cost, with the evidence in view.
    page.get_by_text("Say what it cost").click()
    page.get_by_label("Yes, it was billed").check()
    page.get_by_label("Cost in $").fill("0.0079")
    page.get_by_label("How you know").fill("The provider's history shows it.")
    check(page)
    page.get_by_role("button", name="Settle").click()
    expect(page.locator("#result-" + desk.shown)).to_contain_text("$ 0.0079")
    check(page)


def test_a_slow_run_says_so_while_it_runs(desk: Desk) -> None:
    desk.run(json.dumps({"prompt": unique("Quick")}), 1)
    desk.settle("succeeded")
    # Three times the usual time of the team's own runs, and never less than three seconds.
    desk.run(fault("delay", ms=6000), 1)
    desk.settle("sending")
    clock = desk.result.locator("time[data-time=elapsed]")
    expect(clock).to_have_text(re.compile(r"^[1-9] s$"))
    expect(desk.result).to_contain_text("usually")
    expect(desk.result).to_contain_text("slower than usual")
    desk.settle("succeeded")


def test_stop_before_sending_takes_the_run_back(desk: Desk, site: Site) -> None:
    body = json.dumps({"prompt": unique("Taken back")})
    worker = site.stack.processes["worker"]
    worker.send_signal(signal.SIGSTOP)
    try:
        desk.run(body, 1)
        desk.settle("queued")
        desk.page.get_by_role("button", name="Stop").click()
        card = desk.settle("cancelled")
    finally:
        worker.send_signal(signal.SIGCONT)
    expect(card).to_contain_text("Stopped before it was sent")
    expect(card).to_contain_text("nothing was charged")
    desk.run(json.dumps({"prompt": unique("The next")}))
    desk.settle("succeeded")
    assert site.accepted(body) == []


def test_stop_after_sending_says_that_there_is_no_way_back(desk: Desk) -> None:
    desk.run(fault("delay", ms=2500), 1)
    desk.settle("sending")
    desk.page.get_by_role("button", name="Stop").click()
    expect(desk.result).to_contain_text("It is on its way and cannot be taken back")
    expect(desk.result).to_contain_text("may be billed")
    expect(desk.page.get_by_role("button", name="Stop")).to_have_count(0)
    card = desk.settle("succeeded")
    expect(card.locator(".pill").first).to_have_text("200 · billed")
