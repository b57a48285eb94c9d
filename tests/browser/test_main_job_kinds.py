"""Every kind of result is shown for what it is, from our own copy."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.desk import Desk, Open, check, sees_picture, sit_down
from tests.browser.site import Site, unique

pytestmark = pytest.mark.browser

# How high the stage is with the whole picture on it, in one step: the card may be swapped at any moment.
TALL_STAGE = """() => {
  const image = document.querySelector("#result .viewer-stage img");
  return image?.naturalHeight === 2048 && image.closest(".viewer-stage").getBoundingClientRect().height;
}"""


@pytest.fixture
def page(open_as: Open) -> Page:
    return open_as("mia")


def result(page: Page, site: Site, slug: str, version: int, **body: object) -> Locator:
    """The card of one finished run of this model."""
    desk = sit_down(page, site, slug)
    desk.run(json.dumps({"prompt": unique("A harbour"), **body}), version)
    return desk.settle("succeeded")


def test_a_picture_zooms_by_buttons_and_keys(page: Page, site: Site) -> None:
    card = result(page, site, "flux-schnell", 1, width=512, height=768)
    assert sees_picture(card)
    expect(card.locator(".viewer-bar")).to_contain_text("512 × 768")
    level = card.locator(".viewer-level")
    expect(level).to_have_text("fit")
    card.get_by_role("button", name="Zoom in").click()
    expect(level).not_to_have_text("fit")
    stage = card.get_by_role("group", name=re.compile("Picture"))
    stage.focus()
    page.keyboard.press("0")
    expect(level).to_have_text("fit")
    page.keyboard.press("+")
    expect(level).not_to_have_text("fit")
    with page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith((".png", ".jpg", ".jpeg", ".webp"))


@pytest.mark.parametrize(
    ("slug", "element", "body"),
    [("ltx-video", "video", {"prompt": "Rain"}), ("chatterbox-tts", "audio", {"text": "The harbour opens."})],
)
def test_players_play_and_seek_in_our_own_copy(
    page: Page, site: Site, slug: str, element: str, body: dict[str, str]
) -> None:
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if "/files/" in answer.url else None)
    card = result(page, site, slug, 2, **body)
    player = card.locator(element)
    player.evaluate("(player) => { player.muted = true; return player.play(); }")
    page.wait_for_function(f"() => document.querySelector('#result {element}').currentTime > 0.1")
    middle = player.evaluate(
        """(player) => new Promise((done) => {
          player.pause();
          player.onseeked = () => done(player.currentTime);
          player.currentTime = player.duration / 2;
        })"""
    )
    assert middle > 0.5
    assert all(answer.url.startswith(site.stack.url) for answer in answers)
    assert 206 in {answer.status for answer in answers}
    check(page)


@pytest.mark.parametrize("version", [1, 2])
def test_a_language_model_answers_in_prose(page: Page, site: Site, version: int) -> None:
    card = result(page, site, "claude-4.5-sonnet", version)
    prose = card.locator(".prose")
    expect(prose.locator("strong").first).to_be_visible()
    expect(prose).not_to_contain_text("**")
    card.get_by_text("Response as JSON").click()
    expect(card.locator(".json-tree")).to_be_visible()
    check(page)


def test_json_is_a_tree_with_search_and_paths(page: Page, site: Site) -> None:
    card = result(
        page,
        site,
        "eleven-labs-transcript",
        1,
        audio_url="https://example.com/talk.mp3",
        model_id="scribe_v1",
    )
    # The words of a transcript stand on top; all that came with them is one step away.
    expect(card.locator(".prose")).to_contain_text("Good morning")
    card.get_by_text("Response as JSON").click()
    tree = card.locator(".json-tree")
    expect(tree).to_be_visible()
    card.get_by_label("Search in this JSON").fill("text")
    expect(card.get_by_role("status").filter(has_text="match")).to_contain_text(re.compile(r"\d+ match"))
    expect(tree.locator("mark").first).to_be_visible()
    path = tree.get_by_role("button", name=re.compile("^Copy path")).last
    name = (path.get_attribute("aria-label") or "").removeprefix("Copy path ")
    path.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("(name) => navigator.clipboard.readText().then((text) => text === name)", arg=name)
    check(page)


def test_base64_in_json_is_a_picture_too(page: Page, site: Site) -> None:
    card = result(page, site, "flux-schnell", 1, base64=True)
    assert sees_picture(card)
    expect(card.locator(".viewer-bar")).to_contain_text("×")


def test_a_solid_is_a_download(page: Page, site: Site) -> None:
    card = result(page, site, "hunyuan3d-2.1", 2, image="https://example.com/stone.png")
    expect(card.locator(".file-line")).to_contain_text("shown only as a download")
    with page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes()[:4] == b"glTF"
    check(page)


def test_a_very_tall_picture_and_a_long_name_stay_inside(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    result(page, site, "flux-schnell", 1, width=256, height=2048)
    assert page.wait_for_function(TALL_STAGE).json_value() <= 844 * 0.75
    sit_down(page, site, "hyperswap-image-faceswap-by-facefusion-labs")
    check(page)


def test_a_very_long_answer_scrolls_inside_its_card(page: Page, site: Site) -> None:
    desk: Desk = sit_down(page, site, "flux-schnell")
    long = json.dumps({"error": "word " * 4000})
    desk.run(json.dumps({"_sandbox": {"fault": "status_500", "text": long}, "prompt": unique("Long")}), 1)
    card = desk.settle("refused")
    card.get_by_text("What the provider said").click()
    box = page.locator(".desk-result").bounding_box()
    assert box is not None
    assert box["height"] <= 900
    check(page)
