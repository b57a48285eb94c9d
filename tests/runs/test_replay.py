"""The same bytes with the seed that was used; what a result was made from; what is paid for already."""

import uuid

import pytest

from accounts.models import Membership
from playground.runs import lineage, paid, replay
from playground.runs.models import Output, Run, RunInput, RunLink, State
from playground.runs.replay import text_of
from tests.personas import People
from tests.runs.factories import add_output, make_file, make_run

SLUG = "seedream-4.5"


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


@pytest.mark.parametrize(
    ("text", "seed", "expected"),
    [
        ('{"a": 1.0,  "seed":-1}', "42", '{"a": 1.0,  "seed":42}'),
        ('{"a": 1.0}', "42", '{"a": 1.0, "seed": 42}'),
        ('{"seed": null}', "18446744073709551615", '{"seed": 18446744073709551615}'),
        ('{"seed": "-1"}', "42", '{"seed": "42"}'),
        ('{"seed": 7}', "42", '{"seed": 7}'),
        ('{"seed": -1}', "", '{"seed": -1}'),
        ('{"seed": -1}', 'x"', '{"seed": -1}'),
    ],
)
def test_only_a_seed_left_to_chance_is_written(text: str, seed: str, expected: str) -> None:
    assert text_of(text, seed) == expected


def test_a_replay_is_linked_made_once_and_judged_by_its_bytes(people: People, bob: Membership) -> None:
    run = make_run(bob, request_text='{"prompt": "x", "seed": -1}', seed="42")
    add_output(run, make_file(bob, b"same"))
    path, data = f"/t/studio/sandbox/history/{run.id}/replay/", {"token": str(uuid.uuid4())}
    client = people.bob.client()
    assert client.post(path, data)["Location"] == client.post(path, data)["Location"]
    new = Run.objects.exclude(id=run.id).get()
    assert (new.text.request_text, new.source) == ('{"prompt": "x", "seed": 42}', "replay")
    assert RunLink.objects.get(run=new).earlier_id == run.id
    assert replay.verdict(run, new) == "waiting"
    Run.objects.filter(id=new.id).update(state=State.SUCCEEDED, billing="billed")
    new.refresh_from_db()
    output = add_output(new, make_file(bob, b"same"))
    assert "identical, byte for byte" in client.get(f"/t/studio/sandbox/history/{new.id}/").text
    output.file = make_file(bob, b"other")
    output.save()
    assert replay.replays_of(bob, run)[0].verdict == "different"
    Output.objects.filter(run=new).update(state=Output.State.LOST, file=None)
    assert replay.verdict(run, new) == "unknown"


def test_a_chain_is_traced_and_summed_as_far_as_one_may_see(people: People, bob: Membership) -> None:
    alice = people.membership("alice")
    drawn, moved = make_file(bob, b"drawn"), make_file(bob, b"moved")
    first = make_run(alice, cost="0.03")
    add_output(first, drawn)
    second = make_run(bob, cost="0.05")
    RunInput.objects.create(run=second, file=drawn)
    add_output(second, moved)
    third = make_run(bob, cost="0.07")
    RunInput.objects.create(run=third, file=moved)
    found = lineage.lineage_of(bob, third)
    assert [(one.run.id, one.steps) for one in found.ancestors] == [(second.id, 1), (first.id, 2)]
    assert str(found.cost) == "0.1500000000"
    assert lineage.lineage_of(bob, first).later == [second]
    assert "The chain cost" in people.bob.client().get(f"/t/studio/sandbox/history/{third.id}/").text
    people.team.own_runs_only = bob.team.own_runs_only = True
    assert [one.run.id for one in lineage.lineage_of(bob, third).ancestors] == [second.id]


def test_only_the_very_same_bytes_with_a_fixed_seed_are_paid_for(people: People, bob: Membership) -> None:
    text = '{"prompt": "x", "seed": 7}'
    run = make_run(bob, request_text=text)

    def look(text: str = text, *, version: int = 1, who: Membership = bob) -> Run | None:
        return paid.earlier_success(membership=who, mode="sandbox", endpoint=SLUG, version=version, text=text)

    assert look() == look(who=people.membership("alice")) == run
    assert look(text + " ") is look(version=2) is None
    loose = '{"prompt": "x", "seed": -1}'
    make_run(bob, request_text=loose)
    assert look(loose) is None
    output = add_output(run, make_file(bob, b"kept"))
    assert look() == run
    Output.objects.filter(id=output.id).update(state=Output.State.ERASED, file=None)
    assert look() is None  # there is nothing left to offer
    output.delete()
    Run.objects.filter(id=run.id).update(state=State.UNKNOWN)
    assert look() is None


def test_the_person_decides_whether_to_pay_twice(people: People, bob: Membership) -> None:
    text = '{"prompt": "x", "seed": 7}'
    run = make_run(bob, request_text=text)
    path = f"/t/studio/sandbox/playground/{SLUG}/run/"
    data = {"body": text, "version": "1", "key": str(run.api_key_id), "token": str(uuid.uuid4())}
    client = people.bob.client()
    offered = client.post(path, data)
    assert offered.status_code == 422
    assert "Already paid for" in offered.text
    assert Run.objects.count() == 1
    assert client.post(path, {**data, "again": "1"}).status_code == 302
    assert Run.objects.count() == 2
    Run.objects.update(state=State.SUCCEEDED, billing="billed")
    # The same press, resent: its own run is no reason to ask.
    assert client.post(path, data).status_code == 302
    assert Run.objects.count() == 2
