import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import resolve
from pytest_django import DjangoAssertNumQueries

from accounts import access
from accounts.context import Shell
from accounts.teams import create_team
from tests.personas import People, Persona


def request_of(persona: Persona, path: str) -> HttpRequest:
    request = RequestFactory().get(path)
    request.session = SessionStore()
    request.user = persona.user if persona.membership else AnonymousUser()
    request.resolver_match = resolve(path)
    return request


def shell_of(people: People, persona: Persona, path: str = "keys/") -> Shell:
    request = request_of(persona, f"/t/{people.team.slug}/{path}")
    access.membership_or_404(request, people.team.slug)
    return Shell(request)


def labels(shell: Shell) -> list[list[str]]:
    return [[item.label for item in group] for group in shell.nav]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "alice",
            [
                ["Playground", "Models", "Payloads", "Sweeps", "Gallery", "History"],
                ["Spend", "Budgets", "Reconcile", "Ledger"],
                ["Team", "My keys", "Activity", "Endpoints", "Settings"],
            ],
        ),
        (
            "adam",
            [
                ["Playground", "Models", "Payloads", "Sweeps", "Gallery", "History"],
                ["Spend", "Budgets", "Reconcile", "Ledger"],
                ["Team", "My keys", "Activity", "Endpoints", "Settings"],
            ],
        ),
        (
            "bob",
            [
                ["Playground", "Models", "Payloads", "Sweeps", "Gallery", "History"],
                ["Spend", "Budgets"],
                ["Team", "My keys"],
            ],
        ),
        (
            "audrey",
            [["History"], ["Spend", "Budgets", "Reconcile", "Ledger"], ["Team", "My keys", "Activity"]],
        ),
    ],
)
def test_the_menu_shows_only_what_the_role_may_open(
    people: People, name: str, expected: list[list[str]]
) -> None:
    assert labels(shell_of(people, getattr(people, name))) == expected


def test_no_menu_item_leads_to_a_refusal(people: People) -> None:
    for persona in (people.alice, people.adam, people.bob, people.audrey):
        client = persona.client()
        for group in shell_of(people, persona).nav:
            for item in group:
                assert client.get(item.url, follow=True).status_code == 200, (persona.name, item.label)


def test_the_current_page_is_marked(people: People) -> None:
    current = [item.label for group in shell_of(people, people.alice).nav for item in group if item.current]
    assert current == ["My keys"]


def test_anonymous_pages_cost_no_query(
    people: People, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shell = Shell(request_of(people.nobody, "/accounts/login/"))
    with django_assert_num_queries(0):
        assert (shell.membership, shell.team, shell.teams, shell.nav, shell.mode) == (
            None,
            None,
            [],
            [],
            None,
        )
        assert not shell.may_create_team


def test_the_frame_costs_one_query_and_its_money_another(
    people: People, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    create_team(owner=people.alice.user, name="Second")
    shell = shell_of(people, people.alice, "sandbox/playground/")
    with django_assert_num_queries(1):
        assert [name for name, _ in shell.teams] == ["Second", "Studio"]
    with django_assert_num_queries(1):
        assert shell.nav
        assert shell.mode_urls
        assert shell.may_create_team


def test_the_mode_comes_from_the_address_and_is_remembered_per_team(people: People) -> None:
    assert shell_of(people, people.alice).mode is None
    shell = shell_of(people, people.alice, "live/playground/")
    assert shell.mode == "live"
    assert shell.mode_urls == {
        "live": f"/t/{people.team.slug}/live/playground/",
        "sandbox": f"/t/{people.team.slug}/sandbox/playground/",
    }
    client = people.alice.client()
    client.get(f"/t/{people.team.slug}/live/playground/")
    assert f"/t/{people.team.slug}/live/history/" in client.get(f"/t/{people.team.slug}/keys/").text


def test_a_page_without_a_team_shows_the_last_one(people: People) -> None:
    second = create_team(owner=people.alice.user, name="A second")
    client = people.alice.client()
    client.get(f"/t/{people.team.slug}/keys/")
    assert f"/t/{people.team.slug}/keys/" in client.get("/me/").text
    client.get(f"/t/{second.team.slug}/keys/")
    assert f"/t/{second.team.slug}/keys/" in client.get("/me/").text


def test_a_team_one_was_removed_from_is_not_shown(people: People) -> None:
    create_team(owner=people.bob.user, name="Own")
    client = people.bob.client()
    client.get(f"/t/{people.team.slug}/keys/")
    people.membership("bob").delete()
    assert people.team.slug not in client.get("/me/").text.replace("studio-elsewhere", "")
