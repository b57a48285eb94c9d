"""Celery's doors into the room: each task makes one call."""

from uuid import UUID

from celery import shared_task

from playground.ledger import alerts, telling, webhooks


@shared_task(name="ledger.watch")
def watch() -> None:
    alerts.watch()
    telling.tell()


@shared_task(name="ledger.foresee")
def foresee() -> None:
    alerts.foresee()


@shared_task(name="ledger.tell")
def tell() -> None:
    telling.tell()


@shared_task(name="ledger.try_webhook")
def try_webhook(*, team_id: str) -> None:
    webhooks.try_out(team_id=UUID(team_id))
