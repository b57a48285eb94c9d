"""Celery's doors into the room: each task makes one call."""

from celery import shared_task

from playground.ledger import checks, comparing, sealing, verify
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
