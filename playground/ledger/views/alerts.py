"""What was told about money, and where else it is told."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import alerts, nudge, pace, webhooks
from playground.ledger.alert_forms import ReadForm, WebhookForm

SHOWN = 100


@require_safe
def alert_list(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """The newest alerts of this person, unread ones marked."""
    membership = access.membership_or_404(request, team)
    read = alerts.read_up_to(membership, mode)
    rows = [(row, row.created_at > read) for row in alerts.visible_to(membership, mode)[:SHOWN]]
    context = {
        "membership": membership,
        "team": membership.team,
        "mode": mode,
        "rows": rows,
        "unread": sum(unread for _, unread in rows),
        "newest": rows[0][0].created_at.isoformat() if rows else "",
        "shown": SHOWN,
        "may_manage": access.can(membership, Ability.MANAGE_BUDGETS),
        "sees_books": access.can(membership, Ability.SEE_BOOKS),
        "webhook": webhooks.find(membership.team),
    }
    return render(request, "ledger/alert_list.html", context)


@require_POST
def alert_read(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """Everything this person was shown is read."""
    membership = access.membership_or_404(request, team)
    form = ReadForm(request.POST)
    if form.is_valid():
        alerts.mark_read(membership=membership, mode=mode, up_to=form.cleaned_data["up_to"])
    return redirect("ledger:alert_list", team, mode)


@require_http_methods(["GET", "POST"])
def webhook_set(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = _manager(request, team)
    form = WebhookForm(request.POST or None)
    if form.is_valid():
        made = webhooks.set_address(membership=membership, url=form.cleaned_data["url"], request=request)
        nudge.send("ledger.try_webhook", team_id=str(membership.team_id))
        messages.success(request, f"Alerts go to {made.host}, too. A first message is on its way.")
        return redirect("ledger:alert_list", team, mode)
    context: dict[str, Any] = {
        "membership": membership,
        "team": membership.team,
        "mode": mode,
        "form": form,
        "webhook": webhooks.find(membership.team),
    }
    return render(request, "ledger/webhook_set.html", context, status=422 if form.errors else 200)


@require_POST
def webhook_try(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = _manager(request, team)
    if pace.is_too_soon("webhook", membership.team_id):
        messages.info(request, "A message was sent a moment ago. Try again in ten seconds.")
        return redirect("ledger:alert_list", team, mode)
    nudge.send("ledger.try_webhook", team_id=str(membership.team_id))
    messages.info(request, "A message is on its way. Reload to see whether it was taken.")
    return redirect("ledger:alert_list", team, mode)


@require_POST
def webhook_remove(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    membership = _manager(request, team)
    if webhooks.remove(membership=membership, request=request):
        messages.success(request, "Alerts are no longer posted, and the address is forgotten.")
    return redirect("ledger:alert_list", team, mode)


def _manager(request: HttpRequest, team: str) -> Membership:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_BUDGETS)
    return membership
