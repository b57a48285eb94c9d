"""Outcomes that PostgreSQL could not take wait here, on this node's disk, and are replayed at the next start.

A lost outcome is worse than a slow one: what the provider answered, and charged, is on disk before it is given up in
memory. Each worker appends to a file of its own and holds a lock on it, so that a starting worker replays only the
files of workers that are gone.
"""

import fcntl
import logging
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings

from playground.runs.outcome import Outcome

logger = logging.getLogger(__name__)


def _folder() -> Path:
    folder = Path(settings.SPOOL_ROOT) / "outcomes"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


class Spool:
    """This worker's file; made when the first outcome needs it, removed when nothing waits in it."""

    def __init__(self) -> None:
        self._path = _folder() / f"{uuid.uuid4()}.jsonl"
        self._file: IO[bytes] | None = None

    def keep(self, outcomes: list[Outcome]) -> None:
        """On disk when this returns. Raises OSError when the disk refuses: the caller still has them in memory."""
        if self._file is None:
            self._file = self._open()
        number = self._file.fileno()
        before = os.fstat(number).st_size
        lines = "".join(outcome.to_json() + "\n" for outcome in outcomes).encode()
        try:
            if self._file.write(lines) != len(lines):
                raise OSError("The disk took only a part of the lines.")
            os.fsync(number)
        except OSError:
            # Half a line would spoil the one that is appended after it.
            os.ftruncate(number, before)
            raise

    def _open(self) -> IO[bytes]:
        while True:
            number = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            file = os.fdopen(number, "ab", buffering=0)
            fcntl.flock(file, fcntl.LOCK_EX)
            # A worker that starts at this moment may have taken the new file for one left behind, and removed it.
            if self._path.exists() and self._path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
            file.close()

    def clear(self) -> None:
        """Everything kept has been settled."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self._file.close()
            self._file = None


def left_behind() -> Iterator[tuple[Path, list[Outcome]]]:
    """The files of workers that are gone, with their outcomes. A line cut off by a crash is skipped and logged."""
    for path in sorted(_folder().glob("*.jsonl")):
        try:
            file = path.open(errors="replace")
        except OSError:
            # Gone: its own worker, or another one that starts now, is done with it.
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            outcomes = []
            for line in file:
                try:
                    outcomes.append(Outcome.from_json(line))
                except (ValueError, TypeError, KeyError):
                    logger.exception("A spooled outcome in %s is unreadable", path.name)
            yield path, outcomes
