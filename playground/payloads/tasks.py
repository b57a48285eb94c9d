"""Celery's doors into the room."""

from celery import shared_task

from playground.payloads import trash


@shared_task(name="payloads.purge")
def purge() -> None:
    trash.purge_due()
