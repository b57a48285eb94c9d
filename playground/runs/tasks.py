"""Celery's doors into the room: each task takes plain ids and makes one call."""

import uuid

from celery import shared_task

from playground.runs import recover as recovering
from playground.runs import retention as retaining
from playground.runs import sender, thumbnails


@shared_task(name="runs.nudge")
def nudge() -> None:
    """Wake the sender of this worker; without one (a web process in a test, say) the table simply waits."""
    sender.wake()


@shared_task(name="runs.recover")
def recover() -> None:
    recovering.recover()
    sender.wake()


@shared_task(name="runs.retention")
def retention() -> None:
    retaining.apply()


@shared_task(name="runs.thumbnail")
def thumbnail(*, file_id: str) -> None:
    thumbnails.make(file_id=uuid.UUID(file_id))
