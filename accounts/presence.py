"""Tell the open pages of a person that their access may have changed.

The message decides nothing: whoever hears it asks the database again, at once instead of within the minute.
"""

import logging
import uuid

import redis
from django.conf import settings
from django.db import transaction
from django.utils.functional import SimpleLazyObject

logger = logging.getLogger(__name__)

CHANNEL = "atelier:people"
_redis = SimpleLazyObject(
    lambda: redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
)


def ask_again(person: uuid.UUID | str) -> None:
    """After the caller's commit. A lost message only costs the minute, so nothing is raised."""
    transaction.on_commit(lambda: _publish(str(person)))


def _publish(person: str) -> None:
    try:
        _redis.publish(CHANNEL, person)
    except redis.RedisError as error:
        logger.warning("Could not say that somebody's access has changed: %s", error)
