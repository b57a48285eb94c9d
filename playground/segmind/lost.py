"""Calls without an answer: what was proven about them before the original exception was thrown away.

The original exceptions never leave the client: aiohttp's keep the request headers, and with them the key.
"""

from collections.abc import Iterator

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

# Both mean that no connection came up, so not one byte of the request left. ClientConnectorError covers its
# subclasses for DNS, TLS and certificates, which all fail before HTTP starts. Its own bases (ClientOSError,
# ServerTimeoutError) prove nothing: a reset on a connection that carried the POST arrives as those.
_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ConnectionTimeoutError, "connect_timeout"),
    (aiohttp.ClientConnectorDNSError, "dns_failed"),
    (aiohttp.ClientSSLError, "tls_failed"),
    (aiohttp.ClientConnectorError, "connect_failed"),
    (aiohttp.ServerTimeoutError, "read_timeout"),
    (aiohttp.ServerDisconnectedError, "connection_lost"),
    (aiohttp.ClientConnectionError, "connection_lost"),
    (aiohttp.ClientPayloadError, "connection_lost"),
    (aiohttp.ClientResponseError, "garbage_answer"),
    (HttpProcessingError, "garbage_answer"),
    (TimeoutError, "read_timeout"),
    (ConnectionError, "connection_lost"),
)


class NotSent(Exception):
    """Raised before anything was sent. `reason` is a short code (see errors.REASONS), str() is fit for
    the user.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class CallLost(Exception):
    """A call that brought no status line.

    `not_sent` is True only where a connection provably never came up; `reason` is a short code; `trail` names
    the exception classes for a log. Carries no original exception and no text from the wire.
    """

    def __init__(self, reason: str, *, not_sent: bool, trail: str = "") -> None:
        super().__init__(f"The call brought no answer ({reason}).")
        self.reason = reason
        self.not_sent = not_sent
        self.trail = trail


def causes(exc: BaseException) -> Iterator[BaseException]:
    """The exception and its `__cause__` chain, nearest first, each once."""
    seen: set[int] = set()
    current: BaseException | None = exc
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__


def nothing_left(exc: BaseException) -> bool:
    """True only if the chain proves that no byte of the request left this machine."""
    if isinstance(exc, NotSent):
        return True
    if isinstance(exc, CallLost):
        return exc.not_sent
    return any(isinstance(one, _NEVER_CONNECTED) for one in causes(exc))


def reason_of(exc: BaseException) -> str:
    """A short code for a transport failure, from the aiohttp classes in the chain."""
    if isinstance(exc, NotSent | CallLost):
        return exc.reason
    chain = list(causes(exc))
    for kind, reason in _REASONS:
        if any(isinstance(one, kind) for one in chain):
            return reason
    return "odd_failure"


def lost(exc: BaseException) -> CallLost:
    """What `exc` proves, without `exc` itself. Raise it outside the except block, so that no context
    stays on it.
    """
    trail = " <- ".join(type(one).__name__ for one in causes(exc))
    return CallLost(reason_of(exc), not_sent=nothing_left(exc), trail=trail)
