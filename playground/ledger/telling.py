"""Tell what was decided, after its commit: by mail, and to the team's webhook."""

import logging
import smtplib
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger import alerts, webhooks
from playground.ledger.models import Alert

logger = logging.getLogger(__name__)
# Older news is for the list alone: a mail server that was away for a day sends no flood when it is back.
FRESH = timedelta(hours=24)


def tell() -> int:
    """Sends every alert that nobody has taken up; how many this call did. Each is sent at most once."""
    told = 0
    for alert_id in list(alerts.untold().values_list("id", flat=True)[:500]):
        told += _tell_one(alert_id)
    return told


def _tell_one(alert_id: UUID) -> bool:
    # Taking it up decides who sends it. What breaks after this is logged and shown in the list, never sent twice.
    if not Alert.objects.filter(id=alert_id, told_at=None).update(told_at=timezone.now()):
        return False
    alert = Alert.objects.select_related("team", "person").get(id=alert_id)
    if alert.created_at < timezone.now() - FRESH:
        return False
    _mail(alert, _addresses(alert))
    if alert.for_managers:
        webhooks.post(team=alert.team, text=_line(alert))
    return True


def _addresses(alert: Alert) -> list[str]:
    """Those who manage budgets, and the member it is about; only people who are in the team now."""
    rows = Membership.objects.filter(team=alert.team_id, user__is_active=True).select_related("user")
    if not alert.for_managers:
        rows = rows.filter(Q(user=alert.person))
    wanted = [
        row.user.email
        for row in rows
        if row.user_id == alert.person_id or (alert.for_managers and access.can(row, Ability.MANAGE_BUDGETS))
    ]
    return sorted(wanted)


def _line(alert: Alert) -> str:
    """One line, which says which team and which of the two worlds it is about."""
    return f"{alert.team.name} ({alert.mode}): {alert.text} {link(alert)}"


def link(alert: Alert) -> str:
    """Where to look: the run, or the budgets."""
    place = [alert.team.slug, alert.mode]
    if alert.run_id is not None:
        return settings.SITE_URL + reverse("runs:run_detail", args=[*place, alert.run_id])
    return settings.SITE_URL + reverse("ledger:budget_list", args=place)


def _mail(alert: Alert, addresses: list[str]) -> None:
    """One mail for each person, so that no address is shown to another."""
    text = render_to_string("ledger/email/alert.txt", {"alert": alert, "link": link(alert)})
    name = " ".join(alert.team.name.split())  # a header is one line
    subject = f"{name}: {alert.get_kind_display().lower()}"
    try:
        with get_connection() as connection:
            for address in addresses:
                EmailMessage(
                    subject, text, settings.DEFAULT_FROM_EMAIL, [address], connection=connection
                ).send()
    except (OSError, smtplib.SMTPException):
        logger.exception("The alert %s could not be mailed", alert.id)
