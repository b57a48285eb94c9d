from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

from accounts.models import Membership
from playground.runs import execute, recover
from playground.runs.models import Billing, Output, Run, State
from tests.personas import People
from tests.runs.factories import add_output, make_run

LATE = timedelta(seconds=1)


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


@pytest.fixture
def broker(settings: Settings) -> Redis:
    redis = Redis.from_url(settings.REDIS_URL)
    redis.delete(settings.CELERY_TASK_DEFAULT_QUEUE)
    return redis


def waiting_tasks(broker: Redis, settings: Settings) -> int:
    return int(broker.llen(settings.CELERY_TASK_DEFAULT_QUEUE))


def test_a_run_whose_sender_is_gone_is_in_doubt(bob: Membership) -> None:
    now = timezone.now()
    overdue = make_run(bob, state=State.SENDING, billing=Billing.PENDING, status=None, deadline_at=now - LATE)
    busy = make_run(
        bob, state=State.SENDING, billing=Billing.PENDING, status=None, deadline_at=now + LATE * 60
    )
    assert recover.recover()["unknown"] == 1
    overdue.refresh_from_db()
    busy.refresh_from_db()
    assert (overdue.state, overdue.billing, overdue.cost) == (State.UNKNOWN, Billing.UNKNOWN, None)
    assert overdue.evidence["reason"] == execute.SENDER_GONE
    assert overdue.needs_person
    assert busy.state == State.SENDING
    assert recover.recover()["unknown"] == 0


def test_what_nobody_was_told_of_is_told_again(bob: Membership, broker: Redis, settings: Settings) -> None:
    make_run(bob, state=State.QUEUED, billing=Billing.PENDING, status=None)
    assert recover.recover()["waiting"] == 1
    assert waiting_tasks(broker, settings) == 1


def test_nothing_is_told_when_nothing_waits(bob: Membership, broker: Redis, settings: Settings) -> None:
    make_run(bob)
    assert recover.recover() == {"waiting": 0, "unknown": 0}
    assert waiting_tasks(broker, settings) == 0


@pytest.mark.parametrize("state", [State.ACCEPTED, State.SUCCEEDED, State.UNKNOWN])
def test_a_deadline_that_has_passed_means_nothing_once_the_call_is_over(
    bob: Membership, state: State
) -> None:
    billing = Billing.BILLED if state == State.SUCCEEDED else Billing.UNKNOWN
    run = make_run(bob, state=state, billing=billing, deadline_at=timezone.now() - LATE)
    recover.recover()
    assert Run.objects.get(id=run.id).state == state


def test_a_copy_that_was_given_up_can_be_tried_again(bob: Membership) -> None:
    lost = add_output(make_run(bob), url="https://images.segmind.com/x.png", reason="gone")
    bytes_only = add_output(make_run(bob))
    for output in (lost, bytes_only):
        recover.copy_again(output=output)
    lost.refresh_from_db()
    bytes_only.refresh_from_db()
    assert (lost.state, lost.reason) == (Output.State.COPYING, "")
    assert lost.next_try_at is not None
    assert bytes_only.state == Output.State.LOST
