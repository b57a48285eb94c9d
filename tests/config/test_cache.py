from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from pytest_django import Settings

from config.cache import ForgivingRedisCache


@pytest.fixture
def away() -> BaseCache:
    """Nothing listens on that port."""
    return ForgivingRedisCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 1}})


def test_the_site_uses_the_forgiving_cache() -> None:
    assert isinstance(caches["default"], ForgivingRedisCache)


def test_a_cache_that_is_there_keeps_things() -> None:
    cache = caches["default"]
    cache.set("tests:here", {"a": 1}, 30)
    assert cache.get("tests:here") == {"a": 1}
    assert not cache.add("tests:here", 2, 30)
    assert cache.delete("tests:here")
    assert "tests:here" not in cache


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("get", ("a", "nothing"), "nothing"),
        ("get_many", (["a", "b"],), {}),
        ("set", ("a", 1), None),
        ("set_many", ({"a": 1},), []),
        ("add", ("a", 1), True),
        ("touch", ("a",), False),
        ("delete", ("a",), False),
        ("delete_many", (["a"],), None),
        ("has_key", ("a",), False),
        ("incr", ("a", 3), 3),
        ("clear", (), False),
    ],
)
def test_a_cache_that_is_away_is_empty(
    away: BaseCache,
    method: str,
    arguments: tuple[Any, ...],
    expected: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert getattr(away, method)(*arguments) == expected
    assert "The cache is away" in caplog.text


def test_a_cache_that_does_not_answer_is_given_up_soon(settings: Settings) -> None:
    options = settings.CACHES["default"]["OPTIONS"]
    assert 0 < options["socket_timeout"] <= 2
    assert 0 < options["socket_connect_timeout"] <= 2
