"""A person deletes their own account: what goes is said first, and what stays keeps their name."""

import re

import pytest
from django.test import Client

from accounts.models import ApiKey, AuditEvent, Membership, Role, User
from playground.runs.models import Billing, Run, State
from playground.workbench.leaving import delete_person
from tests.personas import PASSWORD, People, make_key
from tests.runs.factories import make_run

URL = "/me/delete/"


def make_unsent(membership: Membership, key: ApiKey) -> Run:
    return make_run(membership, key=key, state=State.QUEUED, billing=Billing.PENDING, cost=None, status=None)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_the_profile_leads_there(people: People) -> None:
    assert f'href="{URL}"' in people.bob.client().get("/me/").text


def test_it_asks_for_the_password_first_and_comes_back(people: People) -> None:
    client = people.bob.client()
    for response in (client.get(URL), client.post(URL)):
        assert response["Location"].startswith("/accounts/reauthenticate/?next=")
    assert client.post(client.get(URL)["Location"], {"password": PASSWORD})["Location"] == URL
    assert client.get(URL).status_code == 200
    assert User.objects.filter(id=people.bob.user.id).exists()


def test_it_says_first_what_will_happen(people: People) -> None:
    bob = people.membership("bob")
    lent, own = make_key(bob, lent=True), make_key(bob, label="Tests")
    for state in (State.QUEUED, State.QUEUED, State.ACCEPTED, State.SUCCEEDED):
        make_run(bob, key=own, state=state)
    page = words(people.bob.client(proved=True).get(URL).text)
    assert "You leave Studio." in page
    assert "your 2 keys is wiped" in page
    assert f"can no longer run with {lent}." in page
    assert "2 runs that were not sent yet are cancelled" in page
    assert "1 run under way with your keys may become unknown" in page
    assert "stays with your teams, under the name Bob." in page
    assert "Delete my account" in page


def test_it_deletes_the_account_and_keeps_the_rows(people: People) -> None:
    bob = people.membership("bob")
    key = make_key(bob, lent=True)
    unsent, done = make_unsent(bob, key), make_run(bob, key=key, state=State.SUCCEEDED)
    elsewhere = people.bob.client()
    client = people.bob.client(proved=True)
    answer = client.post(URL, follow=True)
    assert answer.redirect_chain == [("/accounts/login/", 302)]
    assert "Your account is deleted." in answer.text
    assert not User.objects.filter(email="bob@example.com").exists()
    assert ApiKey.objects.values_list("state", "ciphertext", "owner_label").get() == ("deleted", None, "Bob")
    rows = {run.id: (run.state, run.person, run.person_label) for run in Run.objects.all()}
    assert rows == {unsent.id: ("cancelled", None, "Bob"), done.id: ("succeeded", None, "Bob")}
    assert Run.objects.get(id=unsent.id).error_kind == "person_deleted"
    event = AuditEvent.objects.get(verb="member.gone")
    assert (event.actor, event.actor_label) == (None, "Bob")
    assert elsewhere.get("/me/").status_code == 302
    refused = Client().post("/accounts/login/", {"login": "bob@example.com", "password": PASSWORD})
    assert refused.status_code == 200
    assert "Bob deleted their own account" in words(
        people.alice.client().get(f"/t/{people.team.slug}/audit/").text
    )


def test_teams_are_handed_over_first(people: People) -> None:
    make_unsent(people.membership("alice"), make_key(people.membership("alice")))
    client = people.alice.client(proved=True)
    page = client.get(URL).text
    assert "Hand over first" in page
    assert f'href="/t/{people.team.slug}/team/"' in page
    assert "Delete my account" not in page
    answer = client.post(URL, follow=True)
    assert "needs at least one owner" in answer.text
    assert User.objects.filter(id=people.alice.user.id).exists()
    # Refused is refused altogether.
    assert list(Run.objects.values_list("state", flat=True)) == ["queued"]
    Membership.objects.filter(user=people.adam.user).update(role=Role.OWNER)
    assert "Delete my account" in client.get(URL).text
    client.post(URL)
    assert not User.objects.filter(id=people.alice.user.id).exists()


def test_the_operator_does_it_the_same_way(people: People) -> None:
    bob = people.membership("bob")
    make_unsent(bob, make_key(bob))
    assert delete_person(user=people.bob.user, actor=None) == 1
    assert AuditEvent.objects.get(verb="member.deleted").actor_label == "Someone"


@pytest.mark.parametrize("name", ["adam", "audrey"])
def test_somebody_without_keys_reads_no_word_about_keys(people: People, name: str) -> None:
    page = words(getattr(people, name).client(proved=True).get(URL).text)
    assert "wiped" not in page
    assert "There are none now." in page
