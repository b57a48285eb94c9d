"""Finding an endpoint: the browser, the playground's picker, the command menu; and the star on a row."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.catalogue.favourites import toggle_favourite
from playground.catalogue.forms import SearchForm
from playground.catalogue.models import Endpoint
from playground.catalogue.rows import Row, list_rows, option_rows
from playground.catalogue.views.parts import wants_part

COMMANDS = 8


def load(request: HttpRequest, team: str) -> Membership:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    return membership


@require_safe
@vary_on_headers("HX-Request")
def endpoint_list(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = load(request, team)
    text, category, start = SearchForm(request.GET).search()
    found = list_rows(membership, mode, text=text, category=category, start=start)
    context = {"membership": membership, "mode": mode, "q": text, "category": category, "found": found}
    if wants_part(request):
        name = "_endpoint_rows" if start else "_endpoint_table"
        return render(request, f"catalogue/{name}.html", context | {"part": True})
    context |= {
        "categories": Endpoint.objects.visible_to(membership).listed().categories(),
        "may_manage": access.can(membership, Ability.MANAGE_TEAM),
    }
    return render(request, "catalogue/endpoint_list.html", context)


@require_safe
def endpoint_search(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """A short list for the picker; as JSON, the matches of the command menu."""
    membership = load(request, team)
    text, _, _ = SearchForm(request.GET).search()
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        rows = option_rows(membership, mode, text=text, limit=COMMANDS) if text else []
        return JsonResponse({"results": [command(row) for row in rows]})
    rows = option_rows(membership, mode, text=text)
    return render(request, "catalogue/_endpoint_options.html", {"rows": rows, "q": text, "mode": mode})


def command(row: Row) -> dict[str, str]:
    parts = [row.endpoint.get_output_display(), row.price.text if row.price else ""]
    return {"label": row.endpoint.title, "url": row.url, "hint": " · ".join(part for part in parts if part)}


@require_POST
def favourite_toggle(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    membership = load(request, team)
    endpoint = get_object_or_404(Endpoint.objects.visible_to(membership), slug=slug)
    on = toggle_favourite(membership=membership, endpoint=endpoint)
    if not wants_part(request):
        return redirect(reverse("catalogue:endpoint_list", args=[team, mode]))
    return render(request, "catalogue/_favourite.html", {"on": on, "title": endpoint.title})
