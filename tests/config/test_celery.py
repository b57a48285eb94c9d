"""Whatever the clock or a page asks for, the worker knows."""

from django.conf import settings

from config.celery import app
from playground.ledger import balances


def test_the_worker_knows_every_task_of_the_clock() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled | {balances.CHECK_TASK, "runs.resolve_key"} <= set(app.tasks)
