"""The Budgets page, and making, changing and ending them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import budgets
from playground.ledger.board import board
from playground.ledger.budget_forms import BudgetForm
from playground.ledger.budgets import BudgetProblem
from playground.ledger.models import Budget


@require_safe
def budget_list(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """Where every budget stands that this person may see, and what waits for an answer."""
    membership = access.membership_or_404(request, team)
    return render(request, "ledger/budget_list.html", board(membership, mode))


@require_http_methods(["GET", "POST"])
def budget_create(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = _manager(request, team)
    form = BudgetForm(request.POST or None, membership=membership)
    if form.is_valid():
        try:
            budget = budgets.make(membership=membership, mode=mode, terms=form.terms(), request=request)
        except BudgetProblem as problem:
            form.add_error(problem.field or None, str(problem))
        else:
            messages.success(request, f"“{budget.name}” holds from now on.")
            return redirect("ledger:budget_list", team, mode)
    return _form_page(request, "budget_create", membership, mode, form)


@require_http_methods(["GET", "POST"])
def budget_change(request: HttpRequest, team: str, mode: str, budget: UUID) -> HttpResponse:
    membership = _manager(request, team)
    found = _in_force(membership, mode, budget)
    form = BudgetForm(request.POST or None, membership=membership, budget=found)
    if form.is_valid():
        try:
            changed = budgets.change(
                membership=membership,
                budget=found,
                terms=form.terms(),
                reason=form.cleaned_data["reason"],
                request=request,
            )
        except BudgetProblem as problem:
            form.add_error(problem.field or None, str(problem))
        else:
            messages.success(request, f"“{changed.name}” is saved.")
            return redirect("ledger:budget_list", team, mode)
    return _form_page(request, "budget_change", membership, mode, form, budget=found)


@require_POST
def budget_end(request: HttpRequest, team: str, mode: str, budget: UUID) -> HttpResponse:
    membership = _manager(request, team)
    found = _in_force(membership, mode, budget)
    try:
        budgets.end(membership=membership, budget=found, request=request)
    except BudgetProblem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"“{found.name}” is ended. It stops nobody any more.")
    return redirect("ledger:budget_list", team, mode)


def _manager(request: HttpRequest, team: str) -> Membership:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_BUDGETS)
    return membership


def _in_force(membership: Membership, mode: str, budget: UUID) -> Budget:
    rows = Budget.objects.select_related("person")
    return get_object_or_404(rows, id=budget, team=membership.team_id, mode=mode, ended_at=None)


def _form_page(
    request: HttpRequest, name: str, membership: Membership, mode: str, form: BudgetForm, **more: Any
) -> HttpResponse:
    context = {"membership": membership, "team": membership.team, "mode": mode, "form": form, **more}
    return render(request, f"ledger/{name}.html", context, status=422 if form.errors else 200)
