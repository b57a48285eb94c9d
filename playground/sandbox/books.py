"""The books: one JSON line per fact, appended, and on disk before anybody is answered."""

import asyncio
import json
import os
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]
"""A fact: `kind`, `at`, and what belongs to that kind. Money is decimal text."""

_Entry = tuple[bytes, asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Books:
    """An append-only file. One thread writes; lines that wait together share one fsync."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._last: asyncio.Future[None] | None = None

    def replay(self) -> Iterator[Record]:
        """Every whole line of earlier lives. A torn last line was never answered for, so it is cut off."""
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            good = 0
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(good)
                    break
                good += len(line)
                yield json.loads(line)

    def open(self) -> None:
        self._thread = threading.Thread(target=self._write, name="sandbox-books", daemon=True)
        self._thread.start()

    def append(self, record: Record) -> "asyncio.Future[None]":
        """Queue one line; the future is done once the line is on disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._queue.put((json.dumps(record).encode() + b"\n", loop, done))
        self._last = done
        return done

    async def flushed(self) -> None:
        """Wait for the lines queued so far, so that nothing is shown that a crash could still take back."""
        if self._last is not None:
            await asyncio.shield(self._last)

    def close(self) -> None:
        """Write what is queued and stop."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _write(self) -> None:
        with self.path.open("ab") as file:
            self.path.chmod(0o600)
            closing = False
            while not closing:
                batch, closing = self._batch()
                failure: OSError | None = None
                try:
                    file.write(b"".join(line for line, _, _ in batch))
                    file.flush()
                    os.fsync(file.fileno())
                except OSError as broken:
                    failure = broken
                for _, loop, done in batch:
                    if not loop.is_closed():
                        loop.call_soon_threadsafe(_resolve, done, failure)

    def _batch(self) -> tuple[list[_Entry], bool]:
        entry = self._queue.get()
        batch: list[_Entry] = []
        while entry is not None:
            batch.append(entry)
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True


def _resolve(done: "asyncio.Future[None]", failure: OSError | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
