from accounts.models import AuditEvent, Membership, Role, Team
from tests.personas import People, ask_everyone

URL = "/teams/new/"


def test_who_may_open_it(people: People) -> None:
    asked = ask_everyone(people, URL)
    # Charlie runs a team elsewhere, so he may found another one.
    assert asked == {"alice": 200, "adam": 200, "bob": 403, "audrey": 403, "charlie": 200, "nobody": 302}


def test_it_makes_a_team_with_its_founder_as_owner(people: People) -> None:
    data = {"name": "Ünïque Têam", "time_zone": "Europe/Berlin"}
    response = people.adam.client().post(URL, data)
    team = Team.objects.get(name="Ünïque Têam")
    assert response["Location"] == f"/t/{team.slug}/team/"
    membership = Membership.objects.get(team=team)
    assert (membership.user, membership.role, team.time_zone) == (
        people.adam.user,
        Role.OWNER,
        "Europe/Berlin",
    )
    assert AuditEvent.objects.get(team=team).verb == "team.created"


def test_a_name_that_is_taken_gets_an_address_of_its_own(people: People) -> None:
    client = people.adam.client()
    for _ in range(2):
        client.post(URL, {"name": "Same", "time_zone": "UTC"})
    assert Team.objects.filter(name="Same").values("slug").distinct().count() == 2


def test_bad_input_is_told_at_its_field(people: People) -> None:
    response = people.adam.client().post(URL, {"name": "Kept", "time_zone": "Mars/Olympus"})
    assert response.status_code == 200
    assert "This is not a known time zone" in response.text
    assert 'value="Kept"' in response.text
