"""Before a key is wiped, its owner learns how many runs would become unknown."""

import pytest
from django.test import Client
from django.urls import reverse

from playground.runs.models import State
from tests.personas import make_key, make_people
from tests.runs.factories import make_run


@pytest.mark.django_db
def test_it_counts_only_runs_under_way_with_this_key(client: Client) -> None:
    people = make_people()
    bob = people.membership("bob")
    key, other = make_key(bob), make_key(bob)
    for state in (State.SENDING, State.ACCEPTED, State.QUEUED, State.SUCCEEDED):
        make_run(bob, key=key, state=state)
    make_run(bob, key=other, state=State.ACCEPTED)
    client.force_login(bob.user)
    answer = client.get(reverse("workbench:key_open_runs", args=["studio", key.id]))
    assert "2 runs under way with this key will become unknown" in answer.text


@pytest.mark.django_db
def test_it_says_when_there_is_none(client: Client) -> None:
    people = make_people()
    bob = people.membership("bob")
    key = make_key(bob)
    client.force_login(bob.user)
    answer = client.get(reverse("workbench:key_open_runs", args=["studio", key.id]))
    assert "No run is under way" in answer.text
