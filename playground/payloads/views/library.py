"""The list of payloads, and the trash."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import Ability
from playground.payloads import library
from playground.payloads.forms import FilterForm
from playground.payloads.models import Payload
from playground.payloads.views import load


@require_safe
def payload_list(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = load.member(request, team)
    form = FilterForm(request.GET)
    chosen = form.filter()
    page = Paginator(library.find(membership, chosen), library.PAGE).get_page(form.page_number)
    choices = library.choices(membership)
    context = {
        **load.frame(membership, mode),
        "chosen": chosen,
        "cards": library.cards(membership, mode, list(page)),
        "count": page.paginator.count,
        "choices": [(name, label, choices[name], getattr(chosen, name)) for name, label in _FILTERS],
        "sees_links": membership.team.outside_links_since is not None
        and access.can(membership, Ability.MANAGE_PAYLOADS),
        "trashed": Payload.objects.visible_to(membership).trashed().count(),
        # What an export begins with.
        "kept": urlencode(load.asked(request, without=("page", "trash"))),
        "newer_url": _page(request, page.previous_page_number()) if page.has_previous() else "",
        "older_url": _page(request, page.next_page_number()) if page.has_next() else "",
    }
    return render(request, "payloads/payload_list.html", context)


_FILTERS = (
    ("folder", "All folders"),
    ("tag", "All tags"),
    ("endpoint", "All models"),
    ("owner", "Everybody’s"),
)


def _page(request: HttpRequest, number: int) -> str:
    kept = load.asked(request, without=("page",))
    return f"?{urlencode(kept | {'page': str(number)})}"
