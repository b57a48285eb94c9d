"""Tell a worker to look at the table. The table is the truth: a nudge that is lost only costs a second."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def send(task: str = "runs.nudge", **arguments: str) -> None:
    """Enqueue ``task`` by name with plain ids. A broker that is away is logged, never raised."""
    try:
        current_app.send_task(task, kwargs=arguments, retry=False, expires=3600, ignore_result=True)
    except OperationalError as error:
        logger.warning("The broker did not take %s: %s", task, error)
