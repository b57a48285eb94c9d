"""The two providers a run may go to, from the settings."""

import functools

from django.conf import settings

from playground.segmind.client import Addresses

# Asked for with every answer, and checked when they are made.
_made = functools.lru_cache(maxsize=8)(Addresses)


def live_addresses() -> Addresses:
    return _made(
        api=settings.SEGMIND_BASE_URL,
        storage=settings.SEGMIND_STORAGE_URL,
        history=settings.SEGMIND_HISTORY_URL,
        result_hosts=tuple(settings.SEGMIND_RESULT_HOSTS),
    )


def sandbox_addresses() -> Addresses | None:
    """The stand-in's addresses: all its surfaces share one base. None when there is no sandbox."""
    base = settings.SANDBOX_URL
    return _made(api=base, storage=base, history=base, sandbox=True) if base else None
