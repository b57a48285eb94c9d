from typing import Any
from uuid import UUID

from celery import shared_task

from accounts import candidates, teams


@shared_task(name="accounts.check_key")
def check_key(*, candidate_id: str, **kwargs: Any) -> None:
    candidates.test(UUID(candidate_id))


@shared_task(name="accounts.check_balance")
def check_balance(*, key_id: str, **kwargs: Any) -> None:
    candidates.refresh_balance(UUID(key_id))


@shared_task(name="accounts.apply_zones")
def apply_zones() -> None:
    teams.apply_due_zones()
