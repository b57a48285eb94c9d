"""Asking for the password again before an act that can't be undone."""

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse


@reauthentication_required  # type: ignore[untyped-decorator]
def _proof(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def ask(request: HttpRequest, *, back: str = "") -> HttpResponseRedirect | None:
    """The way to the password (or passkey, or code) page, or None when it was given within the last minutes.

    Unlike allauth's decorator this never keeps a posted form in the session: it may hold a provider key. The
    person comes back to the same page, or to ``back``, with an empty form. Who signs in only elsewhere (OIDC)
    is not asked.
    """
    try:
        _proof(request)
    except ReauthenticationRequired:
        methods = get_adapter().get_reauthentication_methods(request.user)
        url = methods[0]["url"] if methods else reverse("account_login")
        return HttpResponseRedirect(f"{url}?{urlencode({'next': back or request.path})}")
    return None
