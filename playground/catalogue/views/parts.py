from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


def wants_part(request: HttpRequest) -> bool:
    """Whether the answer replaces a part of a page. Going back in the browser wants the whole page again."""
    htmx = HtmxDetails(request)
    return bool(htmx) and not htmx.history_restore_request
