"""Celery's doors into the room: each task takes plain values and makes one call."""

from datetime import date
from uuid import UUID

from celery import shared_task

from playground.ledger import crossing, mails
from playground.ledger.models import Cut


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
