from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressPages(GZipMiddleware):
    """Compresses pages and fragments; streams, files and ranges go out as they are."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        compressible = response.headers.get("Content-Type", "").startswith(("text/html", "application/json"))
        if response.streaming or not compressible:
            return response
        return super().process_response(request, response)
