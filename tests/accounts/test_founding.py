import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import ApiKey, Membership, Role, Team, User

PASSWORD = "a fine long passphrase"


def create_owner(
    monkeypatch: pytest.MonkeyPatch, *, email: str, team: str = "", password: str = PASSWORD
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command("create_owner", "--password-stdin", email=email, team=team, stdout=io.StringIO())


def test_it_makes_an_owner_who_can_sign_in(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    create_owner(monkeypatch, email="Olga@Example.com", team="Studio")
    membership = Membership.objects.get()
    assert (membership.role, membership.team.name, membership.user.email) == (
        Role.OWNER,
        "Studio",
        "olga@example.com",
    )
    response = Client().post("/accounts/login/", {"login": "olga@example.com", "password": PASSWORD})
    assert response["Location"] == "/"


def test_a_second_time_changes_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    create_owner(monkeypatch, email="olga@example.com", team="Studio")
    before = User.objects.get().password
    create_owner(monkeypatch, email="OLGA@example.com", team="Studio", password="something else entirely")
    create_owner(monkeypatch, email="olga@example.com", password="something else entirely")
    assert (User.objects.get().password, Team.objects.count(), Membership.objects.count()) == (before, 1, 1)


def test_another_team_is_made_for_a_known_person(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    create_owner(monkeypatch, email="olga@example.com", team="Studio")
    create_owner(monkeypatch, email="olga@example.com", team="Second")
    assert set(Team.objects.values_list("name", flat=True)) == {"Studio", "Second"}


@pytest.mark.parametrize(
    ("email", "password"), [("olga@example.com", "12345"), ("olga", PASSWORD), ("o@example.com", "")]
)
def test_a_bad_address_or_password_makes_nobody(
    db: None, monkeypatch: pytest.MonkeyPatch, email: str, password: str
) -> None:
    with pytest.raises(CommandError):
        create_owner(monkeypatch, email=email, password=password)
    assert not User.objects.exists()


def test_bootstrap_without_an_owner_in_the_environment_does_nothing(db: None, settings: Settings) -> None:
    settings.OWNER_EMAIL = ""
    out = io.StringIO()
    call_command("bootstrap", stdout=out)
    assert "OWNER_EMAIL is not set" in out.getvalue()
    assert not User.objects.exists()


def test_bootstrap_is_safe_to_repeat(db: None, settings: Settings) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "olga@example.com", PASSWORD
    for _ in range(2):
        call_command("bootstrap", team="Demo", sandbox_key=True, stdout=io.StringIO())
    assert (User.objects.count(), Team.objects.get().name, ApiKey.objects.get().mode) == (
        1,
        "Demo",
        "sandbox",
    )


def test_bootstrap_names_the_variable_that_is_missing(db: None, settings: Settings) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "olga@example.com", ""
    with pytest.raises(CommandError, match="OWNER_PASSWORD"):
        call_command("bootstrap", stdout=io.StringIO())


def test_once_made_the_password_may_leave_the_environment(db: None, settings: Settings) -> None:
    settings.OWNER_EMAIL, settings.OWNER_PASSWORD = "olga@example.com", PASSWORD
    call_command("bootstrap", stdout=io.StringIO())
    settings.OWNER_PASSWORD = ""
    call_command("bootstrap", stdout=io.StringIO())
    assert User.objects.count() == 1
