"""Celery's doors into the room: each task makes one call."""

from uuid import UUID

from celery import shared_task

from playground.ledger import alerts, checks, comparing, sealing, telling, verify, webhooks
from playground.ledger.models import LedgerCheck


@shared_task(name="ledger.seal")
def seal() -> None:
    sealing.seal()


@shared_task(name="ledger.verify")
def verify_chain() -> None:
    walk = verify.verify()
    checks.note(kind=LedgerCheck.Kind.CHAIN, summary=walk.words, agrees=walk.fault is None)
    checks.forget()


@shared_task(name="ledger.compare")
def compare() -> None:
    comparing.compare_last_days()


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
