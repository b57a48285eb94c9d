from typing import cast

from allauth.account.views import email as allauth_email
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, addresses, teams
from accounts.context import Shell, team_url
from accounts.forms import ProfileForm, TeamForm
from accounts.models import User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page: the last team's playground, or a word to people without a team."""
    membership = Shell(request).membership
    if membership is not None:
        return redirect(team_url(request, membership))
    may_create = access.may_create_team(cast("User", request.user))
    return render(request, "accounts/home.html", {"may_create": may_create})


@require_http_methods(["GET", "POST"])
def team_create(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if not access.may_create_team(user):
        raise PermissionDenied
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        membership = teams.create_team(
            owner=user,
            name=form.cleaned_data["name"],
            time_zone=form.cleaned_data["time_zone"],
            request=request,
        )
        messages.success(request, f"{membership.team} is ready. Invite people, or add a key to run with.")
        return redirect("accounts:member_list", membership.team.slug)
    return render(request, "accounts/team_create.html", {"form": form})


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = ProfileForm(request.POST or None, instance=User.objects.get(id=user.id))
    if request.method == "POST" and form.is_valid():
        User.objects.filter(id=user.id).update(name=form.cleaned_data["name"])
        messages.success(request, "Your name is saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


def email(request: HttpRequest) -> HttpResponse:
    """allauth's page of addresses, which would let an account that has none confirmed move to any other."""
    wanted = request.POST.get("email", "")
    if "action_primary" in request.POST and not addresses.may_be_primary(
        user_id=request.user.pk, email=wanted
    ):
        messages.error(request, f"Confirm {wanted} first: a link to do so is sent to it.")
        return redirect("account_email")
    answer: HttpResponse = allauth_email(request)
    return answer
