"""A pasted cURL command or Python program: what was taken from it, and the playground opened with that."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import candidates
from accounts.candidates import Candidate
from accounts.keys import KeyProblem
from accounts.models import Membership
from playground.catalogue.models import Endpoint
from playground.catalogue.recents import touch_recent
from playground.payloads.curl import begins_like_curl, read_curl
from playground.payloads.pasted import MAX_BYTES, Pasted, PasteProblem, provider_hosts, without_keys
from playground.payloads.snippets import looks_like_python, read_snippet
from playground.workbench import page
from playground.workbench.forms import BroughtForm, PastedForm
from playground.workbench.views import desk_context, member_at_work

TOO_LARGE = "This is larger than 1 MB, so it was not read."
KEY_LABEL = "From a pasted command"
NEITHER = "This is neither a cURL command nor a Python program that uses requests, httpx or segmind."


@never_cache
@sensitive_post_parameters("command")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def pasted(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """The form to paste into, and what was taken. A key that was in it is in no answer."""
    membership = member_at_work(request, team)
    context: dict[str, Any] = {"team": membership.team, "mode": mode}
    if request.method != "POST":
        return render(request, "workbench/pasted.html", context)
    status = 200
    try:
        found = _read(request)
        context |= {
            "found": found,
            "endpoint": _known(membership, found),
            "key": _set_aside(membership, found.key),
        }
    except PasteProblem as problem:
        found, status = None, 422
        context["problem"] = without_keys(str(problem))
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "workbench/_pasted.html", context, status=status)
    context["command"] = without_keys(request.POST.get("command", ""), found.key if found else "")
    return render(request, "workbench/pasted.html", context, status=status)


def _read(request: HttpRequest) -> Pasted:
    form = PastedForm(request.POST)
    if not form.is_valid():
        raise PasteProblem(str(form.errors["command"][0]))
    text: str = form.cleaned_data["command"]
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise PasteProblem(TOO_LARGE)
    if begins_like_curl(text):
        return read_curl(text, provider_hosts())
    if looks_like_python(text):
        return read_snippet(text, provider_hosts())
    raise PasteProblem(NEITHER)


def _set_aside(membership: Membership, key: str) -> Candidate | None:
    """The key of a command, ready to be tested and saved; None where there is none that could be."""
    try:
        return candidates.set_aside(membership=membership, label=KEY_LABEL, text=key) if key else None
    except KeyProblem:
        return None


def _known(membership: Membership, found: Pasted) -> Endpoint | None:
    return Endpoint.objects.visible_to(membership).filter(slug=found.endpoint).order_by("team").first()


@require_http_methods(["GET", "HEAD", "POST"])
def pasted_use(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    """The playground with the taken text over the person's draft, which stays until they change or run it."""
    membership = member_at_work(request, team)
    endpoint = page.visible_endpoint(membership, slug)
    form = BroughtForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        # Where signing in again leads, or a text that is no longer there.
        return redirect("workbench:playground_endpoint", team, mode, endpoint.slug)
    brought = page.Brought(text=form.cleaned_data["body"], version=form.cleaned_data["version"])
    desk = page.set_up(membership=membership, mode=mode, slug=slug, brought=brought)
    touch_recent(membership=membership, endpoint=desk.endpoint)
    return render(request, "workbench/playground_endpoint.html", desk_context(desk))
