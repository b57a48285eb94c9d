import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from playground.catalogue.favourites import toggle_favourite
from playground.catalogue.hidden import hide_endpoint
from playground.catalogue.models import Endpoint, search_words, validate_endpoint_slug
from playground.catalogue.recents import touch_recent
from tests.personas import People


def slugs(text: str) -> list[str]:
    return list(Endpoint.objects.listed().search(text).values_list("slug", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("veo-3", "veo-3"),  # an exact slug before everything that begins with it
        ("VEO-3-FAST", "veo-3-fast"),
        ("nano banana pro", "nano-banana-pro"),
        ("banana nano", "nano-banana"),
        ("seedream 4.5", "seedream-4.5"),
        ("  kling   2.6 ", "kling-2.6"),
    ],
)
def test_the_best_match_comes_first(text: str, first: str) -> None:
    assert slugs(text)[0] == first


@pytest.mark.django_db
def test_a_word_begun_ranks_before_one_in_the_middle() -> None:
    found = slugs("turbo")
    assert "z-image-turbo" in found
    assert slugs("flux")[0].startswith("flux")


@pytest.mark.django_db
def test_a_category_is_found_after_names() -> None:
    found = slugs("text to video")
    named = [slug for slug in found if "text-to-video" in slug or "text2video" in slug]
    assert found.index("veo-3") > found.index(named[0])
    assert {"veo-3", "mochi-1"} <= set(found)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["%", "_", "x%y", "\\", "(((", "[a", "*", "no-such-model", "flux no-such-word"]
)
def test_signs_of_patterns_are_only_signs(text: str) -> None:
    # A sign is found where it stands, never as a pattern that matches everything.
    facts = Endpoint.objects.values_list("slug", "title", "category")
    held = [row[0] for row in facts if all(any(word in field for field in row) for word in text.split())]
    assert sorted(slugs(text)) == sorted(held)


@pytest.mark.django_db
def test_a_text_without_printable_words_searches_for_nothing() -> None:
    assert len(slugs("\x00 \n")) == 507


def test_search_words_are_bounded() -> None:
    assert search_words("a\x00b") == ["a", "b"]
    assert len(search_words(" ".join("abcdefghijklmnop"))) == 8
    assert search_words("x" * 5000) == ["x" * 100]


def test_visible_are_bundled_and_own_without_hidden_and_replaced(people: People) -> None:
    alice, charlie = people.membership("alice"), people.membership("charlie")
    own = Endpoint.objects.create(team=people.team, slug="veo-3", title="Our Veo")
    elsewhere = Endpoint.objects.create(team=charlie.team, slug="theirs", title="Theirs")
    hide_endpoint(membership=alice, endpoint=Endpoint.objects.bundled().get(slug="mochi-1"))

    seen = Endpoint.objects.visible_to(alice)
    assert seen.get(slug="veo-3") == own
    assert not seen.filter(slug__in=["mochi-1", "theirs"]).exists()
    assert seen.count() == 506

    seen = Endpoint.objects.visible_to(charlie)
    assert seen.get(slug="veo-3") != own
    assert elsewhere in seen
    assert seen.filter(slug="mochi-1").exists()


def test_retired_are_visible_and_not_listed(people: People, endpoint: Endpoint) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(retired_at=timezone.now())
    seen = Endpoint.objects.visible_to(people.membership("bob"))
    assert endpoint in seen
    assert endpoint not in seen.listed()


def test_a_list_knows_whose_star_and_use_it_shows(people: People, endpoint: Endpoint) -> None:
    bob, alice = people.membership("bob"), people.membership("alice")
    toggle_favourite(membership=bob, endpoint=endpoint)
    touch_recent(membership=bob, endpoint=endpoint)
    row = vars(Endpoint.objects.visible_to(bob).for_list(bob).get(pk=endpoint.pk))
    assert (row["is_favourite"], row["last_used"] is not None) == (True, True)
    row = vars(Endpoint.objects.visible_to(alice).for_list(alice).get(pk=endpoint.pk))
    assert (row["is_favourite"], row["last_used"]) == (False, None)


def test_favourites_come_first_then_what_was_used_last(people: People) -> None:
    bob = people.membership("bob")
    for slug in ("mochi-1", "ssd-1b"):
        touch_recent(membership=bob, endpoint=Endpoint.objects.bundled().get(slug=slug))
    toggle_favourite(membership=bob, endpoint=Endpoint.objects.bundled().get(slug="z-image-turbo"))
    ordered = Endpoint.objects.visible_to(bob).for_list(bob).favourites_first()
    assert [row.slug for row in ordered[:3]] == ["z-image-turbo", "ssd-1b", "mochi-1"]


def test_a_slug_is_unique_among_bundled_and_within_a_team(people: People) -> None:
    Endpoint.objects.create(team=people.team, slug="veo-3", title="Ours")
    for team in (None, people.team):
        with pytest.raises(IntegrityError), transaction.atomic():
            Endpoint.objects.create(team=team, slug="veo-3", title="Again")


@pytest.mark.parametrize("slug", ["sdxl1.0-txt2img", "a", "0_x", "A" * 100])
def test_slugs_of_the_provider_are_allowed(slug: str) -> None:
    validate_endpoint_slug(slug)


@pytest.mark.parametrize("slug", ["", ".", "..", "-x", "a/b", "a b", "ä", "x\n", "a?b", "A" * 101])
def test_slugs_that_would_leave_their_place_in_an_address_are_refused(slug: str) -> None:
    with pytest.raises(ValidationError):
        validate_endpoint_slug(slug)
