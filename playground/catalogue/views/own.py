"""A team's own endpoints, for its admins."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.catalogue.forms import OwnEndpointForm
from playground.catalogue.models import Endpoint
from playground.catalogue.own import (
    OwnEndpointProblem,
    add_own_endpoint,
    change_own_endpoint,
    delete_own_endpoint,
)


def load(request: HttpRequest, team: str) -> Membership:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_TEAM)
    return membership


@require_safe
def own_endpoint_list(request: HttpRequest, team: str) -> HttpResponse:
    membership = load(request, team)
    own = Endpoint.objects.own(membership.team).search("")
    bundled = set(
        Endpoint.objects.bundled().filter(slug__in=[one.slug for one in own]).values_list("slug", flat=True)
    )
    context = {"membership": membership, "rows": [(one, one.slug in bundled) for one in own]}
    return render(request, "catalogue/own_endpoint_list.html", context)


@require_http_methods(["GET", "POST"])
def own_endpoint_add(request: HttpRequest, team: str) -> HttpResponse:
    membership = load(request, team)
    form = OwnEndpointForm(request.POST or None)
    if form.is_valid():
        try:
            endpoint = add_own_endpoint(membership=membership, values=form.values(), request=request)
        except OwnEndpointProblem as problem:
            form.add_error(problem.field, str(problem))
        else:
            messages.success(request, f"{endpoint} is in your team's list.")
            return redirect("catalogue:own_endpoint_list", team)
    return form_page(request, "own_endpoint_add", {"membership": membership, "form": form})


@require_http_methods(["GET", "POST"])
def own_endpoint_change(request: HttpRequest, team: str, slug: str) -> HttpResponse:
    membership = load(request, team)
    endpoint = get_object_or_404(Endpoint.objects.own(membership.team), slug=slug)
    form = OwnEndpointForm.of(endpoint, request.POST or None)
    if form.is_valid():
        try:
            change_own_endpoint(
                membership=membership, endpoint=endpoint, values=form.values(), request=request
            )
        except OwnEndpointProblem as problem:
            form.add_error(problem.field, str(problem))
        else:
            messages.success(request, "The endpoint is saved.")
            return redirect("catalogue:own_endpoint_list", team)
    context = {"membership": membership, "form": form, "endpoint": endpoint}
    return form_page(request, "own_endpoint_change", context)


def form_page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    status = 422 if context["form"].errors else 200
    return render(request, f"catalogue/{name}.html", context, status=status)


@require_POST
def own_endpoint_delete(request: HttpRequest, team: str, slug: str) -> HttpResponse:
    membership = load(request, team)
    endpoint = get_object_or_404(Endpoint.objects.own(membership.team), slug=slug)
    delete_own_endpoint(membership=membership, endpoint=endpoint, request=request)
    messages.success(request, f"{endpoint} is deleted. Its runs stay in the history.")
    return redirect("catalogue:own_endpoint_list", team)
