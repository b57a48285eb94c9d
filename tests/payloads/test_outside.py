"""A link for people outside: what it shows, to whom, until when, and what ends it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts import teams
from accounts.models import AuditEvent, Membership, Role
from playground.payloads import opening_outside, outside
from playground.payloads.changing import ChangedMeanwhile, change_details, share
from playground.payloads.exposure import Leak
from playground.payloads.models import OutsideLink, OutsideOpen, Payload, PayloadVersion, Visibility
from playground.payloads.outside import Made, Terms
from playground.payloads.saving import PayloadProblem, save_version
from playground.payloads.trash import restore, trash
from playground.runs.models import Output
from playground.workbench.leaving import remove_member
from tests.payloads.conftest import TEXT, Save
from tests.personas import LIVE_TEXT, PASSWORD, People
from tests.runs.factories import add_output, make_file, make_run

Make = Callable[..., Made]


@pytest.fixture
def _allowed(people: People) -> None:
    cache.clear()
    teams.allow_outside_links(membership=people.membership("alice"), allowed=True)


@pytest.fixture
def make(people: People, _allowed: None) -> Make:
    """Makes a link as Bob, to a payload of his."""

    def making(payload: Payload, *, password: str = "", days: float = 7, **more: Any) -> Made:
        bob = Membership.objects.select_related("team", "user").get(user=people.bob.user)
        terms = Terms(expires_at=timezone.now() + timedelta(days=days), label="Studio", password=password)
        return outside.make(membership=bob, mode="sandbox", payload=payload, terms=terms, **more)

    return making


def token_of(made: Made) -> str:
    return made.address.rstrip("/").rpartition("/")[2]


def path_of(made: Made) -> str:
    return f"/s/{token_of(made)}/"


def picture_of(member: Membership, payload: Payload, content: bytes = b"a picture", **more: Any) -> Output:
    version = payload.versions.get(number=payload.newest)
    run = make_run(member, endpoint="painter", payload_version=version, **more)
    return add_output(run, make_file(member, content))


def test_only_where_an_owner_has_allowed_it(people: People, bob: Membership, save: Save) -> None:
    payload = save()
    terms = Terms(expires_at=timezone.now() + timedelta(days=1))
    with pytest.raises(PermissionDenied):
        outside.make(membership=bob, mode="sandbox", payload=payload, terms=terms)
    with pytest.raises(PermissionDenied):
        teams.allow_outside_links(membership=people.membership("adam"), allowed=True)
    alice = people.membership("alice")
    teams.allow_outside_links(membership=alice, allowed=True)
    made = outside.make(membership=bob, mode="sandbox", payload=payload, terms=terms)
    assert Client().get(path_of(made)).status_code == 200
    teams.allow_outside_links(membership=alice, allowed=False)
    assert Client().get(path_of(made)).status_code == 404
    teams.allow_outside_links(membership=alice, allowed=True)
    assert Client().get(path_of(made)).status_code == 404, "switching it on again brings none back"
    verbs = (
        AuditEvent.objects.filter(verb__startswith="team.links").order_by("id").values_list("verb", flat=True)
    )
    assert list(verbs) == ["team.links_allowed", "team.links_stopped", "team.links_allowed"]


def test_only_hashes_are_stored_and_the_record_has_no_secret(save: Save, make: Make) -> None:
    made = make(save(), password="open sesame")
    stored = repr(OutsideLink.objects.values_list().get()) + repr(list(AuditEvent.objects.values_list()))
    assert token_of(made) not in stored
    assert "open sesame" not in stored
    event = AuditEvent.objects.get(verb="payload.link_made")
    assert event.after is not None
    assert (event.target, event.after["password"], event.after["for"]) == ("Red fox", True, "Studio")


def test_it_shows_what_was_confirmed_whatever_changes_later(bob: Membership, save: Save, make: Make) -> None:
    payload = save()
    made = make(payload)
    save_version(membership=bob, payload=payload, base=1, version=1, text='{"prompt": "something new"}')
    change_details(
        membership=bob, payload=payload, name="New name", notes="New notes", tags=(), folder="", run_tag=""
    )
    page = Client().get(path_of(made)).content.decode()
    assert "Red fox" in page
    assert "something new" not in page
    assert "New n" not in page
    link = made.link
    terms = Terms(expires_at=link.expires_at, label="Studio")
    outside.change(membership=bob, link=link, terms=terms, version=payload.versions.get(number=2))
    page = Client().get(path_of(made)).content.decode()
    assert "something new" in page
    assert "New notes" in page
    event = AuditEvent.objects.get(verb="payload.link_changed")
    assert (event.before, event.after) == ({"version": 1}, {"version": 2})


def test_a_confirmation_holds_only_for_what_was_on_the_page(bob: Membership, save: Save, make: Make) -> None:
    payload = save()
    seen = outside.sheet(
        membership=bob, mode="sandbox", payload=payload, version=payload.versions.get()
    ).digest
    change_details(
        membership=bob, payload=payload, name="Red fox", notes="More", tags=(), folder="", run_tag=""
    )
    with pytest.raises(ChangedMeanwhile):
        make(payload, seen=seen)
    assert not OutsideLink.objects.exists()


Ending = Callable[[People, Membership, Made], None]


def _expire(people: People, bob: Membership, made: Made) -> None:
    OutsideLink.objects.update(expires_at=timezone.now())


def _revoke_as_admin(people: People, bob: Membership, made: Made) -> None:
    outside.revoke(membership=people.membership("adam"), link=made.link)


def _trash(people: People, bob: Membership, made: Made) -> None:
    trash(membership=bob, payload=made.link.payload)


def _leave(people: People, bob: Membership, made: Made) -> None:
    remove_member(actor=people.membership("adam"), leaving=bob, heir=people.membership("alice"))
    Membership.objects.create(team=people.team, user=people.bob.user, role=Role.OWNER)


def _audit(people: People, bob: Membership, made: Made) -> None:
    Membership.objects.filter(id=bob.id).update(role=Role.AUDITOR)


def _deactivate(people: People, bob: Membership, made: Made) -> None:
    type(bob.user).objects.filter(id=bob.user_id).update(is_active=False)


def _hand_on(people: People, bob: Membership, made: Made) -> None:
    Payload.objects.update(owner=people.alice.user)


@pytest.mark.parametrize(
    "end",
    [_expire, _revoke_as_admin, _trash, _leave, _audit, _deactivate, _hand_on],
    ids=lambda end: end.__name__,
)
def test_every_end_looks_like_a_link_that_never_was(
    people: People, bob: Membership, save: Save, make: Make, end: Ending
) -> None:
    payload = save()
    output = picture_of(bob, payload)
    made = make(payload, results=[output])
    assert Client().get(f"{path_of(made)}files/1/").status_code == 200
    end(people, bob, made)
    ended, never = Client().get(path_of(made)), Client().get(f"/s/{'x' * 43}/")
    assert (ended.status_code, ended.content) == (404, never.content)
    assert ended.headers.items() == never.headers.items()
    assert Client().get(f"{path_of(made)}files/1/").status_code == 404


def test_what_comes_out_of_the_trash_is_as_it_was(bob: Membership, save: Save, make: Make) -> None:
    made = make(save())
    trash(membership=bob, payload=made.link.payload)
    restore(membership=bob, payload=made.link.payload)
    assert Client().get(path_of(made)).status_code == 200


def test_a_stranger_learns_nothing_of_the_house(
    people: People, bob: Membership, save: Save, make: Make
) -> None:
    notes = f"See http://localhost:8000/t/studio/live/payloads/{people.team.id}/ and [it](/t/studio/keys/)."
    payload = save()
    change_details(
        membership=bob, payload=payload, name="Red fox", notes=notes, tags=["t"], folder="f", run_tag="r"
    )
    bob.user.name = ""
    bob.user.save()
    output = picture_of(bob, payload)
    made = make(payload, results=[output], with_cost=True)
    client = Client()
    answer = client.get(path_of(made))
    page = answer.content.decode()
    assert "$ 0.0400" in page
    assert not re.search(
        r"[0-9a-f]{8}-[0-9a-f]{4}|studio|@example|Bob", page.replace(token_of(made), ""), re.IGNORECASE
    )
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"].startswith("noindex")
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert '<meta name="robots" content="noindex' in page
    assert not client.cookies, "nothing is kept of somebody who only looks"
    file = client.get(f"{path_of(made)}files/1/")
    assert file.getvalue() == b"a picture"
    said = repr(sorted(file.headers.items()))
    assert "no-store" in file["Cache-Control"]
    assert file["Referrer-Policy"] == "no-referrer"
    assert output.file is not None
    assert not any(
        one in said for one in (output.file.sha256[:12], str(output.id), str(output.file_id), "ETag")
    )
    assert client.get(f"{path_of(made)}files/2/").status_code == 404
    assert client.post(path_of(made)).status_code == 200, "there is no password to try"


def test_results_and_cost_only_if_they_were_chosen(bob: Membership, save: Save, make: Make) -> None:
    payload = save()
    picture_of(bob, payload)
    made = make(payload)
    page = Client().get(path_of(made)).content.decode()
    assert "Result" not in page
    assert "costs" not in page
    assert Client().get(f"{path_of(made)}files/1/").status_code == 404


def test_results_are_those_that_its_maker_may_look_into(
    people: People, bob: Membership, save: Save, make: Make
) -> None:
    payload = save(visibility=Visibility.TEAM)
    adams = picture_of(people.membership("adam"), payload)
    live = picture_of(bob, payload, b"live", mode="live")
    for output in (live, add_output(make_run(bob, endpoint="painter"), make_file(bob))):
        with pytest.raises(PayloadProblem, match="no longer there"):
            make(payload, results=[output])
    made = make(payload, results=[adams])
    assert Client().get(f"{path_of(made)}files/1/").status_code == 200
    people.team.own_runs_only = True
    people.team.save(update_fields=["own_runs_only"])
    assert Client().get(f"{path_of(made)}files/1/").status_code == 404
    assert "Result 1" not in Client().get(path_of(made)).content.decode()
    with pytest.raises(PayloadProblem, match="no longer there"):
        make(payload, results=[adams])


def test_files_inside_become_slots_and_keys_stop_it(bob: Membership, save: Save, make: Make) -> None:
    address = "https://images.segmind.com/assets/4f1c.png"
    payload = save(text=f'{{"image": "{address}", "seed": 1.0}}')
    page = Client().get(path_of(make(payload))).content.decode()
    assert address not in page
    assert "{{image}}" in page
    with pytest.raises(Leak, match="Segmind"):
        make(save("Keyed", text=f'{{"prompt": "{LIVE_TEXT}"}}'))


def test_a_password_is_asked_for_and_remembered_for_this_link_alone(save: Save, make: Make) -> None:
    payload = save()
    made, other = make(payload, password="open sesame"), make(payload, password="open sesame")
    client = Client(enforce_csrf_checks=True)
    locked = client.get(path_of(made))
    assert "Red fox" not in locked.content.decode()
    assert not client.cookies
    assert client.post(path_of(made), {"password": "open barley"}).status_code == 422
    answer = client.post(path_of(made), {"password": "open sesame"}, headers={"Origin": "null"})
    assert (answer.status_code, answer["Location"]) == (302, path_of(made))
    cookie = answer.cookies["atelier_link"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (path_of(made), True, "Lax")
    assert "Red fox" in client.get(path_of(made)).content.decode()
    link = OutsideLink.objects.get(id=made.link.id)
    assert (link.opens, link.tries) == (1, 1)
    assert not opening_outside.is_proved(other.link, cookie.value), "a proof is of one link"
    outside_password = Terms(expires_at=link.expires_at, password="another one")
    outside.change(
        membership=Membership.objects.get(user=link.maker, team=payload.team),
        link=link, terms=outside_password, version=link.version,
    )  # fmt: skip
    assert "Red fox" not in client.get(path_of(made)).content.decode(), "and of one password"


def test_guessing_ends_for_one_client_and_for_all_of_them(save: Save, make: Make) -> None:
    made = make(save(), password="open sesame")

    def guess(address: str, password: str = "wrong") -> int:
        status: int = Client(REMOTE_ADDR=address).post(path_of(made), {"password": password}).status_code
        return status

    assert [guess("10.0.0.1") for _ in range(9)] == [422] * 8 + [429]
    assert guess("10.0.0.1", "open sesame") == 429
    assert guess("10.0.0.2", "open sesame") == 302
    OutsideLink.objects.update(tries=opening_outside.MOST_TRIES)
    assert guess("10.0.0.3", "open sesame") == 429
    OutsideLink.objects.update(tries_from=timezone.now() - timedelta(hours=2))
    assert guess("10.0.0.3", "open sesame") == 302


def test_opens_are_counted_and_named_only_for_the_signed_in(people: People, save: Save, make: Make) -> None:
    made = make(save())
    for client in (Client(), Client(), people.charlie.client(), people.charlie.client()):
        client.get(path_of(made))
    Client().head(path_of(made))
    assert OutsideLink.objects.get().opens == 4
    assert list(OutsideOpen.objects.values_list("label", "count")) == [("Charlie", 2)]
    page = (
        people.bob.client().get(f"/t/studio/sandbox/payloads/{made.link.payload_id}/share/").content.decode()
    )
    assert "Charlie: 2" in page


def test_whoever_answers_for_the_team_sees_and_ends_every_link(
    people: People, save: Save, make: Make
) -> None:
    made = make(save("Private fox"))
    page = people.adam.client().get("/t/studio/links/").content.decode()
    assert "Private fox" in page
    assert str(made.link.payload_id) not in page, "Adam may not see the payload itself"
    revoke = f"/t/studio/links/{made.link.id}/revoke/"
    assert people.charlie.client().post(revoke).status_code == 404
    assert people.charlie.client().post(revoke.replace("studio", "studio-elsewhere")).status_code == 404
    other = Membership.objects.create(team=people.team, user=people.charlie.user, role=Role.MEMBER)
    with pytest.raises(PermissionDenied):
        outside.revoke(membership=other, link=made.link)
    people.adam.client().post(revoke)
    assert Client().get(path_of(made)).status_code == 404
    assert AuditEvent.objects.get(verb="payload.link_revoked").actor == people.adam.user


def test_only_its_maker_changes_it(people: People, bob: Membership, save: Save, make: Make) -> None:
    payload = save(visibility=Visibility.TEAM)
    made = make(payload)
    terms = Terms(expires_at=timezone.now() + timedelta(days=1))
    with pytest.raises(PermissionDenied):
        outside.change(
            membership=people.membership("alice"), link=made.link, terms=terms, version=payload.versions.get()
        )
    OutsideLink.objects.update(expires_at=timezone.now())
    page = people.bob.client().post(
        f"/t/studio/sandbox/payloads/{payload.id}/links/{made.link.id}/",
        {"days": "keep", "version": "1", "seen": "x"},
    )
    assert "It has ended." in page.content.decode()
    outside.revoke(membership=people.membership("adam"), link=made.link)
    with pytest.raises(PermissionDenied):
        outside.change(membership=bob, link=made.link, terms=terms, version=payload.versions.get())
    with pytest.raises(PayloadProblem, match="within 90 days"):
        make(payload, days=91)
    with pytest.raises(PayloadProblem, match="at least 8"):
        make(payload, password="short")


def test_made_and_changed_on_pages_after_a_look(
    people: People, bob: Membership, save: Save, make: Make
) -> None:
    payload = save()
    client, new = people.bob.client(), f"/t/studio/sandbox/payloads/{payload.id}/links/new/"
    form = {"label": "Studio", "days": "1", "password": PASSWORD}
    preview = client.post(new, form)
    assert preview.context["sheet"].text == TEXT
    assert not OutsideLink.objects.exists()
    assert client.post(new, {**form, "seen": "something else"}).context["sheet"].text == TEXT
    assert not OutsideLink.objects.exists()
    assert client.post(new, {**form, "days": "365"}).status_code == 422
    made = client.post(new, {**form, "seen": preview.context["sheet"].digest})
    assert "no-store" in made["Cache-Control"]
    link = OutsideLink.objects.get()
    path = f"/s/{token_of(made.context['made'])}/"
    assert Client().post(path, {"password": PASSWORD}).status_code == 302
    change = f"/t/studio/sandbox/payloads/{payload.id}/links/{link.id}/"
    form = {"label": "Studio", "days": "keep", "version": "1", "no_password": "on"}
    preview = client.post(change, form)
    client.post(change, {**form, "seen": preview.context["sheet"].digest})
    assert "Red fox" in Client().get(path).content.decode()
    assert OutsideLink.objects.get().expires_at == link.expires_at


def test_sharing_with_the_team_shows_first_and_leaves_files_out(
    people: People, bob: Membership, save: Save
) -> None:
    picture = "data:image/png;base64,iVBORw0KGgo" + "aB3d" * 100
    payload = save(text=f'{{"image": "{picture}"}}')
    client, page = people.bob.client(), f"/t/studio/sandbox/payloads/{payload.id}/share/"
    preview = client.post(page, {"visibility": "team"})
    assert (preview.context["sheet"].text, preview.context["kept_back"]) == ('{"image": "{{image}}"}', 1)
    payload.refresh_from_db()
    assert payload.visibility == Visibility.PRIVATE
    client.post(page, {"visibility": "team", "seen": preview.context["sheet"].digest})
    payload.refresh_from_db()
    assert (payload.visibility, payload.newest, payload.shared_from) == ("team", 2, 2)
    alice, here = people.alice.client(), f"/t/studio/sandbox/payloads/{payload.id}/"
    assert picture not in alice.get(here).content.decode()
    assert alice.get(f"{here}?version=1").status_code == 404
    assert client.get(f"{here}?version=1").status_code == 200
    assert not PayloadVersion.objects.visible_to(people.membership("alice")).filter(number=1).exists()
    alice_ = people.membership("alice")
    with pytest.raises(Leak, match="carries image"):
        save_version(membership=alice_, payload=payload, base=2, version=1, text=f'{{"image": "{picture}"}}')
    Payload.objects.update(owner=people.alice.user)
    assert alice.get(f"{here}?version=1").status_code == 404, "an heir sees what the team sees"
    Payload.objects.update(owner=people.bob.user)
    share(membership=bob, payload=payload, visibility=Visibility.PRIVATE)
    assert client.post(page, {"visibility": "named"}).status_code == 422
