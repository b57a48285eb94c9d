"""Freezing a person's spending, from the Budgets page and the member list."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts import access
from accounts.models import Membership
from playground.ledger import freezes
from playground.ledger.budget_forms import FreezeForm
from playground.ledger.freezes import FreezeProblem
from playground.workbench.freezing import freeze_member


@require_POST
def member_freeze(request: HttpRequest, team: str, mode: str, member: UUID) -> HttpResponse:
    """Stop what this person spends in this mode, with a reason that they read."""
    actor, target = _people(request, team, member)
    form = FreezeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why: the person reads it.")
        return _back(request, team, mode)
    try:
        cancelled = freeze_member(
            actor=actor, target=target, mode=mode, reason=form.cleaned_data["reason"], request=request
        )
    except FreezeProblem as problem:
        messages.error(request, str(problem))
    else:
        unsent = f" {cancelled} unsent runs were cancelled." if cancelled else ""
        messages.success(request, f"{target.user.label} spends nothing more in {mode}.{unsent}")
    return _back(request, team, mode)


@require_POST
def member_lift(request: HttpRequest, team: str, mode: str, member: UUID) -> HttpResponse:
    actor, target = _people(request, team, member)
    if freezes.lift(membership=actor, target=target, mode=mode, request=request):
        messages.success(request, f"{target.user.label} may spend again in {mode}.")
    return _back(request, team, mode)


def _people(request: HttpRequest, team: str, member: UUID) -> tuple[Membership, Membership]:
    actor = access.membership_or_404(request, team)
    target = get_object_or_404(
        Membership.objects.select_related("user", "team"), id=member, team=actor.team_id
    )
    if not freezes.may_freeze(actor, target):
        raise PermissionDenied
    return actor, target


def _back(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    place = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(place, allowed_hosts=None):
        return redirect(place)
    return redirect("ledger:budget_list", team, mode)
