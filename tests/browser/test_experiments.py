"""A grid of values is priced, run and watched; what came out is compared, picked, replayed and found in the gallery."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Open, check, sit_down
from tests.browser.site import Site, unique

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLUG = "seedream-4.5"
LOOKS = [(1440, "light"), (390, "dark")]


def fill_grid(page: Page) -> None:
    page.get_by_label("Field 1").fill("seed")
    page.get_by_role("textbox", name="Values 1").fill("1..10000")
    page.get_by_role("button", name="See count and price").click()
    expect(page.get_by_text("a sweep has at most 500")).to_be_visible()
    check(page)
    page.get_by_role("textbox", name="Values 1").fill("1..2")
    page.get_by_label("Field 2").fill("size")
    page.get_by_role("textbox", name="Values 2").fill("1K\n2K")
    page.get_by_role("button", name="See count and price").click()


def fill_up(page: Page, site: Site, count: int) -> None:
    """The grid fills by itself while the clock ticks, which the site's stack has not."""
    done = page.locator("article[data-state=succeeded]")
    for _ in range(60):
        if done.count() == count:
            break
        site.stack.send_task("workbench.sweeps")
        page.wait_for_timeout(500)
    expect(done).to_have_count(count)
    site.stack.send_task("workbench.sweeps")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_sweep_is_priced_watched_and_its_winner_kept(
    open_as: Open, site: Site, width: int, scheme: str
) -> None:
    site.join(f"sweeper-{width}")
    page = open_as(f"sweeper-{width}", width=width, scheme=scheme, expect=("422",))
    desk, word = sit_down(page, site, SLUG), unique("grid")
    desk.write(f'{{"prompt": "A boat, {word}", "seed": 7}}')
    page.get_by_role("button", name="Sweep").click()
    expect(page.get_by_label("JSON")).to_have_value(f'{{"prompt": "A boat, {word}", "seed": 7}}')
    check(page)
    fill_grid(page)
    expect(page.get_by_role("heading", name="Start 4 runs?")).to_be_visible()
    check(page)
    page.get_by_role("button", name=re.compile("^Start 4 runs for")).click()
    expect(page.get_by_role("heading", name="Sweep of")).to_be_visible()
    fill_up(page, site, 4)
    expect(page.locator("#sweep-head .stat-value", has_text="4 of 4")).to_be_visible()
    expect(page.locator("#sweep-head")).to_have_attribute("data-state", "finished")
    check(page)
    page.get_by_role("button", name="Winner: seed 1, size 1K").click()
    expect(page.get_by_role("link", name="Save as payload")).to_be_visible()
    check(page)
    assert len(site.accepted(f'{{"prompt": "A boat, {word}", "seed": 2, "size": "1K"}}')) == 1
    compare_cells(page)


def compare_cells(page: Page) -> None:
    for name in ("seed 1, size 1K", "seed 2, size 1K"):
        page.get_by_role("checkbox", name=f"Compare {name}").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    check(page)
    stages = page.locator(".compare-pane [data-compare-stage]")
    stages.first.focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    moved = [stages.nth(place).locator("img").evaluate("(one) => one.style.transform") for place in (0, 1)]
    assert moved[0] == moved[1]
    assert "scale(1.5)" in moved[0]
    page.get_by_text("Swipe", exact=True).click()
    expect(page.get_by_role("slider")).to_be_visible()
    check(page)
    page.get_by_text("Difference", exact=True).click()
    overlay = page.locator("[data-compare-overlay] img")
    expect(overlay).to_have_count(2)
    assert overlay.nth(1).evaluate("(one) => getComputedStyle(one).mixBlendMode") == "difference"
    check(page)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_films_play_together_and_a_result_is_replayed(
    open_as: Open, site: Site, width: int, scheme: str
) -> None:
    site.join(f"replayer-{width}")
    page = open_as(f"replayer-{width}", width=width, scheme=scheme, expect=("422",))
    desk, word = sit_down(page, site, SLUG), unique("replay")
    desk.run(f'{{"prompt": "{word}", "seed": -1}}')
    desk.settle("succeeded")
    page.get_by_role("link", name="Request, headers, evidence").click()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("The result is identical, byte for byte.")).to_be_visible()
    check(page)
    seed = page.locator("#request-text").inner_text()
    assert re.fullmatch(rf'{{"prompt": "{word}", "seed": \d+}}', seed)
    # The same bytes once more: it is paid for already, and a person decides.
    desk = sit_down(page, site, SLUG)
    desk.write(seed)
    page.keyboard.press("Control+Enter")
    expect(desk.problems).to_contain_text("Already paid for")
    check(page)
    before = desk.shown
    desk.problems.get_by_role("button", name=re.compile("^Run anyway")).click()
    expect(page.locator(f"#result > [data-run]:not([data-run='{before}'])")).to_be_visible()
    page.goto(site.address("gallery/"))
    expect(page.locator(".gallery-tiles .thumb").first).to_be_visible()
    check(page)
    films(page, site)


def films(page: Page, site: Site) -> None:
    for seed in (1, 2):
        desk = sit_down(page, site, "veo-3")
        desk.run(f'{{"prompt": "{unique("waves")}", "seed": {seed}}}', version=2)
        desk.settle("succeeded")
        expect(desk.result.locator("video")).to_be_visible()
    for box in page.locator("#recent-runs [data-pick-run]").all()[:2]:
        box.check()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("video[data-track]")).to_have_count(2)
    check(page)
    page.get_by_role("slider").fill("500")
    page.wait_for_function(
        "(([a, b]) => a.currentTime > 0 && Math.abs(a.currentTime - b.currentTime) < 0.2)"
        "([...document.querySelectorAll('video')])"
    )
    page.get_by_role("button", name="Play all").click()
    expect(page.get_by_role("button", name=re.compile("Pause all|Play all"))).to_be_visible()
