"""What people outside see. No account, no session, no names of this house; nothing is kept by anybody."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.tries import may_try
from playground.payloads import opening_outside, outside
from playground.payloads.models import OutsideLink
from playground.payloads.opening_outside import UNLOCKED_FOR, TooManyTries
from playground.payloads.variables import from_data
from playground.runs import media, prose

COOKIE = "atelier_link"


def _apart(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Found by nobody, kept by nobody, and told to nobody where a click leads."""

    @wraps(view)
    def apart(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = render(request, "payloads/outside_closed.html", status=404)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "private, no-store"
        return response

    return apart


# Without a referrer a browser says that a form comes from nowhere, which the check against forged posts refuses. A
# forged post gains nothing here: it would have to know the password, and opens a page that only its reader sees.
@csrf_exempt
@login_not_required
@_apart
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def outside_show(request: HttpRequest, link_token: str) -> HttpResponseBase:
    link = _link_or_404(link_token)
    if request.method == "POST" and link.password:
        return _unlock(request, link, link_token)
    if not _is_open(request, link):
        return render(request, "payloads/outside_locked.html")
    if request.method == "GET":
        opening_outside.count(link=link, person=request.user if isinstance(request.user, User) else None)
    context = {
        "sheet": link,
        "endpoint": link.payload.endpoint,
        "variables": from_data(link.variables),
        "notes": prose.to_html(link.notes) if link.notes else "",
        "results": [
            {
                "position": result.position,
                "url": reverse("payloads:outside_file", args=[link_token, result.position]),
                "file": result.output.file,
            }
            for result in outside.results_of(link)
        ],
    }
    return render(request, "payloads/outside_show.html", context)


@login_not_required
@_apart
@require_safe
def outside_file(request: HttpRequest, link_token: str, position: int) -> HttpResponseBase:
    """A result of a link by its place. Nothing in the answer names the file or its run."""
    link = _link_or_404(link_token)
    if not _is_open(request, link):
        raise Http404
    found = next((one.output.file for one in outside.results_of(link) if one.position == position), None)
    if found is None:
        raise Http404
    response = media.serve(request, found)
    kind = "inline" if response["Content-Type"] in media.INLINE else "attachment"
    response["Content-Disposition"] = (
        f'{kind}; filename="result-{position}{media.suffix_of(found.media_type)}"'
    )
    del response["ETag"]
    return response


def _unlock(request: HttpRequest, link: OutsideLink, token: str) -> HttpResponse:
    problem, status = "This is not the password.", 422
    try:
        if not may_try(request, action="link_password", key=str(link.id)):
            raise TooManyTries
        if opening_outside.try_password(link=link, password=request.POST.get("password", "")):
            address = reverse("payloads:outside_show", args=[token])
            response = redirect(address)
            response.set_cookie(
                COOKIE,
                opening_outside.proof_of(link),
                max_age=int(UNLOCKED_FOR.total_seconds()),
                path=address,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
            return response
    except TooManyTries:
        problem, status = "Too many tries. Wait a few minutes, then try again.", 429
    return render(request, "payloads/outside_locked.html", {"problem": problem}, status=status)


def _link_or_404(token: str) -> OutsideLink:
    link = opening_outside.find(token)
    if link is None:
        raise Http404
    return link


def _is_open(request: HttpRequest, link: OutsideLink) -> bool:
    return opening_outside.is_proved(link, request.COOKIES.get(COOKIE, ""))
