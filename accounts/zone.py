"""Every page about a team shows its times in the team's zone."""

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


@sync_and_async_middleware
def TeamZoneMiddleware(get_response: Callable[[HttpRequest], Answer]) -> Callable[[HttpRequest], Answer]:  # noqa: N802
    """Forgets, after the request, the zone ``access.membership_or_404`` chose: the thread serves others."""
    if iscoroutinefunction(get_response):

        async def serve_async(request: HttpRequest) -> HttpResponseBase:
            with timezone.override(None):
                return cast("HttpResponseBase", await get_response(request))

        return serve_async

    def serve(request: HttpRequest) -> Answer:
        with timezone.override(None):
            return get_response(request)

    return serve
