"""How often one client may try something that can be guessed."""

from allauth.core import ratelimit
from allauth.core.internal.ratelimit import get_ip
from django.http import HttpRequest


def may_try(request: HttpRequest, *, action: str, key: str) -> bool:
    """Counts a try of this client on ``key``; False once it had too many (``ACCOUNT_RATE_LIMITS[action]``)."""
    return bool(ratelimit.consume(request, action=action, key=f"{key}|{get_ip(request)}"))
