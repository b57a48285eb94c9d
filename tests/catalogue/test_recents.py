from playground.catalogue.favourites import toggle_favourite
from playground.catalogue.models import Endpoint, Favourite, RecentEndpoint
from playground.catalogue.recents import touch_recent
from tests.personas import People


def test_using_again_moves_the_moment_and_adds_no_row(people: People, endpoint: Endpoint) -> None:
    bob = people.membership("bob")
    touch_recent(membership=bob, endpoint=endpoint)
    first = RecentEndpoint.objects.get()
    touch_recent(membership=bob, endpoint=endpoint)
    second = RecentEndpoint.objects.get()
    assert second.pk == first.pk
    assert second.used_at > first.used_at


def test_each_person_and_team_has_its_own(people: People, endpoint: Endpoint) -> None:
    for name in ("bob", "alice", "charlie"):
        touch_recent(membership=people.membership(name), endpoint=endpoint)
    assert RecentEndpoint.objects.count() == 3


def test_a_star_is_toggled(people: People, endpoint: Endpoint) -> None:
    bob = people.membership("bob")
    assert toggle_favourite(membership=bob, endpoint=endpoint) is True
    assert Favourite.objects.get().person == people.bob.user
    assert toggle_favourite(membership=bob, endpoint=endpoint) is False
    assert not Favourite.objects.exists()
