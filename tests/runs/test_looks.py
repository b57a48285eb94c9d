"""Every way into somebody else's private run leaves a trace."""

import pytest

from accounts.models import AuditEvent
from playground.runs.models import Run
from tests.personas import People, Persona
from tests.runs.factories import add_output, make_file, make_run

pytestmark = pytest.mark.django_db

DESK = "/t/studio/sandbox/playground/seedream-4.5/"
EXPORT = "/t/studio/sandbox/history/export.jsonl"


@pytest.fixture
def run(people: People) -> Run:
    people.team.own_runs_only = True
    people.team.save()
    bob = people.membership("bob")
    made = make_run(bob, output_kind="image")
    add_output(made, make_file(bob, thumbnail_name="small"))
    return made


def traces(persona: Persona, path: str) -> list[str]:
    assert persona.client().get(path).status_code == 200
    return list(AuditEvent.objects.filter(verb__startswith="run.").values_list("verb", flat=True))


@pytest.mark.parametrize("query", ["run", "result"])
def test_opening_it_in_the_playground(people: People, run: Run, query: str) -> None:
    assert traces(people.bob, f"{DESK}?{query}={run.id}") == []
    assert traces(people.adam, f"{DESK}?{query}={run.id}") == ["run.viewed"]
    event = AuditEvent.objects.get(verb="run.viewed")
    assert (event.actor, event.target) == (people.adam.user, "Bob")


def test_exporting_its_words(people: People, run: Run) -> None:
    assert traces(people.bob, EXPORT) == []
    assert traces(people.audrey, EXPORT) == []
    assert traces(people.adam, f"{EXPORT}?person={people.adam.user.id}") == []
    assert traces(people.adam, EXPORT) == ["run.exported"]


def test_nothing_is_noted_where_everybody_sees_all(people: People, run: Run) -> None:
    people.team.own_runs_only = False
    people.team.save()
    assert traces(people.adam, EXPORT) == []
    assert traces(people.adam, f"{DESK}?run={run.id}") == []


def test_the_strip_of_recent_runs_shows_no_private_pictures(people: People, run: Run) -> None:
    assert "size=thumb" in people.bob.client().get(f"{DESK}recent/").text
    assert "size=thumb" not in people.adam.client().get(f"{DESK}recent/").text
