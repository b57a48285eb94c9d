"""Stop a person's spending, and let it go on. What was queued is the workbench's to cancel (freezing.py there)."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import access, audit
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger.models import Freeze


class FreezeProblem(ValueError):
    """A freeze that cannot be; ``str()`` says why."""


def may_freeze(membership: Membership, target: Membership) -> bool:
    """Those who manage budgets, and whom: people who may run. An owner's spending is only for owners to stop.

    Nobody but an owner decides about their own: whoever was frozen must not lift it themselves.
    """
    is_own = membership.user_id == target.user_id and not access.can(membership, Ability.MANAGE_OWNERS)
    return (
        not is_own
        and access.can(membership, Ability.MANAGE_BUDGETS)
        and access.can(target, Ability.RUN)
        and access.may_touch_member(membership, target)
    )


def in_force(*, team_id: UUID, mode: str) -> dict[UUID, Freeze]:
    """The freezes that hold now, by person."""
    return {row.person_id: row for row in Freeze.objects.filter(team=team_id, mode=mode, lifted_at=None)}


@transaction.atomic
def freeze(
    *, membership: Membership, target: Membership, mode: str, reason: str, request: HttpRequest | None = None
) -> Freeze:
    """From the commit on, no run of this person gets a hold. Raises FreezeProblem when it is so already."""
    try:
        with transaction.atomic():
            made = Freeze.objects.create(
                team=membership.team,
                mode=mode,
                person=target.user,
                reason=reason,
                frozen_by_label=membership.user.label,
            )
    except IntegrityError as error:
        raise FreezeProblem(f"The spending of {target.user.label} is frozen already.") from error
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb="spending.frozen",
        target=target.user.label,
        after={"mode": mode, "reason": reason},
        request=request,
    )
    return made


@transaction.atomic
def lift(
    *, membership: Membership, target: Membership, mode: str, request: HttpRequest | None = None
) -> bool:
    """The person may spend again. False if nothing was frozen."""
    rows = Freeze.objects.filter(team=membership.team_id, mode=mode, person=target.user_id, lifted_at=None)
    found = rows.select_for_update().first()
    if found is None:
        return False
    found.lifted_at = timezone.now()
    found.save(update_fields=["lifted_at"])
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb="spending.lifted",
        target=target.user.label,
        before={"reason": found.reason},
        after={"mode": mode},
        request=request,
    )
    return True
