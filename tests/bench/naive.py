"""A plain Celery worker to compare with: the product's tasks and settings without its sender.

With the sender in it, the worker would drain the queue by itself before a message is read.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")

app = Celery("naive")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ("tests.bench.tasks",)
