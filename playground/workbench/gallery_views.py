"""The gallery and its zip."""

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import download
from playground.runs import bundle
from playground.runs.models import RunQuerySet
from playground.workbench import gallery as galleries


def _select(
    request: HttpRequest, team: str, mode: str
) -> tuple[Membership, galleries.GalleryForm, galleries.Filter, RunQuerySet]:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_CONTENT)
    form = galleries.GalleryForm(request.GET, membership=membership, mode=mode)
    chosen = form.selected()
    return membership, form, chosen, galleries.select(membership, mode, chosen)


@require_GET
@never_cache
def gallery(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """``?before=`` is the run after which the page begins."""
    membership, form, chosen, runs = _select(request, team, mode)
    query = request.GET.copy()
    query.pop("before", None)
    try:
        before = uuid.UUID(request.GET.get("before", ""))
    except ValueError:
        before = None
    shown = galleries.page(runs, chosen, before=before)
    joint = f"?{query.urlencode()}&" if query else "?"
    context = {
        "membership": membership,
        "team": membership.team,
        "mode": mode,
        "form": form,
        "page": shown,
        "query": query.urlencode(),
        "is_filtered": chosen != galleries.Filter(),
        "first_url": f"?{query.urlencode()}",
        "older_url": f"{joint}before={shown.older}" if shown.older else "",
        "most": galleries.MOST_IN_ZIP,
    }
    return render(request, "workbench/gallery.html", context)


@require_GET
def gallery_zip(request: HttpRequest, team: str, mode: str) -> HttpResponseBase:
    """Every output that the filter selects, of the newest thousand runs, with a manifest."""
    membership, _, _, runs = _select(request, team, mode)
    selected = {name: value for name, value in request.GET.items() if value and name != "before"}
    note = f"The newest {galleries.MOST_IN_ZIP} runs at most."
    manifest = bundle.Manifest(membership, mode, selected=selected, note=note)
    name = f"{membership.team.slug}-{mode}-outputs-{timezone.now():%Y%m%d-%H%M%S}.zip"
    return download.plain(
        bundle.pieces(galleries.for_zip(runs), manifest), name=name, media_type="application/zip"
    )
