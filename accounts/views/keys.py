"""The list of keys and what can be done to a stored one. Adding and testing are in ``candidates.py``."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, candidates, keys, reauth
from accounts.access import Ability
from accounts.forms import LendForm
from accounts.models import ApiKey, Membership
from accounts.shown import is_fragment, shown_key


def _load(request: HttpRequest, team: str, key_id: UUID) -> tuple[Membership, ApiKey]:
    membership = access.membership_or_404(request, team)
    visible = ApiKey.objects.visible_to(membership).select_related("owner", "team")
    return membership, get_object_or_404(visible, id=key_id)


def _load_managed(request: HttpRequest, team: str, key_id: UUID) -> tuple[Membership, ApiKey]:
    membership, key = _load(request, team, key_id)
    if not access.may_manage_key(membership, key):
        raise PermissionDenied
    return membership, key


@require_safe
def key_list(request: HttpRequest, team: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    rows = [shown_key(membership, key) for key in ApiKey.objects.visible_to(membership).for_list()]
    own = [row for row in rows if row.own]
    context = {
        "membership": membership,
        "own": own,
        "lent": [row for row in rows if not row.own and row.key.lent],
        "others": [row for row in rows if not row.own and not row.key.lent],
        "may_add": access.can(membership, Ability.RUN),
        "has_sandbox": bool(settings.SANDBOX_URL),
        "wants_sandbox_key": settings.SANDBOX_URL
        and not any(row.key.mode == "sandbox" and row.key.active for row in own),
    }
    return render(request, "accounts/key_list.html", context)


@require_POST
def key_make_sandbox(request: HttpRequest, team: str) -> HttpResponse:
    """Make a sandbox key; back to the page of this site that asked for it (``next``), else to the keys."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    try:
        key = keys.add_key(
            membership=membership, label="Sandbox", text=keys.make_sandbox_text(), request=request
        )
    except keys.NoSandbox as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{key} is ready. Its runs go to the stand-in and cost nothing.")
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("accounts:key_list", team)


@require_POST
def key_default(request: HttpRequest, team: str, key_id: UUID) -> HttpResponse:
    membership, key = _load_managed(request, team, key_id)
    try:
        keys.set_default(membership=membership, key=key, request=request)
    except keys.KeyStopped as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{key} is now your default for {key.get_mode_display().lower()} runs.")
    return redirect("accounts:key_list", team)


@require_POST
def key_lend(request: HttpRequest, team: str, key_id: UUID) -> HttpResponse:
    membership, key = _load_managed(request, team, key_id)
    form = LendForm(request.POST)
    lent = form.is_valid() and form.cleaned_data["lent"]
    try:
        keys.lend(membership=membership, key=key, lent=lent, request=request)
    except keys.KeyStopped as problem:
        messages.error(request, str(problem))
    else:
        told = "The team can now run with" if lent else "The team can no longer run with"
        messages.success(request, f"{told} {key}.")
    return redirect("accounts:key_list", team)


@require_http_methods(["GET", "POST"])
def key_revoke(request: HttpRequest, team: str, key_id: UUID) -> HttpResponse:
    membership, key = _load(request, team, key_id)
    if not access.may_stop_key(membership, key):
        raise PermissionDenied
    if response := reauth.ask(request):
        return response
    if request.method == "POST":
        keys.revoke_key(membership=membership, key=key, request=request)
        messages.success(request, f"{key} is revoked. No new run starts with it.")
        return redirect("accounts:key_list", team)
    return render(request, "accounts/key_revoke.html", {"membership": membership, "key": key})


@require_http_methods(["GET", "POST"])
def key_delete(request: HttpRequest, team: str, key_id: UUID) -> HttpResponse:
    membership, key = _load_managed(request, team, key_id)
    if response := reauth.ask(request):
        return response
    if request.method == "POST":
        keys.delete_key(membership=membership, key=key, request=request)
        messages.success(request, f"{key} is deleted. Its runs keep its name.")
        return redirect("accounts:key_list", team)
    return render(request, "accounts/key_delete.html", {"membership": membership, "key": key})


@require_http_methods(["GET", "POST"])
def key_balance(request: HttpRequest, team: str, key_id: UUID) -> HttpResponse:
    """POST asks the provider anew, GET shows what is known: the page asks until an answer is there."""
    membership, key = _load(request, team, key_id)
    if not access.may_see_balance(membership, key):
        raise PermissionDenied
    if request.method == "POST":
        candidates.ask_balance(key)
        if not is_fragment(request):
            return redirect("accounts:key_list", team)
    return render(
        request, "accounts/_key_balance.html", {"membership": membership, "row": shown_key(membership, key)}
    )
