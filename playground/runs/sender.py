"""The loop that sends: one event loop in one thread of the worker process, holding thousands of slow calls.

It speaks no SQL. Claims and outcomes go in batches through a few threads that run the same functions as everything
else (execute.py), so no database connection is held during a call. Celery only wakes it; the table is the queue.
"""

import asyncio
import concurrent.futures
import functools
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import uvloop
from django.conf import settings
from django.db import connection
from psycopg_pool import PoolTimeout

from playground.runs import calls, execute, live, nudge, recover, store
from playground.runs.outcome import Outcome
from playground.runs.spool import Spool

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

SQL_THREADS = 4
POLLS_AT_ONCE = 200
COPIES_AT_ONCE = 16
TICK = 0.5
LONGEST_PAUSE = 5.0
SPOOL_AFTER = 1.0

_current: "Sender | None" = None


def wake() -> None:
    """Look at the table now. Does nothing in a process that has no sender."""
    if _current is not None:
        _current.wake()


class Sender:
    """Owns the loop, the calls in flight and the outcomes that are not settled yet."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._ready = threading.Event()
        self._threads = concurrent.futures.ThreadPoolExecutor(SQL_THREADS, thread_name_prefix="sender-sql")
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls = 0
        self._bytes = 0
        self._polls = 0
        self._copies = 0
        self._draining = False

    def start(self) -> None:
        """Begin to send; returns once the loop is up. Raises RuntimeError when it could not come up."""
        global _current
        self._thread.start()
        if not self._ready.wait(30) or not self._thread.is_alive():
            raise RuntimeError("The sender did not start.")
        _current = self

    def wake(self) -> None:
        self._loop.call_soon_threadsafe(self._wake.set)

    def drain(self) -> None:
        """Claim nothing more, let calls in flight end and settle them; returns when all is written."""
        global _current
        _current = None
        if self._calls:
            logger.warning(
                "Waiting for %d calls in flight to end; a second signal stops at once.", self._calls
            )
        self._loop.call_soon_threadsafe(self._begin_drain)
        self._thread.join()
        self._threads.shutdown()

    def _begin_drain(self) -> None:
        self._draining = True
        self._wake.set()
        self._copy_wake.set()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake, self._copy_wake = asyncio.Event(), asyncio.Event()
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
        self._spool = Spool()
        async with calls.Provider(self._sql) as provider:
            self._provider = provider
            self._ready.set()
            settler = asyncio.create_task(self._settle_for_ever())
            listener = asyncio.create_task(live.listen_for_work(self._wake.set))
            await asyncio.gather(
                self._replay_once(),
                self._pump_for_ever(),
                self._poll_for_ever(),
                self._copy_for_ever(),
            )
            while self._tasks:
                await asyncio.wait(self._tasks)
            await self._outcomes.join()
            settler.cancel()
            listener.cancel()

    async def _sql(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` on a thread; its database connection goes back to the pool at once."""

        def run() -> R:
            try:
                return function(*args, **kwargs)
            finally:
                connection.close()

        return await self._loop.run_in_executor(self._threads, run)

    async def _keep_going(self, step: Callable[[], Coroutine[Any, Any, R]]) -> R | None:
        """One step of a loop that must outlive every error; a database that is away is no news after the first line."""
        try:
            return await step()
        except execute.DATABASE_AWAY as error:
            logger.warning("The database is away: %s", str(error).strip())
        except Exception:
            logger.exception("A step of the sender failed")
        await asyncio.sleep(1)
        return None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        event.clear()

    async def _replay_once(self) -> None:
        """As soon as the database is there: what earlier workers left on this disk."""
        while not self._draining and await self._keep_going(self._replay) is None:
            continue

    async def _replay(self) -> int:
        return await self._sql(recover.replay_spool)

    # -- claim and call

    async def _pump_for_ever(self) -> None:
        while not self._draining:
            more = await self._keep_going(self._pump)
            if not more:
                await self._wait(self._wake, 1.0)

    async def _pump(self) -> bool:
        room = min(settings.CALLS_PER_PROCESS - self._calls, execute.BATCH)
        if room <= 0 or self._bytes > settings.BYTES_IN_FLIGHT:
            return False
        claimed = await self._sql(execute.claim_many, limit=room)
        for run in claimed:
            self._calls += 1
            self._bytes += len(run.body_text)
            self._spawn(self._call(run))
        if claimed:
            self._spawn(self._sql(execute.announce, claimed))
        return len(claimed) == room

    async def _call(self, run: execute.Claimed) -> None:
        try:
            self._outcomes.put_nowait(await self._provider.call(run))
        finally:
            self._calls -= 1
            self._bytes -= len(run.body_text)

    # -- settle

    async def _settle_for_ever(self) -> None:
        while True:
            batch = [await self._outcomes.get()]
            batch += self._more_outcomes()
            taken = await self._settle(batch)
            for _ in range(taken):
                self._outcomes.task_done()
            self._wake.set()
            if any(arrived.url for outcome in batch for arrived in outcome.outputs):
                self._copy_wake.set()

    def _more_outcomes(self) -> list[Outcome]:
        count = min(self._outcomes.qsize(), execute.BATCH - 1)
        return [self._outcomes.get_nowait() for _ in range(count)]

    async def _settle(self, batch: list[Outcome]) -> int:
        """Settle ``batch`` however long it takes; the count of outcomes taken from the queue, more in an outage.

        What takes longer than a moment is on disk meanwhile. A worker that is to end leaves it there when the database
        stays away: the next start settles it.
        """
        settled = on_disk = failures = 0
        while settled < len(batch):
            part = batch[settled:]
            attempt = self._loop.create_task(self._sql(execute.settle_all, part))
            while not (await asyncio.wait({attempt}, timeout=SPOOL_AFTER))[0]:
                on_disk += await self._keep(batch, on_disk)
            try:
                await attempt
            except execute.DATABASE_AWAY as error:
                if not failures:
                    logger.warning("The database is away; outcomes go to the spool: %s", str(error).strip())
                # A pool that gave up has tried for long already.
                failures += 2 if isinstance(error.__cause__, PoolTimeout) else 1
            except Exception:
                logger.exception("%d outcomes could not be settled", len(part))
                failures += 1
            else:
                settled += len(part)
                continue
            on_disk += await self._keep(batch, on_disk)
            if self._draining and on_disk == len(batch) and failures > 1:
                logger.warning("%d outcomes stay in the spool for the next start", len(batch) - settled)
                return len(batch)
            await asyncio.sleep(min(LONGEST_PAUSE, 0.1 * 2**failures))
        self._spool.clear()
        return len(batch)

    async def _keep(self, batch: list[Outcome], on_disk: int) -> int:
        """Put what is not on disk yet there, with whatever arrived meanwhile; how many these were, all or none."""
        batch += self._more_outcomes()
        return await self._loop.run_in_executor(None, self._write, batch[on_disk:])

    def _write(self, outcomes: list[Outcome]) -> int:
        """How many of them are on disk now: all or none."""
        try:
            if outcomes:
                self._spool.keep(outcomes)
        except OSError:
            logger.exception("%d outcomes are only in memory", len(outcomes))
            return 0
        return len(outcomes)

    # -- poll

    async def _poll_for_ever(self) -> None:
        while not self._draining:
            await self._keep_going(self._poll_due)
            await asyncio.sleep(TICK)

    async def _poll_due(self) -> None:
        room = POLLS_AT_ONCE - self._polls
        for due in await self._sql(execute.claim_polls, limit=room) if room > 0 else []:
            self._polls += 1
            self._spawn(self._poll(due))

    async def _poll(self, due: execute.Due) -> None:
        try:
            self._outcomes.put_nowait(await self._provider.poll(due))
        finally:
            self._polls -= 1

    # -- copy

    async def _copy_for_ever(self) -> None:
        while not self._draining:
            await self._keep_going(self._copy_due)
            await self._wait(self._copy_wake, 2.0)

    async def _copy_due(self) -> None:
        room = COPIES_AT_ONCE - self._copies
        for copy in await self._sql(store.claim_copies, limit=room) if room > 0 else []:
            self._copies += 1
            self._spawn(self._copy(copy))

    async def _copy(self, copy: store.Copy) -> None:
        try:
            file_id = await self._keep_going(functools.partial(self._provider.copy, copy))
            if file_id is not None:
                await self._loop.run_in_executor(
                    None, functools.partial(nudge.send, "runs.thumbnail", file_id=str(file_id))
                )
        finally:
            self._copies -= 1
            self._copy_wake.set()
