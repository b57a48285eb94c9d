"""Runs as rows: every state of a run's life, made without sending anything."""

import hashlib
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Value
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import ApiKey, Membership, Mode
from playground.catalogue.offers import Offer
from playground.ledger import entries
from playground.runs import books, store
from playground.runs.models import Billing, CostSource, File, Output, Run, RunText, State
from tests.personas import make_key

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def key_of(membership: Membership) -> ApiKey:
    """This person's sandbox key, made when there is none."""
    key = ApiKey.objects.filter(owner=membership.user, team=membership.team, mode=Mode.SANDBOX).first()
    return key or make_key(membership, label=f"Key of {membership.user.label}")


def id_at(moment: datetime) -> uuid.UUID:
    """A fresh uuid7 of that moment."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=(milliseconds << 80) | (uuid7().int & ((1 << 80) - 1)))


def make_run(
    membership: Membership,
    *,
    state: State = State.SUCCEEDED,
    billing: Billing = Billing.BILLED,
    cost: str | None = "0.0400",
    status: int | None = 200,
    reason: str = "",
    ago: timedelta = timedelta(minutes=1),
    seconds: float = 2.0,
    request_text: str = '{"prompt": "a boat in a harbour"}',
    response_text: str = "",
    error_text: str = "",
    headers: list[list[str]] | None = None,
    evidence: dict[str, Any] | None = None,
    key: ApiKey | None = None,
    **columns: Any,
) -> Run:
    """A run of this person that began ``ago``, billed with a cost from the header unless told otherwise."""
    key = key or key_of(membership)
    began = timezone.now() - ago
    finished = state not in (State.QUEUED, State.SENDING, State.ACCEPTED)
    values: dict[str, Any] = {
        "id": id_at(began),
        "team": membership.team,
        "mode": key.mode,
        "person": membership.user,
        "person_label": membership.user.label,
        "endpoint": "seedream-4.5",
        "version": 1,
        "api_key": key,
        "key_label": key.label,
        "key_last_four": key.last_four,
        "token": uuid.uuid4(),
        "state": state,
        "billing": billing,
        "cost": None if cost is None or billing != Billing.BILLED else Decimal(cost),
        "status": status,
        "submit_status": status,
        "created_at": began,
        "claimed_at": None if state == State.QUEUED else began + timedelta(milliseconds=200),
        "finished_at": began + timedelta(seconds=seconds) if finished else None,
        "evidence": {"rule_version": 1, "status": status, "reason": reason or None, **(evidence or {})},
        "error_kind": "",
        **columns,
    }
    if values["cost"] is not None:
        values.setdefault("cost_source", CostSource.HEADER)
    run = Run.objects.create(**values)
    RunText.objects.create(
        run=run,
        request_text=request_text,
        request_sha256=hashlib.sha256(request_text.encode()).hexdigest(),
        response_text=response_text,
        error_text=error_text,
        response_headers=headers or [],
        search=SearchVector(Value(f"{request_text} {error_text} {run.request_id}"), config="simple"),
    )
    entries.hold(books.hold_of(run, body_text="{}", offer=Offer("", None, None)))
    if finished:
        books.say([run])
    return run


def refused(membership: Membership, status: int, text: str, kind: str, **more: Any) -> Run:
    return make_run(
        membership,
        state=State.REFUSED,
        billing=Billing.NOT_BILLED,
        status=status,
        error_text=text,
        error_kind=kind,
        reason="refused",
        **more,
    )


def unknown(membership: Membership, reason: str = "connection_lost", **more: Any) -> Run:
    return make_run(
        membership,
        state=State.UNKNOWN,
        billing=Billing.UNKNOWN,
        status=None,
        error_kind=reason,
        reason=reason,
        **more,
    )


def make_file(
    membership: Membership,
    data: bytes = PNG,
    *,
    media_type: str = "image/png",
    kind: str = "image",
    **columns: Any,
) -> File:
    """Bytes in the media store and their row."""
    sha256 = hashlib.sha256(data).hexdigest()
    name = store.storage_name(str(membership.team_id), sha256)
    if not default_storage.exists(name):
        name = default_storage.save(name, ContentFile(data))
    file, _ = File.objects.get_or_create(
        team=membership.team,
        sha256=sha256,
        defaults={"size": len(data), "media_type": media_type, "kind": kind, "storage_name": name, **columns},
    )
    return file


def add_output(run: Run, file: File | None = None, **columns: Any) -> Output:
    state = Output.State.COPIED if file is not None else Output.State.LOST
    values: dict[str, Any] = {"position": run.outputs.count(), "file": file, "state": state, **columns}
    return Output.objects.create(run=run, **values)
