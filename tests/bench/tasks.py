"""What the engine is compared with: an empty task, and the obvious way to send a run with Celery."""

import functools
import json
import time
from decimal import Decimal

import httpx
import redis
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts import vault
from playground.runs import books
from playground.runs.models import Billing, CostSource, Run, RunText, State


@functools.cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


@functools.cache
def _http() -> httpx.Client:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    return httpx.Client(base_url=settings.SANDBOX_URL, limits=limits, timeout=60)


@shared_task(name="bench.empty")
def empty(*, sent: float) -> None:
    _redis().rpush("bench:empty", time.time() - sent)


@shared_task(name="bench.naive")
def naive(*, run_id: str) -> None:
    """One message per run, ORM per row, plain httpx: the same claim, POST, settle and entry."""
    claimed = Run.objects.filter(id=run_id, state=State.QUEUED).update(
        state=State.SENDING, claimed_at=timezone.now()
    )
    if not claimed:
        return
    run = Run.objects.select_related("api_key", "text").get(id=run_id)
    answer = _http().post(
        f"/v{run.version}/{run.endpoint}",
        content=run.text.request_text.encode(),
        headers={"x-api-key": vault.decrypt(run.api_key), "content-type": "application/json"},
    )
    run.state, run.billing = State.SUCCEEDED, Billing.BILLED
    run.cost, run.cost_source = Decimal(answer.headers["x-cost"]), CostSource.HEADER
    run.status, run.finished_at = answer.status_code, timezone.now()
    run.evidence = {"status": answer.status_code, "cost_text": answer.headers["x-cost"]}
    run.save(update_fields=["state", "billing", "cost", "cost_source", "status", "finished_at", "evidence"])
    books.say([run])
    RunText.objects.filter(run=run).update(
        response_headers=json.loads(json.dumps(list(answer.headers.items()))), response_text=answer.text
    )
