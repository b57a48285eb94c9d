"""An address that nobody confirmed keeps nobody out."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts import invitations
from accounts.models import Membership, User
from tests.personas import PASSWORD as BOBS
from tests.personas import People

BOSS = "boss@example.com"
PASSWORD = "a fine long passphrase"


def claim(people: People, client: Client) -> None:
    client.post("/accounts/email/", {"action_add": "", "email": BOSS})
    assert EmailAddress.objects.filter(user=people.bob.user, email=BOSS, verified=False).exists()


def sign_up(people: People, *, by: str = "alice") -> Client:
    sent = invitations.invite(membership=people.membership(by), email=BOSS, role="admin")
    client = Client()
    client.get(sent.link.removeprefix("http://localhost:8000"))
    client.post("/accounts/signup/", {"name": "Boss", "password1": PASSWORD})
    return client


def test_a_claimed_address_does_not_stop_its_owner_from_signing_up(people: People) -> None:
    bob = people.bob.client(proved=True)
    claim(people, bob)
    boss = sign_up(people)
    assert boss.get("/me/").status_code == 200
    assert Membership.objects.get(user__email=BOSS).role == "admin"
    assert list(EmailAddress.objects.filter(email=BOSS).values_list("user__email", flat=True)) == [BOSS]
    # Whoever claimed it keeps what is theirs, and no longer signs in with it.
    assert bob.get("/me/").status_code == 200
    assert Client().post("/accounts/login/", {"login": BOSS, "password": BOBS}).status_code == 200
    assert Client().post("/accounts/login/", {"login": BOSS, "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("confirmed", [True, False], ids=["own confirmed", "none confirmed"])
def test_a_claimed_address_never_becomes_the_accounts_own(people: People, confirmed: bool) -> None:
    EmailAddress.objects.filter(user=people.bob.user).update(verified=confirmed)
    client = people.bob.client(proved=True)
    claim(people, client)
    answer = client.post("/accounts/email/", {"action_primary": "", "email": BOSS}, follow=True)
    assert f"Confirm {BOSS} first" in answer.text
    assert User.objects.get(id=people.bob.user.id).email == "bob@example.com"


def test_a_confirmed_address_becomes_it_and_is_taken(people: People) -> None:
    client = people.bob.client(proved=True)
    claim(people, client)
    EmailAddress.objects.filter(email=BOSS).update(verified=True)
    client.post("/accounts/email/", {"action_primary": "", "email": BOSS})
    assert User.objects.get(id=people.bob.user.id).email == BOSS
    assert sign_up(people, by="charlie").get("/me/").status_code == 302
    assert User.objects.filter(email=BOSS).get() == people.bob.user


def test_a_second_confirmed_address_is_taken_too(people: People) -> None:
    EmailAddress.objects.create(user=people.bob.user, email=BOSS, verified=True)
    assert sign_up(people).get("/me/").status_code == 302
    assert not User.objects.filter(email=BOSS).exists()


def test_the_address_an_account_was_made_with_is_taken_without_a_confirmation(people: People) -> None:
    boss = sign_up(people)
    EmailAddress.objects.create(user=people.bob.user, email=BOSS, verified=False)
    again = sign_up(people, by="charlie")
    assert again.get("/me/").status_code == 302
    assert boss.get("/me/").status_code == 200
    assert EmailAddress.objects.get(user__email=BOSS).email == BOSS
