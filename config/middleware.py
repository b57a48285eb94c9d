from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.decorators import sync_and_async_middleware

Answer = HttpResponseBase | Awaitable[HttpResponseBase]
GetResponse = Callable[[HttpRequest], Answer]


@sync_and_async_middleware
def refuse_odd_paths(get_response: GetResponse) -> GetResponse:
    """400 for an address with a NUL in it: PostgreSQL takes none, so every lookup would end in an error page."""

    def refusal(request: HttpRequest) -> HttpResponseBase | None:
        return HttpResponseBadRequest() if "\x00" in request.path_info else None

    if iscoroutinefunction(get_response):

        async def serve_async(request: HttpRequest) -> HttpResponseBase:
            return refusal(request) or await cast("Awaitable[HttpResponseBase]", get_response(request))

        return serve_async

    def serve(request: HttpRequest) -> Answer:
        return refusal(request) or get_response(request)

    return serve


@sync_and_async_middleware
def keep_private(get_response: GetResponse) -> GetResponse:
    """Nothing keeps a copy of a page that does not allow it: no proxy, and no Back button after signing out."""

    def marked(response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    if iscoroutinefunction(get_response):

        async def serve_async(request: HttpRequest) -> HttpResponseBase:
            return marked(await cast("Awaitable[HttpResponseBase]", get_response(request)))

        return serve_async

    def serve(request: HttpRequest) -> Answer:
        return marked(cast("HttpResponseBase", get_response(request)))

    return serve


class CompressPages(GZipMiddleware):
    """Compresses pages and fragments; streams, files and ranges go out as they are."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        compressible = response.headers.get("Content-Type", "").startswith(("text/html", "application/json"))
        if response.streaming or not compressible:
            return response
        return super().process_response(request, response)
