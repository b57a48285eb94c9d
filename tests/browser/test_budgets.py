"""A run is refused, more is asked for beside Run, an owner approves, and the run goes through."""

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import Membership
from playground.ledger import refusals
from playground.ledger.days import day_of
from playground.ledger.entries import OverBudget
from tests.browser.desk import Desk, Open, check, sit_down
from tests.browser.site import Site, unique
from tests.ledger.books import learn, reserve

pytestmark = pytest.mark.browser
SLUG = "seedream-4.5"


def hold(member: Membership, amount: str) -> Any:
    """One hold of this member, today."""
    return reserve(
        member.team_id,
        amount=amount,
        day=day_of(member.team, timezone.now()),
        person_id=member.user_id,
        person_label=member.user.label,
        endpoint=SLUG,
    )


def refusal(site: Site, csrf: str) -> str:
    """What the page beside Run is answered with when Max holds a dollar."""
    found: list[str] = []

    def refuse() -> None:
        member = Membership.objects.select_related("team", "user").get(user__email=site.people["max"].email)
        with pytest.raises(OverBudget) as refused:
            hold(member, "1")
        request = RequestFactory().get("/")
        request.META["CSRF_COOKIE"] = csrf
        told = refusals.explain(member, refused.value)
        found.append(render_to_string("ledger/_refusal.html", {"refusal": told}, request))

    site.deed(refuse)
    return found[0]


def succeeds(site: Site) -> None:
    """The same dollar is held now, and given back."""

    def go() -> None:
        member = Membership.objects.select_related("team", "user").get(user__email=site.people["max"].email)
        learn(hold(member, "1"), "not_billed")

    site.deed(go)


def make_budget(page: Page, site: Site, name: str) -> None:
    page.goto(site.address("budgets/new/"))
    page.get_by_label("Who").select_option(label="Max")
    page.get_by_label("What").select_option(label=SLUG)
    page.get_by_label("Amount in $").fill("0.40")
    page.get_by_label("Name").fill(name)
    check(page)
    page.get_by_role("button", name="Make the budget").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    check(page)


def refuse_run(desk: Desk, site: Site) -> None:
    page = desk.page
    csrf = next(one["value"] for one in page.context.cookies() if one["name"] == "atelier_csrf")
    answer = refusal(site, csrf)

    def deny(route: Route) -> None:
        route.fulfill(status=422, content_type="text/html", body=answer)

    page.route("**/run/", deny)
    desk.write(f'{{"prompt": "{unique("a harbour")}"}}')
    page.keyboard.press("Control+Enter")
    # What Max has spent this month already counts.
    expect(desk.problems).to_contain_text(
        re.compile("\\$\u00a00\\.[34]\\d{3} of \\$\u00a00\\.40 left this month")
    )
    page.unroute("**/run/")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_more_is_asked_for_beside_run_and_approved(
    open_as: Open, site: Site, width: int, scheme: str
) -> None:
    name = f"Max at {width}"
    owner = open_as("mia", width=width, scheme=scheme)
    make_budget(owner, site, name)

    page = open_as("max", width=width, scheme=scheme, expect=("status of 422",))
    desk = sit_down(page, site, SLUG)
    refuse_run(desk, site)
    desk.problems.get_by_text(re.compile(r"Ask for \$.0\.6\d more")).click()
    expect(desk.problems.get_by_label("Amount in $")).to_have_value(re.compile(r"^0\.6\d$"))
    check(page)
    # Enter sends the request and not the run around it.
    before = site.run_count()
    desk.problems.get_by_label("What for").fill("The trailer")
    page.keyboard.press("Enter")
    expect(desk.problems).to_contain_text("Asked.")
    assert site.run_count() == before

    owner.goto(site.address("budgets/"))
    expect(owner.get_by_text("The trailer")).to_be_visible()
    check(owner)
    owner.get_by_role("button", name="Approve the request of Max").click()
    expect(owner.get_by_text(re.compile(r"^Max has .* more until then\.$"))).to_be_visible()
    succeeds(site)

    page.goto(site.address("budgets/"))
    expect(page.get_by_text(f"more of {name} until")).to_be_visible()
    check(page)
    desk = sit_down(page, site, SLUG)
    desk.run(f'{{"prompt": "{unique("a harbour")}"}}')
    desk.settle("succeeded")

    owner.goto(site.address("budgets/"))
    owner.get_by_role("button", name=f"End {name}").click()
    owner.get_by_role("button", name="End the budget").click()
    expect(owner.get_by_text("It stops nobody any more.")).to_be_visible()


def test_a_freeze_is_read_on_the_playground_until_it_is_lifted(open_as: Open, site: Site) -> None:
    owner, page = open_as("mia"), open_as("max", width=390)
    owner.goto(site.address("budgets/"))
    owner.get_by_role("button", name="Freeze the spending of Max").click()
    owner.get_by_role("textbox", name="Reason").fill("A loop since Tuesday")
    check(owner)
    owner.get_by_role("button", name="Freeze", exact=True).click()
    expect(owner.get_by_role("row").filter(has_text="A loop since Tuesday")).to_contain_text("frozen")
    page.goto(site.address(f"playground/{SLUG}/"))
    expect(page.get_by_text("Mia stopped it: “A loop since Tuesday”.")).to_be_visible()
    check(page)
    owner.get_by_role("button", name="Let Max spend again").click()
    page.reload()
    expect(page.get_by_text("A loop since Tuesday")).to_have_count(0)
    page.goto(site.address("alerts/"))
    check(page)
