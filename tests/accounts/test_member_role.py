import pytest

from accounts.models import ApiKey, AuditEvent, Membership, Role
from tests.personas import People, ask_everyone, expect, make_key


def url_of(people: People, name: str) -> str:
    return f"/t/{people.team.slug}/team/{people.membership(name).id}/role/"


def test_who_may(people: People) -> None:
    asked = ask_everyone(people, url_of(people, "bob"), method="post", data={"role": "member"})
    assert asked == expect(alice=302, adam=302, bob=403, audrey=403)


def test_it_changes_the_role_and_says_who_did(people: People) -> None:
    people.adam.client().post(url_of(people, "bob"), {"role": "auditor"})
    assert Membership.objects.get(id=people.membership("bob").id).role == Role.AUDITOR
    event = AuditEvent.objects.get(verb="member.role")
    assert (event.actor_label, event.target, event.before, event.after) == (
        "Adam",
        "Bob",
        {"role": "member"},
        {"role": "auditor"},
    )


def test_an_admin_neither_makes_nor_touches_an_owner(people: People) -> None:
    client = people.adam.client()
    assert client.post(url_of(people, "alice"), {"role": "member"}).status_code == 403
    response = client.post(url_of(people, "bob"), {"role": "owner"}, follow=True)
    assert "Only an owner" in response.text
    assert Membership.objects.filter(team=people.team, role=Role.OWNER).count() == 1


def test_the_last_owner_stays_one(people: People) -> None:
    client = people.alice.client()
    response = client.post(url_of(people, "alice"), {"role": "admin"}, follow=True)
    assert "needs at least one owner" in response.text
    client.post(url_of(people, "adam"), {"role": "owner"})
    client.post(url_of(people, "alice"), {"role": "admin"})
    assert Membership.objects.get(team=people.team, role=Role.OWNER).user == people.adam.user


def test_somebody_who_becomes_an_auditor_lends_nothing_any_more(people: People) -> None:
    make_key(people.membership("bob"), lent=True)
    people.alice.client().post(url_of(people, "bob"), {"role": "auditor"})
    assert not ApiKey.objects.get().lent


def test_a_member_of_another_team_is_not_found(people: People) -> None:
    assert people.alice.client().post(url_of(people, "charlie"), {"role": "member"}).status_code == 404


@pytest.mark.parametrize("role", ["", "king"])
def test_an_unknown_role_changes_nothing(people: People, role: str) -> None:
    people.alice.client().post(url_of(people, "bob"), {"role": role})
    assert Membership.objects.get(id=people.membership("bob").id).role == Role.MEMBER
