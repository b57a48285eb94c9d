"""A fork is a copy that knows its source, inside one team. What changed there can be taken over, diff first."""

from dataclasses import dataclass

from django.db import transaction

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.payloads.models import Payload, PayloadVersion
from playground.payloads.saving import PayloadProblem, save_payload, save_version
from playground.payloads.variables import from_data


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fork comes from, as one person sees it. ``newer`` is what can be taken over; None where nothing can.

    ``payload`` is None when it is gone, in the trash, or not shared with this person; its name is then told only to
    whoever made the fork and knew it, and ``label`` is empty for others.
    """

    label: str
    payload: Payload | None
    taken: PayloadVersion | None
    newer: PayloadVersion | None


def source_of(*, membership: Membership, payload: Payload) -> Source | None:
    """None for what is no fork."""
    if not payload.forked_label:
        return None
    kept = Payload.objects.visible_to(membership).kept()
    found = kept.filter(forks=payload.id).first() if payload.forked_from_id else None
    if found is None:
        label = payload.forked_label if payload.owner_id == membership.user_id else ""
        return Source(label, None, None, None)
    taken = payload.forked_version
    newest = found.versions.get(number=found.newest)
    newer = newest if taken is None or newest.number > taken.number else None
    return Source(found.name, found, taken, newer)


def fork(*, membership: Membership, version: PayloadVersion, name: str = "") -> Payload:
    """A private payload of this person's own, with the text of ``version``. Raises PayloadProblem."""
    source = Payload.objects.visible_to(membership).get(id=version.payload_id)
    with transaction.atomic():
        copy = save_payload(
            membership=membership,
            name=name or source.name,
            endpoint=source.endpoint,
            version=version.version,
            text=version.text,
            variables=from_data(version.variables),
            message=f"Forked from version {version.number}",
            notes=source.notes,
            tags=source.tags,
            folder=source.folder,
            run_tag=source.run_tag,
            cover=source.cover,
            keeps_files_of=version,
        )
        copy.forked_from, copy.forked_version, copy.forked_label = source, version, source.name
        copy.save(update_fields=["forked_from", "forked_version", "forked_label"])
    return copy


def pull(*, membership: Membership, payload: Payload, newer: PayloadVersion, base: int) -> PayloadVersion:
    """The source's ``newer`` version as the fork's next one; what the fork said before stays as a version.

    ``base`` is the number of the fork's version that the diff was shown for. Raises NewerVersion, PayloadProblem.
    """
    access.require(membership, Ability.RUN)
    with transaction.atomic():
        source = source_of(membership=membership, payload=payload)
        if source is None or source.payload is None or newer.payload_id != source.payload.id:
            raise PayloadProblem("payload", "The source of this payload is gone, so nothing was taken over.")
        added = save_version(
            membership=membership,
            payload=payload,
            base=base,
            version=newer.version,
            text=newer.text,
            variables=from_data(newer.variables),
            message=f"Taken over from {source.label}, version {newer.number}",
            keeps_files_of=newer,
        )
        Payload.objects.filter(id=payload.id).update(forked_version=newer)
    return added
