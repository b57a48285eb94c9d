"""Mails about money: each person's week, the team's week and day for those who run it.

They leave in the morning of the team's zone, each once: the row that says so is made in the transaction that sends.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership, Mode, Team
from playground.ledger import amounts, days, names, periods, reconcile, sealing, spend
from playground.ledger.models import Cut, Entry, Mail, MailChoice, MailSent
from playground.ledger.periods import Kind, Period
from playground.ledger.spend import Scope, Sums
from playground.segmind.errors import explain_reason

logger = logging.getLogger(__name__)

HOUR = 7
TOP = 5
# A Monday's mail that could not leave still does on Tuesday; later it is no news.
LATEST = timedelta(days=1)


def offered(membership: Membership) -> list[Mail]:
    """The mails that this membership may get at all."""
    mails = [Mail.WEEK] if access.can(membership, Ability.RUN) else []
    return mails + ([Mail.TEAM_WEEK, Mail.TEAM_DAY] if access.can(membership, Ability.MANAGE_BUDGETS) else [])


def choices(membership: Membership) -> dict[tuple[Mail, str], bool]:
    """What this person gets from this team, in each mode."""
    rows = MailChoice.objects.filter(user=membership.user_id, team=membership.team_id)
    said = {(row.mail, row.mode): row.wanted for row in rows}
    return {
        (mail, mode): said.get((mail, mode), mode == Mode.LIVE)
        for mail in offered(membership)
        for mode in Mode.values
    }


@transaction.atomic
def choose(*, membership: Membership, wanted: Iterable[tuple[Mail, str]]) -> None:
    """Exactly these mails from now on."""
    chosen = set(wanted)
    for mail, mode in choices(membership):
        MailChoice.objects.update_or_create(
            user_id=membership.user_id,
            team_id=membership.team_id,
            mode=mode,
            mail=mail,
            defaults={"wanted": (mail, mode) in chosen},
        )


def send_due(*, now: datetime | None = None) -> None:
    """For the clock, each hour: whatever is due in each team's zone. A mail that fails is tried again."""
    moment = now or timezone.now()
    for team in Team.objects.order_by("id"):
        for mail, period in _due(team, moment):
            for membership in team.memberships.select_related("user", "team").filter(user__is_active=True):
                for mode in Mode.values:
                    if choices(membership).get((mail, mode)):
                        _try(membership, mode, mail, period)


def _due(team: Team, moment: datetime) -> list[tuple[Mail, Period]]:
    today = days.day_of(team, moment)
    if moment < days.start_of(team, today) + timedelta(hours=HOUR):
        return []
    due = [(Mail.TEAM_DAY, periods.around(Kind.DAY, today - periods.ONE))]
    if today - periods.around(Kind.WEEK, today).first <= LATEST:
        week = periods.around(Kind.WEEK, today).before
        due += [(Mail.WEEK, week), (Mail.TEAM_WEEK, week)]
    return due


def _try(membership: Membership, mode: str, mail: Mail, period: Period) -> None:
    try:
        send(membership=membership, mode=mode, mail=mail, period=period)
    except (OSError, SMTPException) as error:
        logger.warning("A mail about money did not leave: %s", error)


@transaction.atomic
def send(*, membership: Membership, mode: str, mail: Mail, period: Period) -> None:
    """Sends it unless it was sent, or there is nothing to say. Raises what sending raises; nothing is noted then."""
    row, is_new = MailSent.objects.get_or_create(
        user_id=membership.user_id,
        team_id=membership.team_id,
        mode=mode,
        mail=mail,
        first_day=period.first,
        defaults={"was_sent": False},
    )
    if not is_new:
        return
    letter = _LETTERS[mail](membership, mode, period)
    if letter is None:
        return
    text = render_to_string(f"ledger/email/{mail}.txt", letter.context | _frame(membership, mode, period))
    send_mail(letter.subject, text, settings.DEFAULT_FROM_EMAIL, [membership.user.email])
    row.was_sent = True
    row.save(update_fields=["was_sent"])


@dataclass(frozen=True, slots=True)
class _Letter:
    subject: str
    context: dict[str, Any]


def _frame(membership: Membership, mode: str, period: Period) -> dict[str, Any]:
    team = membership.team
    page = f"{reverse('ledger:spend', args=[team.slug, mode])}?{period.query}"
    return {
        "team": team,
        "mode": mode,
        "period": period,
        "zone": team.zone,
        "url": settings.SITE_URL + page,
        "choices_url": settings.SITE_URL + reverse("ledger:mail_choices", args=[team.slug]),
    }


def _subject(team: Team, mode: str, words: str) -> str:
    name = " ".join(team.name.split())  # a header is one line
    return f"{name}{' (sandbox)' if mode == Mode.SANDBOX else ''}: {words}"


def _week(membership: Membership, mode: str, period: Period) -> _Letter | None:
    scope = Scope(membership.team_id, mode, membership.user_id)
    sums = spend.totals(scope, period)
    if not sums:
        return None
    failed = Entry.objects.of(team_id=scope.team_id, mode=mode).filter(
        day__gte=period.first,
        day__lte=period.last,
        person_id=membership.user_id,
        state__in=("refused", "failed"),
    )
    reasons = failed.exclude(error_kind="").values_list("error_kind")
    why = reasons.annotate(count=Count("run_id", distinct=True)).order_by("-count", "error_kind")[:TOP]
    context = {
        "sums": sums,
        "models": list(spend.by_value(scope, period, Cut.ENDPOINT).items())[:TOP],
        "why": [(count, explain_reason(kind)) for kind, count in why],
        "failed": failed.values("run_id").distinct().count(),
        "held": spend.held(scope),
    }
    return _Letter(_subject(membership.team, mode, f"your week, {_span(period)}"), context)


def _team(membership: Membership, mode: str, period: Period) -> dict[str, Any]:
    scope = Scope(membership.team_id, mode)
    people = list(spend.by_value(scope, period, Cut.PERSON).items())[:TOP]
    called = names.of(membership.team_id, Cut.PERSON, dict(people))
    return {
        "sums": spend.totals(scope, period),
        "before": spend.totals(scope, period.before),
        "people": [(called[value], sums) for value, sums in people],
        "models": list(spend.by_value(scope, period, Cut.ENDPOINT).items())[:TOP],
        "held": spend.held(scope),
    }


def _team_week(membership: Membership, mode: str, period: Period) -> _Letter | None:
    context = _team(membership, mode, period)
    if not context["sums"] and not context["held"].runs:
        return None
    context["unexplained"] = unexplained(membership.team, mode)
    return _Letter(_subject(membership.team, mode, f"the team's week, {_span(period)}"), context)


def _team_day(membership: Membership, mode: str, period: Period) -> _Letter | None:
    context = _team(membership, mode, period)
    sums: Sums = context["sums"]
    if not sums and not context["held"].runs:
        return None
    context["head"] = sealing.head_line()
    return _Letter(_subject(membership.team, mode, f"$ {sums.spent:.4f} on {_day(period.first)}"), context)


_LETTERS = {Mail.WEEK: _week, Mail.TEAM_WEEK: _team_week, Mail.TEAM_DAY: _team_day}


def unexplained(team: Team, mode: str) -> str:
    """What of the provider's balances no entry explains, in words; empty while everything is explained."""
    found = reconcile.agreement(team, mode)
    return f"{amounts.dollars(found.off)} of the provider's balance" if found.compared and found.off else ""


def _span(period: Period) -> str:
    return periods.span_text(period.first, period.last)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
