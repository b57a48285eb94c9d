"""The product's settings, with an empty view and two tasks to compare with."""

from config.settings import *

ROOT_URLCONF = "tests.bench.urls"
CELERY_INCLUDE = ("tests.bench.tasks",)
