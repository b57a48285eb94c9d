"""Celery's doors into the room: each task takes plain values and makes one call."""

from datetime import date
from typing import Any
from uuid import UUID

from celery import shared_task

from playground.ledger import (
    alerts,
    balances,
    checks,
    comparing,
    crossing,
    mails,
    reconcile,
    reconcile_mail,
    sealing,
    sharing,
    telling,
    verify,
    webhooks,
)
from playground.ledger.models import Cut, LedgerCheck


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


@shared_task(name="ledger.cross")
def cross(*, team_id: str, mode: str, first: str, last: str, pair: list[str]) -> None:
    crossing.count(
        team_id=UUID(team_id),
        mode=mode,
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
        pair=(Cut(pair[0]), Cut(pair[1])),
    )


@shared_task(name="ledger.mails")
def send_mails() -> None:
    mails.send_due()


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
