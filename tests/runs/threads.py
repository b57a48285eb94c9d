"""The same deed by many threads at the same moment, each on a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

R = TypeVar("R")


def together(*deeds: Callable[[], R]) -> list[R]:
    """What each deed returned, in order; all of them begin once every thread is there. Raises what one raised."""
    barrier = threading.Barrier(len(deeds))

    def run(deed: Callable[[], R]) -> R:
        barrier.wait(30)
        try:
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))
