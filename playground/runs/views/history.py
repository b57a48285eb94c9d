"""The history: the list, its rows, its chart, its exports."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import download, manifest
from playground.runs import chart, exports, history, periods
from playground.runs.forms import HistoryFilterForm
from playground.runs.looks import note_export
from playground.runs.models import Run

_FORMATS = {
    "csv": (exports.csv_pieces, "text/csv; charset=utf-8"),
    "jsonl": (exports.jsonl_pieces, "application/x-ndjson; charset=utf-8"),
}


def _filter(
    request: HttpRequest, team: str, mode: str
) -> tuple[Membership, HistoryFilterForm, history.Filter]:
    membership = access.membership_or_404(request, team)
    form = HistoryFilterForm(request.GET, membership=membership, mode=mode)
    return membership, form, form.selected()


def _cursor(request: HttpRequest, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None


@require_GET
@never_cache
def history_list(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership, form, chosen = _filter(request, team, mode)
    page = history.page(
        history.select(membership, mode, chosen),
        before=_cursor(request, "before"),
        after=_cursor(request, "after"),
    )
    context: dict[str, Any] = {
        **history.frame(membership, mode),
        "form": form,
        "main_fields": [form[name] for name in ("person", "endpoint", "billing", "key")],
        "more_fields": [form[name] for name in ("state", "status", "source", "tag", "since", "until")],
        "chosen": chosen,
        "rows": history.rows(membership, page.runs),
        "follows": page.is_first and not chosen.words and chosen.end is None,
        **periods.links(request.GET, form, page, team=membership.team),
    }
    if request.headers.get("HX-Request"):
        return render(request, "runs/_rows.html", context)
    return render(request, "runs/history_list.html", context)


@require_GET
@never_cache
def history_chart(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """The chart of the filtered period; a fragment, so that the list never waits for it."""
    membership, _, chosen = _filter(request, team, mode)
    if chosen.is_whole and access.sees_all_runs(membership):
        built = chart.build_whole(membership.team, mode, start=chosen.start, end=chosen.end)
    else:
        runs = history.select(membership, mode, chosen)
        built = chart.build(runs, start=chosen.start, end=chosen.end, zone=membership.team.zone)
    context = {
        **history.frame(membership, mode),
        "chart": built,
        "chosen": chosen,
        "needs_url": periods.needs_url(request.GET),
    }
    return render(
        request,
        "runs/_chart.html" if request.headers.get("HX-Request") else "runs/history_chart.html",
        context,
    )


@require_GET
def export(request: HttpRequest, team: str, mode: str, form: str) -> HttpResponseBase:
    """Everything the filter selects as `csv` or `jsonl`, streamed; `csv.zip` and `jsonl.zip` bring a manifest."""
    membership, _, chosen = _filter(request, team, mode)
    suffix, dot, packed = form.partition(".")
    if suffix not in _FORMATS or (dot and packed != "zip"):
        raise Http404
    pieces, media_type = _FORMATS[suffix]
    note_export(request, membership, mode, chosen)
    tally = exports.Tally()
    made = pieces(
        history.select(membership, mode, chosen).select_related("api_key"),
        with_words=access.can(membership, Ability.SEE_CONTENT),
        hides=lambda run: _hides_balance(membership, run),
        tally=tally,
    )
    name = f"{membership.team.slug}-{mode}-{timezone.now():%Y%m%d-%H%M%S}"
    if packed:
        selected = {key: value for key, value in request.GET.items() if value}
        about = manifest.writer(
            membership, mode, what="runs", selected=selected, rows=lambda: tally.rows, totals=tally.totals
        )
        return download.packed(made, name=name, suffix=suffix, about=about)
    return download.plain(made, name=f"{name}.{suffix}", media_type=media_type)


def _hides_balance(membership: Membership, run: Run) -> bool:
    return not access.may_see_balance(membership, run.api_key)
