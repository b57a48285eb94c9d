"""The spend pages as people use them: pointing, by keyboard, without a script, on a phone."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from playground.ledger import days, periods
from tests.browser.desk import Open, check
from tests.browser.site import Site
from tests.ledger.books import learn, reserve

pytestmark = pytest.mark.browser


def make_books(site: Site) -> None:
    """A few people's money in the team of Mia: this month, and the month before."""
    person = site.people["mia"]
    team = (
        Membership.objects.select_related("team").get(team__slug=person.team, user__email=person.email).team
    )
    members = list(Membership.objects.filter(team=team).select_related("user"))
    today = days.today(team)
    before = periods.around(periods.Kind.MONTH, today).before.last
    for number in range(24):
        user = members[number % len(members)].user
        day = today - timedelta(days=number % 3) if number < 18 else before
        run = reserve(
            team.id,
            person_id=user.id,
            person_label=user.label,
            day=day,
            endpoint=("seedream-4.5", "kling-2.6")[number % 2],
            effective_at=datetime.now(UTC),
        )
        if number % 6 == 5:
            learn(run, "not_billed", error_kind="credits")
        elif number % 8 == 7:
            learn(run, "unknown")
        else:
            learn(run, "billed", f"0.{number + 1:04d}", seconds=3.5 + number)


@pytest.fixture(scope="module")
def books(site: Site) -> None:
    site.deed(lambda: make_books(site))


def test_pointing_and_tabbing_say_the_figures_of_a_day(open_as: Open, site: Site, books: None) -> None:
    page = open_as("mia")
    page.goto(site.address("spend/"))
    readout = page.locator(".spend-readout")
    expect(readout).to_contain_text("Point at a bar")
    slot = page.locator(".spend-slot").last
    slot.hover()
    expect(readout).to_contain_text("Mia")
    page.mouse.move(5, 5)
    expect(readout).to_contain_text("Point at a bar")
    slot.focus()
    expect(readout).to_contain_text("Mia")
    page.keyboard.press("Enter")
    page.wait_for_url("**/history/?from=*")


def test_the_periods_follow_by_keyboard(open_as: Open, site: Site, books: None) -> None:
    page = open_as("mia")
    page.goto(site.address("spend/?by=model"))
    page.keyboard.press("[")
    page.wait_for_url("**period=month*")
    assert "by=model" in page.url
    page.get_by_role("link", name="Close month").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("sums are frozen")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("]")
    page.wait_for_url(lambda url: "on=" in url)


def test_other_pairs_are_counted_while_one_looks(open_as: Open, site: Site, books: None) -> None:
    page = open_as("mia")
    page.goto(site.address("spend/?by=source&cross=person-source"))
    crossed = page.locator("#crossed")
    expect(crossed.get_by_role("columnheader", name="Playground")).to_be_visible()
    expect(crossed.get_by_role("rowheader", name="Mia")).to_be_visible()
    check(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_accessible_and_fits(
    open_as: Open, site: Site, books: None, width: int, scheme: str
) -> None:
    page = open_as("mia", width=width, scheme=scheme)
    for path in ("spend/", "spend/?by=model", "spend/?by=key", "spend/?by=tag", "spend/models/kling-2.6/"):
        page.goto(site.address(path))
        check(page)
    page.goto(site.address("spend/"))
    page.get_by_text("As a table").click()
    check(page)
    page.goto(site.address("history/"))
    page.get_by_text("Export").first.click()
    check(page)
    page.goto(f"{site.stack.url}/t/{site.people['mia'].team}/mails/")
    check(page)


def test_without_a_script(open_as: Open, site: Site, books: None) -> None:
    page: Page = open_as("mia", script=False)
    page.goto(site.address("spend/"))
    expect(page.locator(".spend-readout")).to_contain_text("in the table below")
    page.get_by_role("link", name="Models", exact=True).last.click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.locator(".spend-period a[rel=prev]").click()
    page.get_by_role("link", name="Close month").click()
    expect(page.get_by_role("heading", name="Close")).to_be_visible()
    expect(
        page.get_by_text("Still open in these days").or_(page.get_by_text("Nothing in these days"))
    ).to_be_visible()
