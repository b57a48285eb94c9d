"""The trash: out of everybody's way, back with one click, gone for good after thirty days."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Membership
from playground.payloads.models import Payload

KEPT = timedelta(days=30)


def trash(*, membership: Membership, payload: Payload, request: HttpRequest | None = None) -> None:
    """Into the trash. Safe to repeat. Raises PermissionDenied for whoever may not manage it."""
    with transaction.atomic():
        locked = _managed(membership, payload)
        if locked.trashed_at is None:
            locked.trashed_at, locked.trashed_by = timezone.now(), membership.user.label
            locked.save(update_fields=["trashed_at", "trashed_by"])
            _record(membership, locked, "payload.trashed", request)


def restore(*, membership: Membership, payload: Payload, request: HttpRequest | None = None) -> None:
    """Out of the trash, as it was. Safe to repeat."""
    with transaction.atomic():
        locked = _managed(membership, payload)
        if locked.trashed_at is not None:
            locked.trashed_at, locked.trashed_by = None, ""
            locked.save(update_fields=["trashed_at", "trashed_by"])
            _record(membership, locked, "payload.restored", request)


def purge(*, membership: Membership, payload: Payload, request: HttpRequest | None = None) -> None:
    """Delete for good what is in the trash; its runs stay. A payload that is not there is left alone."""
    with transaction.atomic():
        locked = _managed(membership, payload)
        if locked.trashed_at is not None:
            _record(membership, locked, "payload.deleted", request)
            locked.delete()


def purge_due() -> int:
    """For the clock: delete what has been in the trash for thirty days; how many. Safe to repeat."""
    due = Payload.objects.filter(trashed_at__lt=timezone.now() - KEPT).order_by("id")
    count = 0
    for payload_id in list(due.values_list("id", flat=True)):
        with transaction.atomic():
            # Whoever restores it at this moment wins.
            payload = due.select_for_update(skip_locked=True).filter(id=payload_id).first()
            if payload is not None:
                payload.delete()
                count += 1
    return count


def _managed(membership: Membership, payload: Payload) -> Payload:
    visible = Payload.objects.visible_to(membership).select_related("team")
    locked = visible.select_for_update(of=("self",)).get(id=payload.id)
    if not locked.may_manage(membership):
        raise PermissionDenied
    return locked


def _record(membership: Membership, payload: Payload, verb: str, request: HttpRequest | None) -> None:
    """What only its owner ever saw is nobody else's record."""
    if payload.is_shared:
        audit.record(
            team=payload.team, actor=membership.user, verb=verb, target=payload.name, request=request
        )
