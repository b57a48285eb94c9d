import asyncio
import zoneinfo
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.zone import TeamZoneMiddleware

KIRITIMATI = zoneinfo.ZoneInfo("Pacific/Kiritimati")


def test_the_zone_of_a_request_is_forgotten_after_it() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        timezone.activate(KIRITIMATI)
        return HttpResponse(timezone.get_current_timezone_name())

    response: Any = TeamZoneMiddleware(view)(HttpRequest())
    assert response.content == b"Pacific/Kiritimati"
    assert timezone.get_current_timezone_name() == "UTC"


def test_the_zone_of_an_async_request_is_forgotten_after_it() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        timezone.activate(KIRITIMATI)
        return HttpResponse(timezone.get_current_timezone_name())

    async def serve() -> tuple[bytes, str]:
        answer: Any = TeamZoneMiddleware(view)(HttpRequest())
        response = await answer
        return response.content, timezone.get_current_timezone_name()

    assert asyncio.run(serve()) == (b"Pacific/Kiritimati", "UTC")
