from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, invitations
from accounts.access import Ability
from accounts.adapter import open_signup
from accounts.context import team_url
from accounts.forms import InvitationForm
from accounts.models import Invitation, Membership, User
from accounts.teams import TeamProblem


def _show(request: HttpRequest, membership: Membership, sent: invitations.Sent) -> HttpResponse:
    """The page that shows a link, the only time it can be shown: nothing keeps it, not even the session."""
    response = render(request, "accounts/invitation_sent.html", {"membership": membership, "sent": sent})
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
def invitation_create(request: HttpRequest, team: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_MEMBERS)
    form = InvitationForm(request.POST or None, membership=membership)
    if request.method == "POST" and form.is_valid():
        try:
            sent = invitations.invite(membership=membership, **form.cleaned_data, request=request)
        except TeamProblem as problem:
            form.add_error("email", str(problem))
        else:
            return _show(request, membership, sent)
    return render(request, "accounts/invitation_create.html", {"membership": membership, "form": form})


@require_POST
def invitation_resend(request: HttpRequest, team: str, invitation_id: UUID) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_MEMBERS)
    invitation = get_object_or_404(Invitation, id=invitation_id, team=membership.team)
    try:
        sent = invitations.resend(membership=membership, invitation=invitation, request=request)
    except TeamProblem as problem:
        messages.error(request, str(problem))
        return redirect("accounts:member_list", team)
    return _show(request, membership, sent)


@require_POST
def invitation_revoke(request: HttpRequest, team: str, invitation_id: UUID) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_MEMBERS)
    invitation = get_object_or_404(Invitation, id=invitation_id, team=membership.team)
    invitations.revoke(membership=membership, invitation=invitation, request=request)
    messages.success(request, f"The invitation of {invitation.email} is withdrawn.")
    return redirect("accounts:member_list", team)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind an invitation's link. POST joins, for the person the invitation is for."""
    invitation = invitations.find(token)
    if invitation is None:
        return render(request, "accounts/invitation_closed.html", status=404)
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST" and user is not None:
        try:
            membership = invitations.accept(invitation=invitation, user=user, request=request)
        except TeamProblem as problem:
            messages.error(request, str(problem))
            return redirect(request.path)
        messages.success(request, f"Welcome to {membership.team}.")
        return redirect(team_url(request, membership))
    known = User.objects.filter(email__iexact=invitation.email).exists()
    if user is None and not known:
        open_signup(request, invitation)
    context = {
        "invitation": invitation,
        "known": known,
        "fits": user is not None and user.email.lower() == invitation.email.lower(),
    }
    return render(request, "accounts/invitation_accept.html", context)
