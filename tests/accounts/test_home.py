from django.test import Client

from accounts.models import Membership
from accounts.teams import create_team
from tests.personas import People, make_user


def test_it_leads_to_the_playground_of_the_last_team(people: People) -> None:
    second = create_team(owner=people.alice.user, name="Zebra")
    client = people.alice.client()
    assert client.get("/")["Location"] == f"/t/{people.team.slug}/sandbox/playground/"
    client.get(f"/t/{second.team.slug}/keys/")
    assert client.get("/")["Location"] == f"/t/{second.team.slug}/sandbox/playground/"


def test_it_leads_an_auditor_to_the_history(people: People) -> None:
    assert people.audrey.client().get("/")["Location"] == f"/t/{people.team.slug}/sandbox/history/"


def test_it_forgets_a_team_one_has_left(people: People) -> None:
    create_team(owner=people.bob.user, name="Zebra")
    client = people.bob.client()
    client.get(f"/t/{people.team.slug}/keys/")
    Membership.objects.filter(id=people.membership("bob").id).delete()
    assert client.get("/")["Location"] == "/t/zebra/sandbox/playground/"


def test_it_tells_people_without_a_team_what_to_do(db: None) -> None:
    client = Client()
    client.force_login(make_user("Loner"))
    response = client.get("/")
    assert response.status_code == 200
    assert "You are not in a team yet" in response.text
    assert "Create a team" not in response.text


def test_strangers_are_asked_to_sign_in(db: None) -> None:
    assert Client().get("/")["Location"] == "/accounts/login/?next=/"
