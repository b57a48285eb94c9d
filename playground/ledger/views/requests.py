"""Asking for more than a budget allows, and the answers."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import requests, scopes
from playground.ledger.board import board
from playground.ledger.budget_forms import ApproveForm, DeclineForm, RequestForm
from playground.ledger.days import day_of
from playground.ledger.models import Budget, BudgetRequest
from playground.ledger.requests import RequestProblem


@require_http_methods(["GET", "POST"])
def request_make(request: HttpRequest, team: str, mode: str, budget: UUID) -> HttpResponse:
    """Ask owners and admins for more, beside Run (a fragment) or on a page of its own."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    found = get_object_or_404(
        Budget.objects.select_related("person"), id=budget, team=membership.team_id, mode=mode
    )
    if not scopes.is_about(found, membership):
        raise Http404
    form = RequestForm(request.POST or None, budget=found, auto_id="ask_%s")
    context = {
        "membership": membership,
        "team": membership.team,
        "mode": mode,
        "budget": found,
        "form": form,
        "ask_url": request.path,
    }
    fragment = bool(request.htmx)  # type: ignore[attr-defined]
    if form.is_valid():
        try:
            requests.ask(
                membership=membership,
                budget=found,
                usd=form.usd_value,
                runs=form.runs_value,
                reason=form.cleaned_data["reason"],
                request=request,
            )
        except RequestProblem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            if fragment:
                return render(request, "ledger/_request_made.html", context)
            messages.success(request, "You have asked for more. The answer appears here and comes by mail.")
            return redirect("ledger:budget_list", team, mode)
    if fragment:
        # With 200, because nothing but a success is swapped in.
        return render(request, "ledger/_request_form.html", context)
    return render(request, "ledger/request_make.html", context, status=422 if form.errors else 200)


@require_POST
def request_approve(request: HttpRequest, team: str, mode: str, asked: UUID) -> HttpResponse:
    membership, row = _asked(request, team, mode, asked)
    form = ApproveForm(request.POST, asked=row, today=day_of(membership.team, timezone.now()))
    if form.is_valid():
        try:
            requests.approve(
                membership=membership,
                asked=row,
                usd=form.usd_value,
                runs=form.runs_value,
                last_day=form.cleaned_data["until"],
                request=request,
            )
        except RequestProblem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            given = requests.more(form.usd_value, form.runs_value)
            messages.success(request, f"{row.asked_by_label} has {given} more until then.")
            return redirect("ledger:budget_list", team, mode)
    return _again(request, membership, mode, row, form)


@require_POST
def request_decline(request: HttpRequest, team: str, mode: str, asked: UUID) -> HttpResponse:
    membership, row = _asked(request, team, mode, asked)
    form = DeclineForm(request.POST, asked=row)
    if form.is_valid():
        try:
            requests.decline(
                membership=membership, asked=row, answer=form.cleaned_data["answer"], request=request
            )
        except RequestProblem as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, f"{row.asked_by_label} is told why.")
            return redirect("ledger:budget_list", team, mode)
    return _again(request, membership, mode, row, form)


@require_POST
def request_end(request: HttpRequest, team: str, mode: str, asked: UUID) -> HttpResponse:
    """A raise in force ends now."""
    membership, row = _asked(request, team, mode, asked)
    try:
        requests.end_raise(membership=membership, asked=row, request=request)
    except RequestProblem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"What {row.asked_by_label} was given is taken back.")
    return redirect("ledger:budget_list", team, mode)


def _asked(request: HttpRequest, team: str, mode: str, asked: UUID) -> tuple[Membership, BudgetRequest]:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_BUDGETS)
    rows = BudgetRequest.objects.select_related("budget__person")
    return membership, get_object_or_404(rows, id=asked, budget__team=membership.team_id, budget__mode=mode)


def _again(
    request: HttpRequest,
    membership: Membership,
    mode: str,
    row: BudgetRequest,
    form: ApproveForm | DeclineForm,
) -> HttpResponse:
    """The page with what was typed. A request that was answered meanwhile has no form there any more."""
    if row.state != BudgetRequest.State.OPEN:
        messages.error(request, f"{row.decided_by_label} has answered this request already.")
        return redirect("ledger:budget_list", membership.team.slug, mode)
    return render(
        request, "ledger/budget_list.html", board(membership, mode, forms={row.id: form}), status=422
    )
