"""What is said about a payload beside its text: name, notes, place, tag, cover, and who sees it."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import access, audit
from accounts.access import Ability
from accounts.models import Membership, User
from playground.payloads import exposure, sheets
from playground.payloads.models import Payload, PayloadFavourite, Visibility
from playground.payloads.saving import (
    PayloadProblem,
    clean_folder,
    clean_name,
    clean_tags,
    clean_words,
    save_version,
)
from playground.payloads.variables import as_data
from playground.runs.models import Output


def change_details(
    *,
    membership: Membership,
    payload: Payload,
    name: str,
    notes: str,
    tags: Iterable[str],
    folder: str,
    run_tag: str,
) -> None:
    """Whoever reads it may do this. Raises PayloadProblem, and a Leak where others would read a key in it."""
    access.require(membership, Ability.RUN)
    changes: dict[str, Any] = {
        "name": clean_name(name),
        "notes": clean_words(notes),
        "tags": clean_tags(tags),
        "folder": clean_folder(folder),
        "run_tag": clean_words(run_tag)[:60],
    }
    with transaction.atomic():
        locked = _locked(membership, payload)
        if locked.is_shared:
            exposure.check_words(changes)
        Payload.objects.filter(id=locked.id).update(**changes, updated_at=timezone.now())


def set_cover(*, membership: Membership, payload: Payload, output: Output | None) -> None:
    """``output`` is one of a run that this person may see, or None for no picture."""
    access.require(membership, Ability.RUN)
    with transaction.atomic():
        Payload.objects.filter(id=_locked(membership, payload).id).update(cover=output)


CHANGED = "It changed while you looked. This is what others would see now."


class ChangedMeanwhile(PayloadProblem):
    """What was confirmed is no longer what would be shown. Nothing was done."""

    def __init__(self) -> None:
        super().__init__("payload", CHANGED)


def share(
    *,
    membership: Membership,
    payload: Payload,
    visibility: str,
    readers: Iterable[User] = (),
    keep_files: bool = False,
    seen: str | None = None,
    request: HttpRequest | None = None,
) -> None:
    """Say who sees it. Every version, its notes and defaults are looked through for keys first: raises Leak.

    Files inside the text become slots, in a version of its own; versions that carry some stay with whoever wrote
    them. ``keep_files`` does the same with the team's own files, which go along otherwise. ``seen`` is the digest of
    the sheet that was confirmed: raises ChangedMeanwhile. Raises PermissionDenied for whoever may not manage it,
    PayloadProblem for nobody named.
    """
    chosen = check_readers(visibility, readers)
    with transaction.atomic():
        locked = _locked(membership, payload)
        if not locked.may_manage(membership):
            raise PermissionDenied
        if visibility != Visibility.PRIVATE:
            _prepare(membership, locked, seen, keep_files)
        before = locked.visibility
        locked.visibility = visibility
        locked.save(update_fields=["visibility", "shared_from"])
        locked.readers.set(chosen)
        audit.record(
            team=locked.team,
            actor=membership.user,
            verb="payload.shared",
            target=locked.name if visibility != Visibility.PRIVATE or before != Visibility.PRIVATE else "",
            before={"visibility": before},
            after={"visibility": visibility, "readers": ", ".join(sorted(user.label for user in chosen))}
            if chosen
            else {"visibility": visibility},
            request=request,
        )
    payload.visibility = visibility


def check_readers(visibility: str, readers: Iterable[User]) -> list[User]:
    """The people it is for. Raises PayloadProblem where somebody has to be named and nobody is."""
    chosen = list(readers) if visibility == Visibility.NAMED else []
    if visibility == Visibility.NAMED and not chosen:
        raise PayloadProblem("readers", "Name at least one person, or choose who else sees it.")
    return chosen


def _prepare(membership: Membership, payload: Payload, seen: str | None, keep_files: bool) -> None:
    sheet = sheets.for_the_team(payload=payload, keep_files=keep_files)
    if seen is not None and seen != sheet.digest:
        raise ChangedMeanwhile
    if sheet.text != sheet.version.text or as_data(sheet.variables) != sheet.version.variables:
        save_version(
            membership=membership,
            payload=payload,
            base=payload.newest,
            version=sheet.version.version,
            text=sheet.text,
            variables=sheet.variables,
            message="Files became slots before it was shared",
        )
    payload.shared_from = sheets.first_shown(payload, keep_files=keep_files)


def toggle_favourite(*, membership: Membership, payload: Payload) -> bool:
    """Turns the star on or off; the answer is whether it is on now."""
    with transaction.atomic():
        removed, _ = PayloadFavourite.objects.filter(person=membership.user, payload=payload).delete()
        if removed:
            return False
        PayloadFavourite.objects.get_or_create(person=membership.user, payload=payload)
        return True


def _locked(membership: Membership, payload: Payload) -> Payload:
    visible = Payload.objects.visible_to(membership).select_related("team")
    locked = visible.select_for_update(of=("self",)).get(id=payload.id)
    if locked.trashed_at is not None:
        raise PayloadProblem("payload", "This payload is in the trash. Restore it first.")
    return locked
