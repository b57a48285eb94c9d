"""Which of Segmind's models a team does not offer, for its admins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.catalogue.forms import SearchForm
from playground.catalogue.hidden import hide_endpoint, show_endpoint
from playground.catalogue.models import Endpoint, HiddenEndpoint
from playground.catalogue.views.parts import wants_part

MATCHES = 30


def load(request: HttpRequest, team: str) -> Membership:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_TEAM)
    return membership


@require_safe
@vary_on_headers("HX-Request")
def hidden_endpoint_list(request: HttpRequest, team: str) -> HttpResponse:
    membership = load(request, team)
    text, _, _ = SearchForm(request.GET).search()
    offered = Endpoint.objects.visible_to(membership).listed().bundled().search(text)
    context = {
        "membership": membership,
        "q": text,
        "matches": offered[:MATCHES] if text.strip() else [],
        "total": offered.count() if text.strip() else 0,
    }
    if wants_part(request):
        return render(request, "catalogue/_hidden_matches.html", context)
    hidden = HiddenEndpoint.objects.filter(team=membership.team).select_related("endpoint")
    context["hidden"] = [row.endpoint for row in hidden.order_by("endpoint__title", "endpoint__slug")]
    return render(request, "catalogue/hidden_endpoint_list.html", context)


@require_POST
def endpoint_hide(request: HttpRequest, team: str, slug: str) -> HttpResponse:
    membership = load(request, team)
    endpoint = get_object_or_404(Endpoint.objects.bundled(), slug=slug)
    hide_endpoint(membership=membership, endpoint=endpoint, request=request)
    messages.success(request, f"{endpoint} is hidden from the team.")
    return back(request, team)


@require_POST
def endpoint_show(request: HttpRequest, team: str, slug: str) -> HttpResponse:
    membership = load(request, team)
    endpoint = get_object_or_404(Endpoint.objects.bundled(), slug=slug)
    show_endpoint(membership=membership, endpoint=endpoint, request=request)
    messages.success(request, f"{endpoint} is offered again.")
    return back(request, team)


def back(request: HttpRequest, team: str) -> HttpResponse:
    """To the list, with the search that led here, so that several can be hidden in a row."""
    text = request.POST.get("q", "")
    url = reverse("catalogue:hidden_endpoint_list", args=[team])
    return redirect(f"{url}?{urlencode({'q': text})}" if text else url)
