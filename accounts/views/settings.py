from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, rotation, teams
from accounts.access import Ability
from accounts.forms import TeamSettingsForm
from accounts.models import Team


@require_http_methods(["GET", "POST"])
def team_settings(request: HttpRequest, team: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_TEAM)
    # A copy: a refused form must not change the name in the page's frame.
    form = TeamSettingsForm(request.POST or None, instance=Team.objects.get(id=membership.team_id))
    if request.method == "POST" and form.is_valid():
        teams.update_team(membership=membership, changes=form.cleaned_data, request=request)
        messages.success(request, "The settings are saved.")
        return redirect("accounts:team_settings", team)
    return render(
        request,
        "accounts/team_settings.html",
        {
            "membership": membership,
            "form": form,
            "may_allow_links": access.can(membership, Ability.ALLOW_OUTSIDE_LINKS),
        },
    )


@require_POST
def team_outside_links(request: HttpRequest, team: str) -> HttpResponse:
    """Only an owner's: whether payloads may be shown to people outside."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.ALLOW_OUTSIDE_LINKS)
    allowed = request.POST.get("allowed") == "yes"
    teams.allow_outside_links(membership=membership, allowed=allowed, request=request)
    messages.success(
        request,
        "Links for people outside are allowed." if allowed else "Every link for people outside is over.",
    )
    return redirect("accounts:team_settings", team)


@require_safe
def vault_status(request: HttpRequest, team: str) -> HttpResponse:
    """How many stored keys are on which ring key: the team's, and for the operator's staff all of them."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_VAULT)
    context = {
        "membership": membership,
        "counts": rotation.survey(membership.team),
        "unreadable": rotation.unreadable_rows(membership.team),
        "house": rotation.survey() if membership.user.is_staff else None,
    }
    return render(request, "accounts/vault_status.html", context)
