"""Runs that have not ended, as rows."""

from typing import Any

from accounts.models import ApiKey, Membership
from playground.runs.models import Billing, Run, State
from tests.runs.factories import make_run


def queued(membership: Membership, key: ApiKey, count: int = 1, **columns: Any) -> list[Run]:
    return [
        make_run(membership, state=State.QUEUED, billing=Billing.PENDING, status=None, key=key, **columns)
        for _ in range(count)
    ]


def on_its_way(membership: Membership, state: State = State.SENDING, **columns: Any) -> Run:
    return make_run(membership, state=state, billing=Billing.PENDING, status=None, **columns)
