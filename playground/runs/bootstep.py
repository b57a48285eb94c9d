"""Start the sender with the Celery worker and drain it on a warm shutdown."""

import gc
from typing import Any

from celery import bootsteps


class SenderStep(bootsteps.StartStopStep):
    """After the pool: nudges may arrive as soon as the loop is up."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._sender: Any = None

    def start(self, parent: Any) -> None:
        from playground.runs.sender import Sender  # Django's apps are ready only now

        # Thousands of calls make much garbage: looking for it again and again among everything that was loaded
        # at the start, and stays, stopped the loop for a third of a second at a time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        self._sender = Sender()
        self._sender.start()

    def stop(self, parent: Any) -> None:
        if self._sender is not None:
            self._sender.drain()
            self._sender = None
