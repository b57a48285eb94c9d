"""Push a run's state to the browsers that watch it.

Publishing happens after commit and carries no words of a run, only facts. One Redis subscription serves a whole web
process; a stream holds no database connection while it is open.
"""

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Self

import redis
import redis.asyncio
from django.conf import settings
from django.utils.functional import SimpleLazyObject

from accounts import presence
from playground.runs.models import OPEN_STATES, Output, Run

logger = logging.getLogger(__name__)

CHANNEL = "atelier:runs"
WAKE = "atelier:wake"
_PEOPLE = presence.CHANNEL.encode()
SUBSCRIBE_SECONDS = 2.0
_sync = SimpleLazyObject(
    lambda: redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a browser learns at once; everything else it fetches as a fragment, through the access check."""

    run: str
    team: str
    mode: str
    person: str
    endpoint: str
    state: str
    billing: str
    # Whether files of the run are still on their way into the media store.
    copying: bool = False

    @classmethod
    def of(cls, run: Run, *, copying: bool = False) -> Self:
        return cls(
            run=str(run.id),
            team=str(run.team_id),
            mode=run.mode,
            person=str(run.person_id or ""),
            endpoint=run.endpoint,
            state=run.state,
            billing=run.billing,
            copying=copying,
        )

    @classmethod
    def read(cls, run: Run) -> Self:
        """As ``of``, for a settled run whose files may still be on their way: the table knows."""
        return cls.of(run, copying=Output.objects.filter(run=run, state=Output.State.COPYING).exists())

    def facts(self) -> dict[str, str | bool]:
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def final(self) -> bool:
        return self.state not in OPEN_STATES


def publish(changes: Iterable[Change], *, wake: bool = False) -> None:
    """Tell the watchers, and with ``wake`` the workers first: something waits for them.

    A lost message only delays a page until it asks again, and a worker until it looks, so nothing is raised.
    """
    facts = [change.facts() for change in changes]
    if not facts:
        return
    try:
        pipeline = _sync.pipeline(transaction=False)
        if wake:
            pipeline.publish(WAKE, "")
        pipeline.publish(CHANNEL, json.dumps(facts))
        pipeline.execute()
    except redis.RedisError as error:
        logger.warning("Could not publish %d changes: %s", len(facts), error)


async def listen_for_work(wake: Callable[[], None]) -> None:
    """Call ``wake`` whenever a run was submitted, until cancelled. Celery's nudges and the clock serve without it."""
    while True:
        try:
            async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as pubsub:
                await pubsub.subscribe(WAKE)
                async for message in pubsub.listen():
                    if message["type"] == "message":
                        wake()
        except (redis.RedisError, OSError) as error:
            logger.warning("The wake channel was interrupted: %s", error)
        await asyncio.sleep(1)


@dataclass(eq=False)
class Watcher:
    """One open stream: which changes it wants, and the queue they arrive in."""

    team: str
    mode: str
    runs: frozenset[str]
    everyone: bool  # may see runs of others
    person: str
    follow: bool  # wants runs that begin later, too
    queue: "asyncio.Queue[Change | None]"
    # Something about the person's access has changed; None in the queue wakes the stream up for it.
    asked_again: bool = False

    def put(self, change: Change | None) -> None:
        """A browser that does not read loses the oldest change; its next snapshot has everything."""
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(change)

    def wants(self, change: Change) -> bool:
        if change.team != self.team or change.mode != self.mode:
            return False
        if not self.everyone and change.person != self.person:
            return False
        return self.follow or change.run in self.runs


class Hub:
    """The single subscription of this process, shared by every stream on its event loop."""

    def __init__(self) -> None:
        self.watchers: set[Watcher] = set()
        self._task: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()

    def count(self, person: str) -> int:
        """How many streams this person has open in this process."""
        return sum(watcher.person == person for watcher in self.watchers)

    @contextlib.asynccontextmanager
    async def watch(self, watcher: Watcher) -> AsyncIterator["asyncio.Queue[Change | None]"]:
        """The queue of this watcher's changes: every change after it is given, if Redis is there."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._subscribed = asyncio.Event()
            self._task = loop.create_task(self._listen(self._subscribed))
        self.watchers.add(watcher)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._subscribed.wait(), SUBSCRIBE_SECONDS)
            yield watcher.queue
        finally:
            self.watchers.discard(watcher)

    async def _listen(self, subscribed: asyncio.Event) -> None:
        while True:
            try:
                async with (
                    redis.asyncio.Redis.from_url(settings.REDIS_URL) as client,
                    client.pubsub() as pubsub,
                ):
                    await pubsub.subscribe(CHANNEL, presence.CHANNEL)
                    async for message in pubsub.listen():
                        if message["type"] == "subscribe" and message["data"] == 2:
                            subscribed.set()
                        elif message["type"] == "message" and message["channel"] == _PEOPLE:
                            self._ask_again(message["data"].decode(errors="replace"))
                        elif message["type"] == "message":
                            self._deliver(message["data"])
            except (redis.RedisError, OSError) as error:
                logger.warning("The push channel was interrupted: %s", error)
            await asyncio.sleep(1)

    def _deliver(self, data: bytes) -> None:
        try:
            changes = [Change(**facts) for facts in json.loads(data)]
        except (ValueError, TypeError):
            # A worker of another release, say: its words must not end the subscription of all streams.
            logger.warning("A message on the push channel could not be read")
            return
        for change in changes:
            for watcher in self.watchers:
                if watcher.wants(change):
                    watcher.put(change)

    def _ask_again(self, person: str) -> None:
        for watcher in self.watchers:
            if watcher.person == person:
                watcher.asked_again = True
                watcher.put(None)


hub = Hub()


def new_watcher(
    *, team: uuid.UUID, mode: str, runs: Iterable[str], everyone: bool, person: uuid.UUID, follow: bool
) -> Watcher:
    return Watcher(
        str(team), mode, frozenset(runs), everyone, str(person), follow, asyncio.Queue(maxsize=200)
    )
