"""A payload is saved, varied and run; shared, forked, pulled and trashed. At both widths and in both schemes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, Open, check, sit_down
from tests.browser.site import Site, unique

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLUG = "seedream-4.5"
LOOKS = [(1440, "light"), (390, "dark")]


def save_new(page: Page, name: str) -> None:
    page.keyboard.press("Control+s")
    expect(page.get_by_label("Name of a new payload")).to_be_focused()
    page.keyboard.insert_text(name)
    check(page)
    page.keyboard.press("Enter")
    expect(page.locator("#payload-notice")).to_contain_text(f"{name}, version 1")
    page.get_by_role("tab", name="JSON").wait_for()


def declare(page: Page) -> None:
    """Makes variables of the two names in the text: a text with a default, and a number that is asked for."""
    page.get_by_role("link", name="Make variables of them").click()
    animal, steps = (page.get_by_role("group", name=f"Variable {number}", exact=True) for number in (1, 2))
    expect(animal.get_by_label("Name")).to_have_value("animal")
    animal.get_by_role("textbox", name=re.compile("^Default")).fill("red fox")
    steps.get_by_label("Type").select_option("number")
    check(page)
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_role("heading", name="What changed since version 1")).to_be_visible()
    check(page)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_payload_is_saved_varied_and_run(open_as: Open, site: Site, width: int, scheme: str) -> None:
    # Drafts remember payloads, so each begins with none.
    site.join(f"saver-{width}")
    page = open_as(f"saver-{width}", width=width, scheme=scheme, expect=("422", "409"))
    desk, word = sit_down(page, site, SLUG), unique("snow")
    desk.write(f'{{"prompt": "A {{{{animal}}}} in {word}", "seed": 7, "scale": "{{{{scale}}}}"}}')
    name = f"Animals {word}"
    save_new(page, name)
    page.locator("#payload-notice").get_by_role("link", name=name).click()
    declare(page)
    page.get_by_role("link", name="Open in playground").click()
    page.get_by_role("tab", name="JSON").wait_for()
    desk = Desk(page)
    variables = page.get_by_role("group", name="Variables")
    expect(variables.get_by_label("animal")).to_have_value("red fox")
    expect(page.locator(".editor-variable")).to_have_text(["{{animal}}", "{{scale}}"])
    page.keyboard.press("Control+Enter")
    expect(desk.problems).to_contain_text("Give a value for scale.")
    check(page)
    expect(variables.get_by_label("scale")).to_be_focused()
    page.keyboard.type("1.0")
    expect(variables.get_by_label("scale")).not_to_have_attribute("aria-invalid", "true")
    desk.run()
    desk.settle("succeeded")
    assert len(site.accepted(f'{{"prompt": "A red fox in {word}", "seed": 7, "scale": 1.0}}')) == 1
    another_version(desk, word)
    run_rows(page, site, word)


def another_version(desk: Desk, word: str) -> None:
    """A second tab has saved meanwhile: both are shown, and none is lost."""
    page = desk.page
    other = page.context.new_page()
    other.goto(page.url)
    for tab, text in ((other, "theirs"), (page, "mine")):
        tab.get_by_role("tab", name="JSON").wait_for()
        Desk(tab).write(f'{{"prompt": "{text} {{{{animal}}}} {word}"}}')
        tab.keyboard.press("Control+s")
        tab.get_by_label("What changed").fill(text)
        tab.get_by_role("button", name=re.compile("^Save a version of")).click()
        if tab is other:
            expect(tab.locator("#payload-notice")).to_contain_text("version 3")
            tab.close()
    expect(page.locator("#save-version-answer")).to_contain_text("has saved version 3 since you opened this")
    check(page)
    page.get_by_role("button", name=re.compile("^Save a version of")).click()
    expect(page.locator("#payload-notice")).to_contain_text("version 4")


def run_rows(page: Page, site: Site, word: str) -> None:
    page.locator("#payload-notice").get_by_role("link").first.click()
    page.get_by_role("link", name="Run a table").click()
    page.get_by_label("Table, as CSV").fill("animal\nowl\nbear\n")
    check(page)
    page.get_by_role("button", name="See count and price").click()
    expect(page.get_by_role("heading", name="Run 2 rows?")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Run 2 rows").click()
    expect(page.get_by_role("row").filter(has_text=SLUG).first).to_be_visible()
    for animal in ("owl", "bear"):
        assert site.stack.sql(
            "SELECT count(*) FROM playground_runtext WHERE request_text = %s",
            f'{{"prompt": "mine {animal} {word}"}}',
        ) == [(1,)]


def save_plain(page: Page, name: str, text: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("JSON").fill(text)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_shared_payload_is_forked_pulled_and_trashed(
    open_as: Open, site: Site, width: int, scheme: str
) -> None:
    name = unique("Harbour")
    mia, max_ = (open_as(who, width=width, scheme=scheme) for who in ("mia", "max"))
    mia.goto(site.address(f"payloads/new/?endpoint={SLUG}"))
    check(mia)
    save_plain(mia, name, '{"prompt": "a harbour"}')
    mia.get_by_label("More", exact=True).click()
    mia.get_by_role("link", name="Who sees it").click()
    mia.get_by_label("The whole team").check()
    check(mia)
    mia.get_by_role("button", name="Continue").click()
    check(mia)
    mia.get_by_role("button", name="Share it").click()
    expect(mia.get_by_text("The whole team can see it now.")).to_be_visible()
    max_.goto(site.address("payloads/"))
    max_.get_by_label("Search payloads").fill(name)
    max_.keyboard.press("Enter")
    expect(max_.get_by_text("1 payload", exact=True)).to_be_visible()
    check(max_)
    max_.get_by_role("link", name=name).click()
    max_.get_by_label("More", exact=True).click()
    max_.get_by_role("button", name="Fork").click()
    expect(max_.get_by_text("This is your own copy.")).to_be_visible()
    change_and_pull(mia, max_)
    trash_and_restore(mia, name)


def change_and_pull(mia: Page, max_: Page) -> None:
    fork = max_.url
    mia.get_by_role("link", name="Open in playground").click()
    mia.get_by_role("tab", name="JSON").wait_for()
    Desk(mia).write('{"prompt": "a harbour at dusk"}')
    mia.keyboard.press("Control+s")
    mia.get_by_role("button", name=re.compile("^Save a version of")).click()
    expect(mia.locator("#payload-notice")).to_contain_text("version 2")
    max_.goto(fork)
    max_.get_by_role("link", name="See what changed there: version 2").click()
    expect(max_.locator(".diff-new mark")).to_have_text(" at dusk")
    check(max_)
    max_.get_by_role("button", name="Take it over as version 2").click()
    expect(max_.get_by_text("Nothing new there.")).to_be_visible()
    check(max_)


def trash_and_restore(page: Page, name: str) -> None:
    page.locator("#payload-notice").get_by_role("link", name=name).click()
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Put into the trash").click()
    page.get_by_role("dialog").get_by_role("button", name="Put into the trash").click()
    page.get_by_role("link", name=re.compile("^Trash")).click()
    check(page)
    page.get_by_role("link", name=name).click()
    expect(page.get_by_text("In the trash", exact=True)).to_be_visible()
    check(page)
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.get_by_role("link", name="Open in playground")).to_be_visible()
