"""Keys as a person adds them, a second user of the team, the auditor, the stranger, and a browser without scripts."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests import personas
from tests.browser.desk import Desk, Open, check, sit_down
from tests.browser.site import Site, unique

pytestmark = pytest.mark.browser


def paste_key(page: Page, site: Site, text: str, label: str) -> None:
    """Paste a key on the page for it and start its test."""
    page.goto(f"{site.stack.url}/t/{site.people['keyed'].team}/keys/add/")
    page.get_by_label("Label").fill(label)
    page.get_by_label("API key").fill(text)
    page.get_by_role("button", name="Test the key").click()


def check_both(page: Page) -> None:
    """At both widths, and back to the wide one."""
    page.set_viewport_size({"width": 390, "height": 844})
    check(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    check(page)


def test_a_pasted_key_is_tested_before_it_is_saved(open_as: Open, site: Site) -> None:
    page = open_as("keyed")
    good = site.sandbox.new_key("7", free="0.5")
    # Blanks around it, as a mail or a table adds them; one inside is a damaged key.
    paste_key(page, site, f"{good[:12]} {good[12:]}", "Studio")
    expect(page.get_by_text("A key has no blanks")).to_be_visible()
    expect(page.get_by_label("Label")).to_have_value("Studio")
    check_both(page)
    paste_key(page, site, f"  {good}\t", "Studio")
    facts = page.locator("#key-test .facts")
    expect(facts).to_contain_text("$ 7.0000")
    expect(facts).to_contain_text("$ 0.5000")
    check_both(page)
    page.get_by_role("button", name="Save the key").click()
    expect(page.get_by_role("row").filter(has_text="Studio")).to_contain_text(f"…{good[-4:]}")
    assert good not in page.content()
    check_both(page)


def test_a_wrong_key_is_told_from_one_that_did_not_arrive(open_as: Open, site: Site) -> None:
    page = open_as("keyed")
    wrong, unheard = site.sandbox.new_key("1"), site.sandbox.new_key("1")
    site.sandbox.revoke(wrong)
    paste_key(page, site, wrong, "Wrong")
    expect(page.locator("#key-test")).to_contain_text("It can't be saved.")
    expect(page.get_by_role("button", name=re.compile("Save"))).to_have_count(0)
    check(page)
    missing = "Unauthorized: missing API key"
    site.sandbox.fault("get-user-credits", "status_401", key=unheard, text=missing, times=1)
    paste_key(page, site, unheard, "Unheard")
    expect(page.locator("#key-test .notice")).to_contain_text("no key")
    check(page)
    page.get_by_role("button", name="Test again").click()
    expect(page.locator("#key-test .facts")).to_contain_text("$ 1.0000")


@contextmanager
def own_runs_only(site: Site) -> Iterator[None]:
    team = site.people["mia"].team
    site.stack.sql("UPDATE accounts_team SET own_runs_only = true WHERE slug = %s", team)
    try:
        yield
    finally:
        site.stack.sql("UPDATE accounts_team SET own_runs_only = false WHERE slug = %s", team)


def run_of(page: Page, site: Site, prompt: str) -> Desk:
    desk = sit_down(page, site, "flux-schnell")
    desk.run(json.dumps({"prompt": prompt}))
    desk.settle("succeeded")
    return desk


def test_a_lent_key_runs_for_a_colleague_who_never_sees_it(open_as: Open, site: Site) -> None:
    lent = site.sandbox.new_key("3")
    site.add_key("mia", lent, "For all")
    site.stack.sql("UPDATE accounts_apikey SET lent = true WHERE label = 'For all'")
    page = open_as("max")
    desk = sit_down(page, site, "flux-schnell")
    choice = page.locator("#run-key option").filter(has_text="For all")
    expect(choice).to_contain_text("lent by Mia")
    page.locator("#run-key").select_option(value=choice.get_attribute("value") or "")
    desk.run(json.dumps({"prompt": unique("Borrowed")}))
    card = desk.settle("succeeded")
    # The balance is its owner's to see, what the run cost is not.
    expect(card).to_contain_text("$ 0.0079")
    expect(card).not_to_contain_text("balance after")
    assert len(site.sandbox.charges(lent)) == 1
    assert lent not in page.content()


def test_who_sees_whose_runs(open_as: Open, site: Site) -> None:
    secret = unique("Nobody else's")
    mine = run_of(open_as("mia"), site, secret)
    address = site.address(f"history/{mine.shown}/")

    colleague = open_as("max", expect=("404",))
    colleague.goto(address)
    expect(colleague.locator("#request-text")).to_contain_text(secret)
    with own_runs_only(site):
        colleague.goto(address)
        expect(colleague.get_by_role("heading", name="There is nothing here")).to_be_visible()
        colleague.goto(site.address("history/"))
        expect(colleague.locator(f"#row-{mine.shown}")).to_have_count(0)
        colleague.goto(site.address("playground/flux-schnell/"))
        expect(colleague.locator(f"#recent-runs a[href*='{mine.shown}']")).to_have_count(0)

    auditor = open_as("aud", expect=("403",))
    auditor.goto(site.address("history/"))
    row = auditor.locator(f"#row-{mine.shown}")
    expect(row).to_contain_text("billed")
    expect(row).to_contain_text("x-cost")
    check(auditor)
    row.get_by_role("link").click()
    expect(auditor.get_by_text("Your role sees money, status and evidence")).to_be_visible()
    assert secret not in auditor.content()
    expect(auditor.locator("img[src*='/files/'], #request-text")).to_have_count(0)
    check(auditor)
    refused = auditor.goto(site.address("playground/flux-schnell/"))
    assert refused is not None
    assert refused.status == 403

    stranger = open_as("keyed", expect=("404",))
    for path in (f"history/{mine.shown}/", "history/", "playground/flux-schnell/"):
        missing = stranger.goto(site.address(path))
        assert missing is not None
        assert missing.status == 404


def test_without_scripts_the_same_page_does_the_same_job(open_as: Open, site: Site) -> None:
    page = open_as(script=False, expect=("422",))
    person = site.people["scriptless"]
    page.goto(f"{site.stack.url}/accounts/login/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(personas.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(site.address("playground/flux-schnell/", person.team))
    body = json.dumps({"prompt": unique("Plain"), "_sandbox": {"fault": "delay", "ms": 1500}}, indent=1)
    page.get_by_label("Payload, JSON").fill(body)
    page.locator("#run-button").click()
    expect(page.locator("#result")).to_contain_text(re.compile("Queued|Sending"))
    expect(page.get_by_label("Payload, JSON")).to_have_value(body)
    for _ in range(100):
        if page.locator("#result [data-state=succeeded]").count():
            break
        page.wait_for_timeout(300)
        page.locator("#result").get_by_role("link", name="Reload").click()
    expect(page.locator("#result .viewer img")).to_be_visible()
    expect(page.locator("#result")).to_contain_text("200 · billed")
    assert len(site.accepted(body)) == 1

    # What cannot be sent comes back on a page of its own, with every word.
    page.get_by_label("Payload, JSON").fill('{"prompt": ')
    page.locator("#run-button").click()
    expect(page.get_by_role("heading", name="Not sent")).to_be_visible()
    expect(page.get_by_label("Payload, JSON")).to_have_value('{"prompt": ')
    page.get_by_label("Payload, JSON").fill(json.dumps({"prompt": unique("Mended")}))
    page.get_by_role("button", name="Run").click()
    page.wait_for_url(re.compile(r"/playground/flux-schnell/\?run="))
    page.goto(site.address("history/", person.team))
    expect(page.locator(".history-row")).to_have_count(2)
