"""What was read waits in the page for a yes, signed; then all of it is written, or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from uuid_utils.compat import uuid7

from accounts import audit
from accounts.models import Membership
from playground.payloads.exposure import Leak
from playground.payloads.models import Payload
from playground.payloads.opening import hold, sendable_files
from playground.payloads.saving import PayloadProblem, save_payload
from playground.payloads.transfer.fitting import free_name, taken_names
from playground.payloads.transfer.records import Found, Record, TransferProblem, record_of
from playground.runs import body

_SALT = "playground.payloads.transfer"
HOURS = 12
GONE = "This page has waited too long, or was opened as somebody else. Choose the file again."


class AlreadyImported(Exception):
    """The same yes was given before; everything was written then."""


@dataclass(frozen=True, slots=True)
class Item:
    """A record with the id that its payload gets. ``clashes`` says that its name was taken when it was shown."""

    id: UUID
    record: Record
    clashes: bool


def seal(found: Sequence[Found], *, membership: Membership) -> str:
    """The taken records as text that only this person can hand back. Nothing is stored until they do."""
    rows = [
        {"new": str(uuid7()), "clashes": bool(one.renamed), "text": one.record.text, **one.record.about()}
        for one in found
        if one.record is not None
    ]
    sealed = signing.dumps({"who": str(membership.id), "rows": rows}, salt=_SALT, compress=True)
    if len(sealed) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE - 100_000:
        raise TransferProblem("This is too much at once. Nothing was taken: split it up.")
    return sealed


def unseal(sealed: str, *, membership: Membership) -> list[Item]:
    """What ``seal`` was given. Raises TransferProblem for anything else."""
    try:
        data: dict[str, Any] = signing.loads(sealed, salt=_SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        raise TransferProblem(GONE) from None
    if data["who"] != str(membership.id):
        raise TransferProblem(GONE)
    return [Item(UUID(row["new"]), record_of(row, row["text"]), row["clashes"]) for row in data["rows"]]


def write(
    items: Sequence[Item],
    *,
    membership: Membership,
    visibility: str,
    leave_clashing: bool = False,
    request: HttpRequest | None = None,
) -> list[Payload]:
    """All payloads in one transaction. Raises TransferProblem with the name of what could not be kept, and why;
    AlreadyImported where these very ones were written before.
    """
    wanted = [item for item in items if not (leave_clashing and item.clashes)]
    if Payload.objects.filter(id__in=[item.id for item in items]).exists():
        raise AlreadyImported
    taken = taken_names(membership)
    try:
        with transaction.atomic():
            made = [_save(item, membership, visibility, taken) for item in wanted]
            if made:
                _record(membership, made, request)
    except IntegrityError:
        if Payload.objects.filter(id__in=[item.id for item in items]).exists():
            raise AlreadyImported from None
        raise
    return made


def _save(item: Item, membership: Membership, visibility: str, taken: set[tuple[str, str]]) -> Payload:
    record = item.record
    markers = {marker.file_id for marker in body.markers(record.text, team_id=membership.team_id)}
    if markers:
        hold(membership, sendable_files(membership, markers))
    try:
        return save_payload(
            payload_id=item.id,
            membership=membership,
            name=free_name(record, taken),
            endpoint=record.endpoint,
            version=record.version,
            text=record.text,
            variables=record.variables,
            message=record.message,
            notes=record.notes,
            tags=record.tags,
            folder=record.folder,
            visibility=visibility,
            run_tag=record.run_tag,
        )
    except (PayloadProblem, Leak) as problem:
        raise TransferProblem(f"{record.name}: {problem} Nothing was imported.") from problem


def _record(membership: Membership, made: Sequence[Payload], request: HttpRequest | None) -> None:
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb="payload.imported",
        target=counted(len(made)),
        request=request,
    )


def counted(number: int) -> str:
    return f"{number} payload{'' if number == 1 else 's'}"
