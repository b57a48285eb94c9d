"""Guessing is slowed down, and it shuts out the one who guesses, not the one whose address it is."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.personas import PASSWORD, People

LOGIN = "/accounts/login/"
HERE = 8
TOO_MANY = "Too many failed login attempts"


def attempt(password: str, *, of: str = "bob", client: int = 1) -> Any:
    data = {"login": f"{of}@example.com", "password": password}
    return Client(REMOTE_ADDR=f"192.0.2.{client}").post(LOGIN, data)


def guess(times: int, *, client: int = 1) -> None:
    for _ in range(times):
        assert attempt("wrong", client=client).status_code == 200


def test_whoever_guesses_is_locked_and_the_owner_is_not(people: People) -> None:
    guess(HERE)
    locked = attempt(PASSWORD)
    assert (locked.status_code, TOO_MANY in locked.text) == (200, True)
    assert attempt(PASSWORD, of="alice").status_code == 302
    assert attempt(PASSWORD, client=2).status_code == 302


def test_many_clients_together_reach_the_ceiling_of_an_address(people: People, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "12/5m/key"}
    for client in (1, 2, 3):
        guess(4, client=client)
    locked = attempt(PASSWORD, client=4)
    assert (locked.status_code, TOO_MANY in locked.text) == (200, True)
    assert attempt(PASSWORD, of="alice", client=4).status_code == 302


def test_signing_in_does_not_count(people: People, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "2/5m/key"}
    for _ in range(HERE + 1):
        assert attempt(PASSWORD).status_code == 302


@pytest.mark.parametrize("neighbour", [True, False])
def test_one_network_of_ipv6_is_one_client(people: People, neighbour: bool) -> None:
    data = {"login": "bob@example.com", "password": "wrong"}
    for number in range(HERE):
        Client(REMOTE_ADDR=f"2001:db8:1:1::{number:x}").post(LOGIN, data)
    other = Client(REMOTE_ADDR="2001:db8:1:1::ffff" if neighbour else "2001:db8:2:2::1")
    assert other.post(LOGIN, data | {"password": PASSWORD}).status_code == (200 if neighbour else 302)
