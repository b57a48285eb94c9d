"""What the frame of every page, and pages of other rooms, show of the ledger. ``{% load ledger %}``."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import template
from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.context import Shell
from accounts.models import Membership
from playground.ledger import amounts, frame, freezes, refusals
from playground.ledger.budget_forms import RequestForm
from playground.ledger.frame import Frame
from playground.ledger.models import Freeze
from playground.ledger.refusals import Explanation

register = template.Library()


@register.simple_tag(takes_context=True)
def money_frame(context: dict[str, Any]) -> Frame | None:
    """The tightest budget, what waits and a freeze, on a page of one mode; None elsewhere. One query per page."""
    shell: Shell = context["shell"]
    if shell.membership is None or shell.mode is None:
        return None
    return frame.of(shell.request, shell.membership, shell.mode)


@register.simple_tag
def frozen_people(shell: Shell) -> dict[UUID, Freeze]:
    """Whose spending is frozen in the mode that was last open, for those who may know."""
    membership = shell.membership
    if membership is None or not access.can(membership, Ability.SEE_BOOKS):
        return {}
    return freezes.in_force(team_id=membership.team_id, mode=shell.last_mode)


@register.filter
def of(found: dict[UUID, Freeze], person: UUID) -> Freeze | None:
    """The freeze of this person."""
    return found.get(person)


@register.simple_tag
def may_freeze(shell: Shell, target: Membership) -> bool:
    """Whether this person may stop, or let go on, what the other one spends; auditors spend nothing."""
    return shell.membership is not None and freezes.may_freeze(shell.membership, target)


@register.simple_tag
def freeze_text(by: str, reason: str) -> str:
    return refusals.freeze_text(by, reason)


@register.simple_tag
def request_form(refusal: Explanation) -> RequestForm | None:
    """The form beside a refusal, which begins with what is missing."""
    if refusal.budget is None:
        return None
    missing = {"usd": refusal.missing_usd, "runs": refusal.missing_runs}
    return RequestForm(budget=refusal.budget, initial=missing, auto_id="ask_%s")


@register.filter
def limit(value: Decimal) -> str:
    """An amount as it was set: ``$ 200``, ``$ 0.50``."""
    return amounts.limit(value)


@register.filter
def unbroken(text: str) -> str:
    """A sentence whose amounts stay on one line."""
    return text.replace("$ ", "$\u00a0")


@register.filter
def last_day(until: datetime) -> str:
    """The day that ends at this moment, in the team's zone: ``3 November``."""
    day = timezone.localtime(until - timedelta(seconds=1))
    return f"{day.day} {day:%B}"
