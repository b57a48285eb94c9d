import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import access, teams
from accounts.models import ApiKey, AuditEvent, Membership, Role, User
from tests.personas import LIVE_TEXT, PASSWORD, People, make_key


def signed_in(email: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    return client


def test_removing_a_member_stops_keys_and_sessions(
    people: People, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    key = make_key(people.membership("bob"), text=LIVE_TEXT, lent=True)
    client = signed_in("bob@example.com")
    assert client.get("/me/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        teams.remove_member(actor=people.membership("adam"), membership=people.membership("bob"))
    row = ApiKey.objects.get(id=key.id)
    assert (row.state, row.lent, row.owner) == (ApiKey.State.REVOKED, False, people.bob.user)
    assert client.get("/me/")["Location"].startswith("/accounts/login/")
    assert client.get(f"/t/{people.team.slug}/keys/").status_code == 302
    event = AuditEvent.objects.get(verb="member.removed")
    assert (event.target, event.after) == ("Bob", {"keys_revoked": 1})


def test_somebody_with_another_team_stays_signed_in_but_is_a_stranger_here(
    people: People, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    teams.create_team(owner=people.bob.user, name="His own")
    client = signed_in("bob@example.com")
    with django_capture_on_commit_callbacks(execute=True):
        teams.remove_member(actor=people.membership("adam"), membership=people.membership("bob"))
    assert client.get("/me/").status_code == 200
    assert client.get(f"/t/{people.team.slug}/keys/").status_code == 404


def test_leaving_is_told_apart_from_being_removed(people: People) -> None:
    bob = people.membership("bob")
    teams.remove_member(actor=bob, membership=bob)
    assert AuditEvent.objects.get().verb == "member.left"


def test_the_last_owner_can_neither_leave_nor_be_removed(people: People) -> None:
    alice = people.membership("alice")
    with pytest.raises(teams.LastOwner):
        teams.remove_member(actor=alice, membership=alice)
    with pytest.raises(teams.OnlyOwners):
        teams.remove_member(actor=people.membership("adam"), membership=alice)


def test_access_is_asked_from_the_present_not_from_what_was_loaded(people: People) -> None:
    adam, bob = people.membership("adam"), people.membership("bob")
    Membership.objects.filter(id=bob.id).update(role=Role.OWNER)
    with pytest.raises(teams.OnlyOwners):
        teams.remove_member(actor=adam, membership=bob)


def test_a_deleted_person_becomes_a_label(people: People) -> None:
    key = make_key(people.membership("bob"), text=LIVE_TEXT, lent=True)
    client = signed_in("bob@example.com")
    teams.delete_person(user=people.bob.user, actor=people.alice.user)
    row = ApiKey.objects.get(id=key.id)
    assert (row.owner, row.owner_label, row.ciphertext) == (None, "Bob", None)
    assert not User.objects.filter(email="bob@example.com").exists()
    assert client.get("/me/").status_code == 302
    assert set(AuditEvent.objects.filter(actor_label="Bob").values_list("actor", flat=True)) == {None}
    assert AuditEvent.objects.get(verb="member.deleted").target == "Bob"


def test_the_last_owner_is_not_deleted(people: People) -> None:
    with pytest.raises(CommandError, match="needs at least one owner"):
        call_command("delete_person", email="alice@example.com")
    assert User.objects.filter(email="alice@example.com").exists()


def test_the_command_deletes_a_person(people: People, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("delete_person", email="Bob@example.com")
    assert "is deleted" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no account"):
        call_command("delete_person", email="bob@example.com")


def test_roles_have_what_they_need() -> None:
    def has(role: Role, ability: access.Ability) -> bool:
        return access.can(Membership(role=role), ability)

    assert all(has(Role.OWNER, ability) for ability in access.Ability)
    assert not has(Role.ADMIN, access.Ability.MANAGE_OWNERS)
    assert not has(Role.MEMBER, access.Ability.SEE_AUDIT)
    assert not has(Role.AUDITOR, access.Ability.SEE_CONTENT)
    assert not has(Role.AUDITOR, access.Ability.RUN)
    assert has(Role.AUDITOR, access.Ability.SEE_ALL_RUNS)
