"""The project. Importing it sets up the Celery application, so that every process enqueues to the same broker."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
