"""The payloads of a team that one person may see, as a file. What holds a key stays, and is named."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import F
from django.http import HttpRequest

from accounts import audit
from accounts.models import Membership
from playground import figures
from playground.payloads import exposure, library
from playground.payloads.exposure import Leak
from playground.payloads.library import Filter
from playground.payloads.models import Payload, PayloadVersion
from playground.payloads.transfer import collection, folder, jsonl
from playground.payloads.transfer.importing import counted
from playground.payloads.transfer.records import MOST_ITEMS, MOST_TEXT, Record, TransferProblem
from playground.payloads.variables import from_data

MOST_TICKED = 200  # above which the filter chooses alone: a form with more boxes is no help


class Format(StrEnum):
    FOLDER = "folder"
    JSONL = "jsonl"
    POSTMAN = "postman"


@dataclass(frozen=True, slots=True)
class LeftOut:
    payload: Payload
    why: str


@dataclass(slots=True)
class Export:
    """What goes and what stays."""

    records: list[Record] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content_type: str
    data: bytes


def offered(
    membership: Membership, chosen: Filter, only: Collection[uuid.UUID] | None = None
) -> list[Payload]:
    """The payloads that fit the filter and this person may read, by folder and name. ``only`` are the ones ticked.

    Raises TransferProblem for more than go at once.
    """
    found = library.find(membership, chosen)
    if only is not None:
        found = found.filter(id__in=only)
    found = found.order_by("folder", "name", "id")
    count = found.count()
    if count > MOST_ITEMS:
        raise TransferProblem(
            f"These are {count} payloads; at most {MOST_ITEMS} can be exported at once. Choose a folder or a tag."
        )
    return list(found)


def collect(payloads: Sequence[Payload]) -> Export:
    """The newest versions, looked through for keys as before sharing. Raises TransferProblem for too much text."""
    made, size = Export(), 0
    newest = PayloadVersion.objects.filter(payload__in=payloads, number=F("payload__newest"))
    rows = {row.payload_id: row for row in newest}
    for payload in payloads:
        version = rows[payload.id]
        record = _record(payload, version)
        size += record.size
        if size > MOST_TEXT:
            raise TransferProblem(
                f"These are more than {figures.size(MOST_TEXT)} of text, which is the most that can be exported at "
                "once. Choose a folder or a tag."
            )
        try:
            _check(payload, version)
        except Leak as leak:
            made.left_out.append(LeftOut(payload, "; ".join(leak.places)))
        else:
            made.records.append(record)
    return made


def _check(payload: Payload, version: PayloadVersion) -> None:
    exposure.check_words(
        {
            "name": payload.name,
            "notes": payload.notes,
            "folder": payload.folder,
            "tags": payload.tags,
            "cost centre": payload.run_tag,
        }
    )
    exposure.check_texts(text=version.text, variables=version.variables, message=version.message)


def _record(payload: Payload, version: PayloadVersion) -> Record:
    return Record(
        name=payload.name,
        endpoint=payload.endpoint,
        version=version.version,
        text=version.text,
        folder=payload.folder,
        tags=tuple(payload.tags),
        run_tag=payload.run_tag,
        notes=payload.notes,
        variables=tuple(from_data(version.variables)),
        message=version.message,
        id=str(payload.id),
        number=version.number,
    )


def write(
    export: Export, kind: Format, *, membership: Membership, request: HttpRequest | None = None
) -> File:
    """The file. That it was made is recorded, without names of payloads."""
    team = membership.team
    made = _file(export.records, kind, team.slug, f"Payloads of {team.name}")
    audit.record(
        team=team,
        actor=membership.user,
        verb="payload.exported",
        target=f"{counted(len(export.records))} as {kind.value}",
        request=request,
    )
    return made


def _file(records: Sequence[Record], kind: Format, slug: str, title: str) -> File:
    match kind:
        case Format.POSTMAN:
            made = collection.Collection(records, title).write()
            return File(f"payloads-{slug}.postman_collection.json", "application/json", made)
        case Format.JSONL:
            return File(f"payloads-{slug}.jsonl", "application/x-ndjson", b"".join(jsonl.write(records)))
        case Format.FOLDER:
            return File(f"payloads-{slug}.zip", "application/zip", folder.write_zip(records))
