"""The two providers a run may go to, from the settings."""

from django.conf import settings

from playground.segmind.client import Addresses


def live_addresses() -> Addresses:
    return Addresses(
        api=settings.SEGMIND_BASE_URL,
        storage=settings.SEGMIND_STORAGE_URL,
        history=settings.SEGMIND_HISTORY_URL,
        result_hosts=tuple(settings.SEGMIND_RESULT_HOSTS),
    )


def sandbox_addresses() -> Addresses | None:
    """The stand-in's addresses: all its surfaces share one base. None when there is no sandbox."""
    base = settings.SANDBOX_URL
    return Addresses(api=base, storage=base, history=base, sandbox=True) if base else None
