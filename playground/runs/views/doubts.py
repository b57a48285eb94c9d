"""What needs a person: every run that nothing proves, to be settled together after an outage, say."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import Ability
from playground.runs import doubts, history
from playground.runs.doubt_forms import DoubtsForm


@require_http_methods(["GET", "POST"])
@never_cache
def doubts_list(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """GET lists them with hints; POST settles the ticked ones and says what became of each."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SETTLE_RUNS if request.method == "POST" else Ability.SEE_BOOKS)
    runs = doubts.runs_in_doubt(membership, mode)
    form = DoubtsForm(request.POST if request.method == "POST" else None, runs=runs)
    results: list[doubts.Settled] = []
    if request.method == "POST" and form.is_valid():
        results = doubts.settle_many_by_person(
            runs=[run for run in runs if run.id in form.cleaned_data["run"]],
            actor=membership.user,
            billed=form.is_billed,
            costs=form.amounts,
            reason=form.cleaned_data["reason"],
            request=request,
        )
        if not any(one.problem for one in results):
            messages.success(request, f"{len(results)} settled. The evidence of each says who, when and why.")
            return redirect("runs:doubts_list", team, mode)
        runs = doubts.runs_in_doubt(membership, mode)
    found = doubts.with_hints(membership, mode, runs)
    context = {
        **history.frame(membership, mode),
        "doubts": [(one, form.typed(one)) for one in found],
        "form": form,
        "results": results,
        "may_settle": doubts.may_settle(membership),
        "most": doubts.MOST,
    }
    return render(request, "runs/doubts_list.html", context, status=422 if form.errors or results else 200)
