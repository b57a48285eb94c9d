"""Runs side by side."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import access
from accounts.access import Ability
from playground.runs.looks import note_look
from playground.workbench import compare as comparing


@require_GET
@never_cache
def compare(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """``?run=…&run=…``: two to four runs."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_CONTENT)
    try:
        runs = comparing.find_runs(membership, mode, request.GET.getlist("run"))
    except comparing.CompareProblem as problem:
        messages.warning(request, str(problem))
        return redirect("runs:history_list", team, mode)
    for run in runs:
        note_look(request, membership, run)
    context = {
        "membership": membership,
        "team": membership.team,
        "mode": mode,
        "zone": membership.team.zone,
        "comparison": comparing.build(membership, runs),
    }
    return render(request, "workbench/compare.html", context)
