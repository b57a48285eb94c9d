"""Two to four runs side by side, and nobody else's."""

import pytest
from django.test import Client

from accounts.models import AuditEvent, Membership
from playground.runs.models import Run
from tests.personas import People
from tests.runs.factories import add_output, make_file, make_run

PATH = "/t/studio/sandbox/compare/"


@pytest.fixture
def client(people: People) -> Client:
    return people.bob.client()


def ask(client: Client, *runs: Run) -> str:
    return client.get(PATH, {"run": [str(run.id) for run in runs]}, follow=True).text


def test_pictures_share_one_view_and_payloads_are_diffed(client: Client, bob: Membership) -> None:
    first = make_run(bob, request_text='{"prompt": "a red boat",\n"seed": 1}', seed="1")
    second = make_run(bob, request_text='{"prompt": "a blue boat",\n"seed": 1}', seed="1")
    for run in (first, second):
        add_output(run, make_file(bob))
    page = ask(client, first, second)
    assert 'data-compare="image"' in page
    assert "<mark>red</mark>" in page
    assert "<mark>blue</mark>" in page
    assert page.count("$ 0.0400") >= 2


def test_answers_in_words_are_diffed_with_every_digit(client: Client, bob: Membership) -> None:
    texts = ('{"a":18446744073709551615,"b":[]}', '{"a":18446744073709551616,"b":[]}')
    runs = [make_run(bob, response_text=text, output_kind="json") for text in texts]
    page = ask(client, *runs)
    assert 'data-compare="text"' in page
    assert "18446744073709551616" in page
    assert "18446744073709551615" in page


def test_what_language_models_said_is_compared_without_its_wrapping(client: Client, bob: Membership) -> None:
    said = '{"id":"chatcmpl-%s","choices":[{"message":{"content":"Two lines:\\na %s boat"}}]}'
    runs = [make_run(bob, response_text=said % (word, word), output_kind="json") for word in ("red", "blue")]
    page = ask(client, *runs)
    assert "a <mark>blue</mark> boat" in page
    assert "chatcmpl" not in page


@pytest.mark.parametrize(("count", "words"), [(0, "at least two"), (1, "at least two"), (5, "you ticked 5")])
def test_too_few_and_too_many_are_told(client: Client, bob: Membership, count: int, words: str) -> None:
    assert words in ask(client, *(make_run(bob) for _ in range(count)))


def test_anothers_private_run_is_hidden_from_members_and_looks_are_kept(
    people: People, bob: Membership
) -> None:
    alice = people.membership("alice")
    theirs = [make_run(bob), make_run(bob)]
    mine = [make_run(alice), make_run(alice)]
    type(people.team).objects.filter(id=people.team.id).update(own_runs_only=True)
    assert "not yours to see" in ask(people.bob.client(), theirs[0], mine[0])
    assert "Compare" in ask(people.alice.client(), *theirs)
    assert AuditEvent.objects.filter(verb="run.viewed").count() == 2
