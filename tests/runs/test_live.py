import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings
from redis import Redis

from accounts.models import Membership
from playground.runs import live
from playground.runs.models import Billing, State
from tests.personas import People
from tests.runs.factories import make_run

TEAM, OTHER_TEAM, PERSON, OTHER_PERSON = (uuid.uuid4() for _ in range(4))


def change(**values: Any) -> live.Change:
    facts: dict[str, Any] = {
        "run": str(uuid.uuid4()), "team": str(TEAM), "mode": "sandbox", "person": str(PERSON),
        "endpoint": "seedream-4.5", "state": "succeeded", "billing": "billed",
    }  # fmt: skip
    return live.Change(**facts | values)


def watcher(**values: Any) -> live.Watcher:
    return live.new_watcher(
        **{
            "team": TEAM, "mode": "sandbox", "runs": [], "everyone": True, "person": PERSON, "follow": True, **values,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("watches", "happens", "told"),
    [
        ({}, {}, True),
        ({}, {"team": str(OTHER_TEAM)}, False),
        ({}, {"mode": "live"}, False),
        ({"everyone": False}, {}, True),
        ({"everyone": False}, {"person": str(OTHER_PERSON)}, False),
        ({"everyone": False}, {"person": ""}, False),
        ({"follow": False}, {}, False),
        ({"follow": False, "runs": ["r-1"]}, {"run": "r-1"}, True),
        (
            {"everyone": False, "follow": False, "runs": ["r-1"]},
            {"run": "r-1", "person": str(OTHER_PERSON)},
            False,
        ),
    ],
)
def test_a_stream_is_told_of_what_its_person_may_see(
    watches: dict[str, Any], happens: dict[str, str], told: bool
) -> None:
    assert watcher(**watches).wants(change(**happens)) is told


def test_a_change_carries_facts_and_no_words(people: People) -> None:
    run = make_run(people.membership("bob"), error_text="secret words", request_text='{"prompt": "secret"}')
    published = json.dumps(live.Change.of(run).facts())
    assert "secret" not in published
    assert str(run.id) in published


def test_a_change_is_final_when_nothing_more_will_come() -> None:
    finals = {state.value for state in State if change(state=state.value).final}
    assert finals == {"succeeded", "refused", "failed", "cancelled", "not_sent", "unknown"}


# ------------------------------------------------------------------------------------------------ the channel


def with_hub(
    scenario: Callable[[live.Hub, "asyncio.Queue[live.Change | None]"], Awaitable[None]], **watches: Any
) -> None:
    async def run() -> None:
        hub = live.Hub()
        try:
            async with hub.watch(watcher(**watches)) as queue:
                await scenario(hub, queue)
            assert not hub.watchers
        finally:
            assert hub._task is not None
            hub._task.cancel()
            await asyncio.gather(hub._task, return_exceptions=True)

    asyncio.run(run())


def publish(*changes: live.Change) -> Awaitable[None]:
    return asyncio.to_thread(live.publish, changes)


def test_what_is_published_arrives() -> None:
    async def scenario(hub: live.Hub, queue: "asyncio.Queue[live.Change | None]") -> None:
        sent = [change(run=f"r-{number}") for number in range(3)]
        await publish(change(team=str(OTHER_TEAM)), *sent)
        assert [await asyncio.wait_for(queue.get(), 20) for _ in sent] == sent

    with_hub(scenario)


def test_one_subscription_serves_every_stream(settings: Settings) -> None:
    async def scenario(hub: live.Hub, queue: "asyncio.Queue[live.Change | None]") -> None:
        async with hub.watch(watcher()) as second, hub.watch(watcher(mode="live")) as third:
            with Redis.from_url(settings.REDIS_URL) as redis:
                assert dict(redis.pubsub_numsub(live.CHANNEL)) == {live.CHANNEL.encode(): 1}
            await publish(change())
            assert await asyncio.wait_for(queue.get(), 20) == await asyncio.wait_for(second.get(), 20)
            assert third.empty()

    with_hub(scenario)


@pytest.mark.parametrize(
    "garbage", [b"{", b"[]", b'"x"', b"\xff\xfe", b'{"run": "1"}', b"null", b"{}", b'[{"run": "1"}]']
)
def test_a_message_of_another_kind_ends_nothing(settings: Settings, garbage: bytes) -> None:
    async def scenario(hub: live.Hub, queue: "asyncio.Queue[live.Change | None]") -> None:
        with Redis.from_url(settings.REDIS_URL) as redis:
            redis.publish(live.CHANNEL, garbage)
        later = change()
        await publish(later)
        assert await asyncio.wait_for(queue.get(), 20) == later

    with_hub(scenario)


def test_a_submission_wakes_whoever_listens_and_other_changes_do_not(settings: Settings) -> None:
    async def run() -> None:
        woken: asyncio.Queue[bool] = asyncio.Queue()
        listener = asyncio.create_task(live.listen_for_work(lambda: woken.put_nowait(True)))
        try:
            with Redis.from_url(settings.REDIS_URL) as redis:
                while dict(redis.pubsub_numsub(live.WAKE)) != {live.WAKE.encode(): 1}:
                    await asyncio.sleep(0.05)
            await publish(change())
            await asyncio.to_thread(live.publish, [change()], wake=True)
            await asyncio.wait_for(woken.get(), 20)
            # In order on one connection: a call for the first change would have come before this one.
            assert woken.empty()
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    asyncio.run(run())


def test_a_browser_that_does_not_read_loses_the_oldest() -> None:
    async def scenario(hub: live.Hub, queue: "asyncio.Queue[live.Change | None]") -> None:
        for number in range(queue.maxsize + 5):
            hub._deliver(json.dumps([change(run=f"r-{number}").facts()]).encode())
        assert queue.qsize() == queue.maxsize
        oldest = queue.get_nowait()
        assert oldest is not None
        assert oldest.run == "r-5"

    with_hub(scenario)


def test_a_subscription_that_was_cut_comes_back(settings: Settings) -> None:
    async def scenario(hub: live.Hub, queue: "asyncio.Queue[live.Change | None]") -> None:
        with Redis.from_url(settings.REDIS_URL) as redis:
            for client in redis.client_list(_type="pubsub"):
                redis.client_kill_filter(_id=client["id"])
            while dict(redis.pubsub_numsub(live.CHANNEL)) != {live.CHANNEL.encode(): 1}:
                await asyncio.sleep(0.05)
        later = change()
        await publish(later)
        assert await asyncio.wait_for(queue.get(), 20) == later

    with_hub(scenario)


def test_without_redis_nothing_is_raised_and_a_stream_begins_all_the_same(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    async def scenario(hub: live.Hub, queue: "asyncio.Queue[live.Change | None]") -> None:
        assert queue.empty()

    with_hub(scenario)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_of_what_was_rolled_back(people: People) -> None:
    from playground.runs.submit import cancel

    bob: Membership = people.membership("bob")
    run = make_run(bob, state=State.QUEUED, billing=Billing.PENDING, status=None)

    def undone() -> None:
        from playground.runs.models import Run

        with transaction.atomic():
            cancel(runs=Run.objects.filter(id=run.id))
            transaction.set_rollback(True)
        cancel(runs=Run.objects.filter(id=run.id))

    async def scenario(hub: live.Hub, queue: "asyncio.Queue[live.Change | None]") -> None:
        await asyncio.to_thread(undone)
        heard = await asyncio.wait_for(queue.get(), 20)
        assert heard is not None
        assert heard.state == "cancelled"
        await asyncio.sleep(0)
        assert queue.empty()

    with_hub(scenario, team=bob.team_id)
