import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from playground.catalogue.favourites import toggle_favourite
from playground.catalogue.hidden import hide_endpoint
from playground.catalogue.models import Endpoint
from playground.catalogue.recents import touch_recent
from tests.personas import People

URL = "/t/studio/live/endpoints/"
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("name", "status"),
    [("alice", 200), ("adam", 200), ("bob", 200), ("audrey", 403), ("charlie", 404), ("nobody", 302)],
)
def test_who_may_look(people: People, name: str, status: int) -> None:
    assert getattr(people, name).client().get(URL).status_code == status


def test_the_address_has_a_name() -> None:
    assert reverse("catalogue:endpoint_list", args=["studio", "live"]) == URL


def test_a_row_says_what_it_costs_takes_and_returns(people: People) -> None:
    page = people.bob.client().get(URL, {"q": "seedream-4.5"}).content.decode()
    assert 'href="/t/studio/live/playground/seedream-4.5/"' in page
    for words in ("Seedream 4.5", "$ 0.0400", "Published by Segmind", "32 s", "Image-to-Image"):
        assert words in page


def test_links_stay_in_the_mode(people: People) -> None:
    page = people.bob.client().get("/t/studio/sandbox/endpoints/", {"q": "veo-3"}).content.decode()
    assert "/t/studio/sandbox/playground/veo-3/" in page
    assert "/t/studio/live/playground/" not in page


def test_at_most_sixty_rows_then_more(people: People) -> None:
    client = people.bob.client()
    page = client.get(URL).content.decode()
    assert page.count("data-endpoint-link") == 60
    assert "507 models" in page
    assert "?start=60" in page
    part = client.get(URL, {"start": 480}, headers=HTMX).content.decode()
    assert part.lstrip().startswith("<tbody")
    assert part.count("data-endpoint-link") == 27
    assert "start=" not in part


def test_typing_gets_the_table_alone(people: People) -> None:
    response = people.bob.client().get(URL, {"q": "nano banana"}, headers=HTMX)
    part = response.content.decode()
    assert "<html" not in part
    assert "4 models for “nano banana”" in part
    assert "HX-Request" in response.headers["Vary"]


def test_going_back_gets_the_whole_page(people: People) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in people.bob.client().get(URL, {"q": "veo"}, headers=headers).content.decode()


def test_the_search_and_the_category_are_in_the_address(people: People) -> None:
    query = {"q": "flux", "category": "Text-to-Image Generation"}
    page = people.bob.client().get(URL, query).content.decode()
    assert 'value="flux"' in page
    assert '<option value="Text-to-Image Generation" selected>' in page
    assert "flux-schnell" in page
    assert "flux-3-text-to-video" not in page


def test_favourites_and_recents_stand_first_unless_searched(people: People) -> None:
    bob = people.membership("bob")
    toggle_favourite(membership=bob, endpoint=Endpoint.objects.bundled().get(slug="z-image-turbo"))
    touch_recent(membership=bob, endpoint=Endpoint.objects.bundled().get(slug="wan-2.2-i2v-fast"))
    client = people.bob.client()
    page = client.get(URL).content.decode()
    order = [
        page.index(words)
        for words in (
            "Favourites</th>",
            "z-image-turbo",
            "Used last</th>",
            "wan-2.2-i2v-fast",
            "All models</th>",
        )
    ]
    assert order == sorted(order)
    assert "Remove Z Image Turbo from favourites" in page
    assert "Favourites</th>" not in client.get(URL, {"q": "turbo"}).content.decode()
    assert "Favourites</th>" not in people.alice.client().get(URL).content.decode()


def test_hidden_and_retired_are_not_offered(people: People) -> None:
    hide_endpoint(
        membership=people.membership("adam"), endpoint=Endpoint.objects.bundled().get(slug="veo-3-fast")
    )
    Endpoint.objects.bundled().filter(slug="veo-2").update(retired_at=timezone.now())
    page = people.bob.client().get(URL, {"q": "veo"}).content.decode()
    assert "/playground/veo-3/" in page
    assert "/playground/veo-3-fast/" not in page
    assert "/playground/veo-2/" not in page


@pytest.mark.parametrize(
    "query",
    [
        {"q": "no such model"},
        {"category": "None of ours"},
        {"q": "%_\\"},
        {"q": "é漢🙂"},
    ],
)
def test_nothing_found_is_said(people: People, query: dict[str, str]) -> None:
    response = people.bob.client().get(URL, query)
    assert response.status_code == 200
    assert "No model matches" in response.content.decode()


@pytest.mark.parametrize(
    "query", [{"q": "\x00"}, {"start": "-1"}, {"start": "x"}, {"start": "9" * 30}, {"q": "v" * 5000}]
)
def test_odd_addresses_are_no_error(people: People, query: dict[str, str]) -> None:
    assert people.bob.client().get(URL, query).status_code == 200


def test_what_is_typed_is_shown_as_text(people: People) -> None:
    page = people.bob.client().get(URL, {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page


def test_only_admins_see_the_way_to_manage(people: People) -> None:
    assert "/t/studio/endpoints/" in people.adam.client().get(URL).content.decode()
    assert "/t/studio/endpoints/" not in people.bob.client().get(URL).content.decode()


def test_a_search_costs_few_queries(
    people: People, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = people.bob.client()
    client.get(URL)  # the first visit is noted in the session
    with django_assert_max_num_queries(5):
        client.get(URL, {"q": "video"}, headers=HTMX)


def test_other_methods_are_refused(people: People) -> None:
    assert people.bob.client().post(URL).status_code == 405
