"""Reconcile: do our books agree with the provider's, account by account and day by day."""

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access, candidates
from accounts.access import Ability
from accounts.forms import DayField
from accounts.models import Membership
from accounts.shown import is_fragment
from playground.ledger import balances, reconcile_page, sharing
from playground.ledger import reconcile as reconciling
from playground.ledger.models import SharedBalance
from playground.ledger.reconcile_forms import PairForm, StepNameForm


def _enter(request: HttpRequest, team: str, *, write: bool = False) -> Membership:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RECONCILE if write else Ability.SEE_BOOKS)
    return membership


def _account(membership: Membership, mode: str, key: uuid.UUID) -> reconciling.Account:
    found = reconciling.account_of(membership.team, mode, key)
    if found is None:
        raise Http404
    return found


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
        DayField().run_validators(day)
    except (ValueError, ValidationError):
        raise Http404 from None
    return day


@require_GET
@never_cache
def reconcile(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """Every account of the team; the fragment alone while a check is on its way."""
    membership = _enter(request, team)
    context = reconcile_page.overview(membership, mode, just_asked="asked" in request.GET)
    template = "ledger/_reconcile.html" if is_fragment(request) else "ledger/reconcile.html"
    return render(request, template, context)


@require_POST
def reconcile_check(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """Have the balances asked for now. The page shows them when they are there."""
    membership = _enter(request, team, write=True)
    for key in reconcile_page.keys_to_ask(membership.team, mode):
        candidates.ask_balance(key, task=balances.CHECK_TASK)
    if is_fragment(request):
        context = reconcile_page.overview(membership, mode, just_asked=True)
        return render(request, "ledger/_reconcile.html", context)
    return redirect("ledger:reconcile", team, mode)


@require_GET
@never_cache
def reconcile_account(request: HttpRequest, team: str, mode: str, key: uuid.UUID) -> HttpResponse:
    """One account's days, further back than the first page."""
    membership = _enter(request, team)
    last = _day(request.GET["until"]) if request.GET.get("until") else None
    card = reconcile_page.card(membership, _account(membership, mode, key), last=last)
    context = {**reconcile_page.frame(membership, mode), "card": card}
    return render(request, "ledger/reconcile_account.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def reconcile_day(request: HttpRequest, team: str, mode: str, key: uuid.UUID, day: str) -> HttpResponse:
    """One day of an account step by step; POST gives a step a name."""
    membership = _enter(request, team, write=request.method == "POST")
    account, chosen = _account(membership, mode, key), _day(day)
    form = StepNameForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            reconciling.name_step(
                membership=membership, account=account, request=request, **form.cleaned_data
            )
        except reconciling.NoSuchStep as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, "Noted. The day says who, when and why.")
            return redirect("ledger:reconcile_day", team, mode, key, day)
    context: dict[str, Any] = reconcile_page.day(membership, account, chosen, form)
    return render(request, "ledger/reconcile_day.html", context, status=422 if form.errors else 200)


@require_POST
def reconcile_pair(request: HttpRequest, team: str, mode: str, pair: uuid.UUID) -> HttpResponse:
    """A person says whether two keys share an account."""
    membership = _enter(request, team, write=True)
    pairs = {one.pair.id: one.pair for one in sharing.pairs_of(membership, mode)}
    found = pairs.get(pair) or get_object_or_404(SharedBalance.objects.none())
    form = PairForm(request.POST)
    if form.is_valid():
        together = form.cleaned_data["together"]
        sharing.judge_pair(membership=membership, pair=found, together=together, request=request)
        reconciling.refresh_states([found.first_id, found.second_id])
        messages.success(request, "These keys count as one account." if together else "They stay apart.")
    else:
        messages.error(request, "Nothing was changed. Press one of the two buttons.")
    return redirect("ledger:reconcile", team, mode)
