from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import access, teams
from accounts.access import Ability
from accounts.forms import RoleForm
from accounts.models import Invitation, Membership


@require_safe
def member_list(request: HttpRequest, team: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    may_manage = access.can(membership, Ability.MANAGE_MEMBERS)
    rows = Membership.objects.filter(team=membership.team).select_related("user", "team")
    members = [
        (row, access.may_touch_member(membership, row), f"remove-{row.id}")
        for row in rows.order_by("user__name", "user__email", "id")
    ]
    invitations = Invitation.objects.open().filter(team=membership.team).select_related("invited_by")
    context = {
        "membership": membership,
        "members": members,
        "may_manage": may_manage,
        "roles": access.grantable_roles(membership),
        "invitations": invitations.order_by("-id") if may_manage else [],
    }
    return render(request, "accounts/member_list.html", context)


@require_POST
def member_role(request: HttpRequest, team: str, membership_id: UUID) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    target = get_object_or_404(Membership, id=membership_id, team=membership.team)
    if not access.may_touch_member(membership, target):
        raise PermissionDenied
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("accounts:member_list", team)
    try:
        row = teams.change_role(
            actor=membership, membership=target, role=form.cleaned_data["role"], request=request
        )
    except teams.TeamProblem as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{row.user} is now {row.get_role_display().lower()}.")
    return redirect("accounts:member_list", team)
