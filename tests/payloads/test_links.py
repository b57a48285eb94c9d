"""A link is changed: in the world it was made in, and by what its maker may show now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts import teams
from accounts.models import Membership, Role
from playground.payloads import link_list, outside
from playground.payloads.changing import share
from playground.payloads.models import Payload, Visibility
from playground.payloads.outside import Made, Terms
from playground.runs import body
from tests.payloads.conftest import Save
from tests.personas import People
from tests.runs.factories import add_output, make_file, make_run

HERE = "/t/studio/sandbox/payloads/"
Make = Callable[..., Made]


def fresh(member: Membership) -> Membership:
    return Membership.objects.select_related("team", "user").get(id=member.id)


@pytest.fixture
def make(people: People) -> Make:
    """Makes a link as somebody of the team, which allows them."""
    cache.clear()
    teams.allow_outside_links(membership=people.membership("alice"), allowed=True)

    def making(name: str, payload: Payload, *, mode: str = "sandbox", **more: Any) -> Made:
        terms = Terms(expires_at=timezone.now() + timedelta(days=1))
        maker = fresh(people.membership(name))
        return outside.make(membership=maker, mode=mode, payload=payload, terms=terms, **more)

    return making


def page_of(made: Made) -> str:
    path = made.address.replace("http://localhost:8000", "")
    return Client().get(path).content.decode()


def test_the_cost_of_others_private_runs_is_not_told(people: People, save: Save, make: Make) -> None:
    people.team.own_runs_only = True
    people.team.save(update_fields=["own_runs_only"])
    payload = save(visibility=Visibility.TEAM)
    version = payload.versions.get()
    make_run(people.membership("bob"), endpoint="painter", payload_version=version, cost="0.1234")
    assert "costs" not in page_of(make("adam", payload, with_cost=True))
    make_run(people.membership("adam"), endpoint="painter", payload_version=version, cost="0.2")
    assert "$ 0.2000" in page_of(make("adam", payload, with_cost=True))


def test_a_link_is_changed_in_its_own_world(people: People, save: Save, make: Make) -> None:
    payload = save()
    made, client = make("bob", payload, mode="live"), people.bob.client()
    own = f"/t/studio/live/payloads/{payload.id}/links/{made.link.id}/"
    assert f'href="{own}"' in client.get(f"{HERE}{payload.id}/share/").content.decode()
    assert client.get(own.replace("live", "sandbox"))["Location"] == own
    page = client.get(own)
    assert page.context["mode"] == "live"
    assert "those of the sandbox" not in page.content.decode()


def test_results_that_a_link_shows_stay_on_offer(
    people: People, bob: Membership, save: Save, make: Make
) -> None:
    payload = save()
    version = payload.versions.get()

    def picture(minutes: int) -> Any:
        run = make_run(bob, endpoint="painter", payload_version=version, ago=timedelta(minutes=minutes))
        return add_output(run, make_file(bob, b"%d" % minutes))

    old, unshown = picture(500), picture(400)
    made = make("bob", payload, results=[old])
    for minutes in range(outside.MOST_OFFERED):
        picture(minutes)
    page, client = f"{HERE}{payload.id}/links/{made.link.id}/", people.bob.client()
    offered = client.get(page).context["offered"]
    assert offered[-1] == old
    assert unshown not in offered
    form = {"label": "Studio", "version": "1", "days": "keep", "results": [str(old.id)]}
    seen = client.post(page, form).context["sheet"].digest
    client.post(page, {**form, "seen": seen})
    made.link.refresh_from_db()
    assert (made.link.label, [one.output for one in made.link.results.all()]) == ("Studio", [old])


def test_a_version_that_was_kept_back_since_is_shown_by_nobody_anew(
    people: People, bob: Membership, save: Save, make: Make
) -> None:
    file = make_file(bob, b"x")
    file.holders.add(bob.user)
    marker = body.make_marker(team_id=bob.team_id, file_id=file.id, how="base64")
    payload = save(text=f'{{"image": "{marker}", "words": "old words"}}')
    share(membership=fresh(bob), payload=payload, visibility=Visibility.TEAM)
    payload = Payload.objects.get(id=payload.id)
    made = make("adam", payload)
    share(membership=fresh(bob), payload=payload, visibility=Visibility.TEAM, keep_files=True)
    page, client = f"{HERE}{payload.id}/links/{made.link.id}/", people.adam.client()
    assert client.get(page).context["version"].number == 2
    assert client.post(page, {"version": "1", "days": "keep"}).status_code == 422
    first = payload.versions.get(number=1)
    terms = Terms(expires_at=made.link.expires_at)
    adam = fresh(people.membership("adam"))
    with pytest.raises(PermissionDenied):
        outside.change(membership=adam, link=made.link, terms=terms, version=first)


def test_a_link_rests_while_its_maker_may_not_show_it(
    people: People, bob: Membership, save: Save, make: Make
) -> None:
    made, alice = make("bob", save()), people.membership("alice")
    teams.change_role(actor=alice, membership=bob, role=Role.AUDITOR)
    assert "Red fox" not in page_of(made)
    assert outside.why_stopped(made.link) == "its maker may not show it now"
    teams.change_role(actor=alice, membership=fresh(bob), role=Role.MEMBER)
    assert "Red fox" in page_of(made)


def test_a_list_of_links_asks_once_for_all_of_them(
    people: People, save: Save, make: Make, django_assert_num_queries: Any
) -> None:
    adam = fresh(people.membership("adam"))
    payload = save()
    for _ in range(5):
        make("bob", payload)
    with django_assert_num_queries(5):
        rows = link_list.of_team(adam)
    assert [row.stopped for row in rows] == [""] * 5
