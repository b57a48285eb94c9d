"""A mail to owners and admins when an account's balance does not agree, at most one a day for each account."""

import logging
import smtplib
from datetime import date

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.access import ABILITIES, Ability
from accounts.models import ApiKey, Membership, Team
from playground.ledger.models import AccountState

logger = logging.getLogger(__name__)
FROM_HOUR = 7
"""Of the team's day: nobody is woken for it."""


def send_due() -> int:
    """Mail what was not mailed today; how many mails. Safe to repeat at any time."""
    sent = 0
    for state in AccountState.objects.filter(unexplained__gt=0):
        team = Team.objects.filter(id=state.team_id).first()
        if team is None:
            continue
        local = timezone.now().astimezone(team.zone)
        if local.hour >= FROM_HOUR and _claim(state, local.date()):
            sent += _send(team, state)
    return sent


def _claim(state: AccountState, day: date) -> bool:
    """Whether this call is the one to mail about the account today."""
    with transaction.atomic():
        locked = (
            AccountState.objects.select_for_update().filter(key_id=state.key_id, unexplained__gt=0).first()
        )
        if locked is None or locked.mailed_on == day:
            return False
        locked.mailed_on = day
        locked.save(update_fields=["mailed_on"])
    return True


def _send(team: Team, state: AccountState) -> int:
    roles = [role for role, abilities in ABILITIES.items() if Ability.RECONCILE in abilities]
    members = Membership.objects.filter(team=team, role__in=roles, user__is_active=True).select_related(
        "user"
    )
    context = {
        "team": team,
        "state": state,
        "since": state.unexplained_since and state.unexplained_since.astimezone(team.zone),
        "key": ApiKey.objects.filter(id=state.key_id).defer("ciphertext").first(),
        "link": settings.SITE_URL + reverse("ledger:reconcile", args=[team.slug, state.mode]),
    }
    # A header is one line, whatever the team is called.
    subject = " ".join(render_to_string("ledger/email/unexplained_subject.txt", context).split())
    text = render_to_string("ledger/email/unexplained.txt", context)
    try:
        # One mail each: nobody learns the others' addresses from it.
        return sum(
            send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [member.user.email]) for member in members
        )
    except (OSError, smtplib.SMTPException):
        logger.exception("The mail about account %s could not be sent", state.key_id)
        return 0
