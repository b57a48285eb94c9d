"""Celery's doors into the room: each task takes plain ids and makes one call."""

from typing import Any
from uuid import UUID

from celery import shared_task

from playground.ledger import balances, reconcile, reconcile_mail, sharing


@shared_task(name="ledger.check_balances")
def check_balances() -> None:
    balances.check_all()


@shared_task(name="ledger.check_balance")
def check_balance(*, key_id: str, **kwargs: Any) -> None:
    if balances.check(UUID(key_id)) is not None:
        reconcile.refresh_states([UUID(key_id)])


@shared_task(name="ledger.gather_balances")
def gather_balances() -> None:
    reconcile.refresh_states(balances.gather())
    sharing.look_for_pairs()


@shared_task(name="ledger.mail_unexplained")
def mail_unexplained() -> None:
    reconcile_mail.send_due()
