"""The pages that say what was spent."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import (
    closing,
    days,
    download,
    entry_exports,
    manifest,
    periods,
    spend_page,
)
from playground.ledger import spend as spending
from playground.ledger import spend_model as models
from playground.ledger.spend_forms import CloseForm, PeriodForm


@require_GET
@never_cache
def spend(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    form = PeriodForm(request.GET)
    period = form.chosen(days.today(membership.team))
    cut = spend_page.cut_of(spending.scope_of(membership, mode), request.GET.get("by", ""))
    pair = spend_page.pairs().get(request.GET.get("cross", ""))
    context = spend_page.build(membership, mode, period, cut, pair)
    return render(request, "ledger/spend.html", {**context, "form": form})


@require_GET
@never_cache
def spend_crossed(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """Two cuts crossed, as a fragment: asked again until a worker has counted them."""
    membership = access.membership_or_404(request, team)
    scope = spending.scope_of(membership, mode)
    period = PeriodForm(request.GET).chosen(days.today(membership.team))
    cut = spend_page.cut_of(scope, request.GET.get("by", ""))
    pair = spend_page.pairs().get(request.GET.get("cross", ""))
    context = spend_page.frame(membership, mode, period)
    context |= spend_page.crossed(membership, scope, period, cut, pair)
    return render(request, "ledger/_spend_crossed.html", context)


@require_GET
@never_cache
def spend_model(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    form = PeriodForm(request.GET)
    period = form.chosen(days.today(membership.team))
    context = models.build(membership, mode, period, slug)
    return render(request, "ledger/spend_model.html", {**context, "form": form})


_FORMATS = {"csv": entry_exports.csv_pieces, "jsonl": entry_exports.jsonl_pieces}


@require_GET
def spend_export(request: HttpRequest, team: str, mode: str, form: str) -> HttpResponseBase:
    """Every entry of the period as `csv` or `jsonl`, in a zip with its manifest."""
    membership = access.membership_or_404(request, team)
    if form not in _FORMATS:
        raise Http404
    scope = spending.scope_of(membership, mode)
    period = PeriodForm(request.GET).chosen(days.today(membership.team))
    tally = entry_exports.Tally()
    selected = {"first_day": period.first.isoformat(), "last_day": period.last.isoformat()}
    if scope.person_id is not None:
        selected["person"] = membership.user.label
    about = manifest.writer(
        membership,
        mode,
        what="ledger entries",
        selected=selected,
        rows=lambda: tally.rows,
        totals=tally.totals,
    )
    name = f"{team}-{mode}-spend-{period.first}-{period.last}"
    return download.packed(_FORMATS[form](scope, period, tally=tally), name=name, suffix=form, about=about)


@require_http_methods(["GET", "POST"])
def period_close(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.CLOSE_PERIODS)
    form = CloseForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        messages.error(request, "Choose a month that is over.")
        return redirect("ledger:spend", team, mode)
    period = periods.around(periods.Kind.MONTH, form.cleaned_data["month"])
    if request.method == "GET":
        return _ask_to_close(request, membership, mode, period)
    try:
        closing.close(membership=membership, mode=mode, month=period.first, request=request)
    except closing.NotClosable as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{period.label} is closed.")
    return redirect(f"{reverse('ledger:spend', args=[team, mode])}?{period.query}")


def _ask_to_close(
    request: HttpRequest, membership: Membership, mode: str, period: periods.Period
) -> HttpResponse:
    """The question of the dialog, as a page."""
    context = spend_page.frame(membership, mode, period) | spend_page.closing_of(membership, mode, period)
    if context["closable"] is None:
        messages.error(request, f"{period.label} is closed already, or not over yet.")
        return redirect(f"{reverse('ledger:spend', args=[membership.team.slug, mode])}?{period.query}")
    return render(request, "ledger/period_close.html", context)
