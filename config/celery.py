"""``celery -A config worker``: Celery delivers and schedules; the database is the queue."""

import os

from celery import Celery

from playground.runs.bootstep import SenderStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("atelier")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = (
    "playground.ledger.tasks",
    "playground.payloads.tasks",
    "playground.runs.tasks",
    "playground.workbench.tasks",
    "accounts.tasks",
)
app.steps["worker"].add(SenderStep)
