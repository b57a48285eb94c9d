"""Celery's doors into the room: each task takes plain ids and makes one call."""

import uuid

from celery import current_app, shared_task

from playground.runs import recover as recovering
from playground.runs import resolve as resolving
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


@shared_task(name="runs.resolve")
def resolve() -> None:
    """One task for each key with runs in doubt: asking the provider's history about one delays no other."""
    for key_id in resolving.keys_in_doubt():
        current_app.send_task(
            "runs.resolve_key", kwargs={"key_id": str(key_id)}, ignore_result=True, expires=600
        )


@shared_task(name="runs.resolve_key")
def resolve_key(*, key_id: str) -> None:
    resolving.resolve_key(uuid.UUID(key_id))
