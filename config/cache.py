"""Redis as a cache that may be away: then it is empty, and nothing that is put into it stays.

A page needs nothing that is kept here: sessions are in the database, so that one that ended stays ended. Django's own
backend raises instead, which would make every page an error while Redis is restarted. Limits on sign-ins count in
here, so they pause as well.
"""

import logging
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
Method = Callable[Concatenate["ForgivingClient", P], R]


def _or_else(nothing: Callable[P, R]) -> Callable[[Method[P, R]], Method[P, R]]:
    """The method's answer, or what ``nothing`` makes of its arguments when Redis does not answer."""

    def decorate(method: Method[P, R]) -> Method[P, R]:
        def forgiving(self: "ForgivingClient", /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return method(self, *args, **kwargs)
            except RedisError as error:
                logger.warning("The cache is away: %s", error)
                return nothing(*args, **kwargs)

        return forgiving

    return decorate


class ForgivingClient(RedisCacheClient):
    @_or_else(lambda key, value, timeout: True)
    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        return super().add(key, value, timeout)

    @_or_else(lambda key, default: default)
    def get(self, key: Any, default: Any) -> Any:
        return super().get(key, default)

    @_or_else(lambda key, value, timeout: None)
    def set(self, key: Any, value: Any, timeout: Any) -> None:
        super().set(key, value, timeout)

    @_or_else(lambda key, timeout: False)
    def touch(self, key: Any, timeout: Any) -> bool:
        return super().touch(key, timeout)

    @_or_else(lambda key: False)
    def delete(self, key: Any) -> bool:
        return super().delete(key)

    @_or_else(lambda keys: {})
    def get_many(self, keys: Any) -> dict[Any, Any]:
        return super().get_many(keys)

    @_or_else(lambda key: False)
    def has_key(self, key: Any) -> bool:
        return super().has_key(key)

    @_or_else(lambda key, delta: delta)
    def incr(self, key: Any, delta: int) -> Any:
        return super().incr(key, delta)

    @_or_else(lambda data, timeout: None)
    def set_many(self, data: Any, timeout: Any) -> None:
        super().set_many(data, timeout)

    @_or_else(lambda keys: None)
    def delete_many(self, keys: Any) -> None:
        super().delete_many(keys)

    @_or_else(lambda: False)
    def clear(self) -> bool:
        return super().clear()


class ForgivingRedisCache(RedisCache):
    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient
