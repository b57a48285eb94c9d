from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import ApiKey, Membership
from playground.runs import execute
from playground.runs.models import Run, State
from tests.personas import People, make_key
from tests.runs.open_runs import on_its_way, queued
from tests.runs.threads import together


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


@pytest.fixture
def key(bob: Membership) -> ApiKey:
    return make_key(bob)


def test_the_oldest_are_claimed_first_with_a_deadline_after_the_longest_call(
    bob: Membership, key: ApiKey
) -> None:
    runs = queued(bob, key, 3)
    claimed = execute.claim_many(limit=2)
    assert [run.run_id for run in claimed] == [run.id for run in runs[:2]]
    first = Run.objects.get(id=runs[0].id)
    assert first.state == State.SENDING
    assert first.claimed_at is not None
    assert first.deadline_at is not None
    assert (first.deadline_at - first.claimed_at).total_seconds() > execute.call_seconds(1)
    assert claimed[0].body_text == '{"prompt": "a boat in a harbour"}'


def test_a_claimed_run_is_not_claimed_again(bob: Membership, key: ApiKey) -> None:
    queued(bob, key, 2)
    assert [len(execute.claim_many(limit=10)) for _ in range(2)] == [2, 0]


def test_a_claim_notes_that_the_key_was_used(bob: Membership, key: ApiKey) -> None:
    queued(bob, key)
    execute.claim_many(limit=1)
    key.refresh_from_db()
    assert key.last_used_at is not None


def test_a_key_has_no_more_calls_in_flight_than_its_limit(
    bob: Membership, key: ApiKey, settings: Settings
) -> None:
    settings.CALLS_PER_KEY = 3
    on_its_way(bob, key=key)
    queued(bob, key, 5)
    assert [len(execute.claim_many(limit=10)) for _ in range(2)] == [2, 0]


def test_what_waits_at_the_provider_takes_no_call(bob: Membership, key: ApiKey, settings: Settings) -> None:
    settings.CALLS_PER_KEY = 2
    for _ in range(4):
        on_its_way(bob, State.ACCEPTED, key=key)
    queued(bob, key, 3)
    assert len(execute.claim_many(limit=10)) == 2


def test_a_key_with_few_runs_does_not_wait_behind_one_with_many(people: People, key: ApiKey) -> None:
    bob, adam = people.membership("bob"), people.membership("adam")
    queued(bob, key, 30)
    late = queued(adam, make_key(adam), 2)
    claimed = execute.claim_many(limit=6)
    assert {run.id for run in late} <= {run.run_id for run in claimed}
    assert len(claimed) == 6


@pytest.mark.django_db(transaction=True)
def test_fifty_deliveries_of_one_run_are_one_claim(bob: Membership, key: ApiKey) -> None:
    run = queued(bob, key)[0]
    claims = together(*[partial(execute.claim_many, limit=5)] * 50)
    assert [claimed.run_id for part in claims for claimed in part] == [run.id]


@pytest.mark.django_db(transaction=True)
def test_the_limit_of_a_key_holds_for_claimers_at_once(people: People, settings: Settings) -> None:
    settings.CALLS_PER_KEY = 3
    for name in ("bob", "adam"):
        member = people.membership(name)
        queued(member, make_key(member), 10)
    claims = together(*[partial(execute.claim_many, limit=10)] * 8)
    ids = [run.run_id for part in claims for run in part]
    assert len(set(ids)) == len(ids)
    per_key = Counter(run.api_key.id for part in claims for run in part)
    assert set(per_key.values()) == {3}
    assert Run.objects.filter(state=State.SENDING).count() == 6


# ------------------------------------------------------------------------------------------------ polls


def test_due_jobs_are_leased_to_one_poller(bob: Membership) -> None:
    past = timezone.now() - timedelta(seconds=1)
    due = on_its_way(bob, State.ACCEPTED, next_poll_at=past, accepted_at=past, request_id="job-1")
    on_its_way(bob, State.ACCEPTED, next_poll_at=timezone.now() + timedelta(minutes=1))
    assert [(job.run_id, job.request_id) for job in execute.claim_polls()] == [(due.id, "job-1")]
    assert execute.claim_polls() == []


def test_the_age_of_a_job_counts_from_its_acceptance(bob: Membership) -> None:
    """A run that waited two hours in the queue has an hour at the provider like any other."""
    now = timezone.now()
    on_its_way(bob, State.ACCEPTED, next_poll_at=now, accepted_at=now, ago=timedelta(hours=2))
    assert execute.claim_polls()[0].accepted_at == now
