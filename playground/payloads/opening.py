"""Open a version to run it. Whoever may read a payload may also send the files its author put into it."""

import uuid
from collections.abc import Collection

from django.http import Http404

from accounts.models import Membership
from playground.payloads.models import PayloadFile, PayloadVersion
from playground.runs.models import File


def find_version(membership: Membership, version_id: uuid.UUID) -> PayloadVersion | None:
    """The version, unless this person may not read it or it is in the trash."""
    versions = PayloadVersion.objects.visible_to(membership).filter(payload__trashed_at=None)
    return versions.select_related("payload").filter(id=version_id).first()


def open_version(*, membership: Membership, version_id: uuid.UUID) -> PayloadVersion:
    """The version, its files now this person's to send, too. Http404 where there is none to open."""
    version = find_version(membership, version_id)
    if version is None:
        raise Http404
    hold(membership, set(version.files.values_list("id", flat=True)))
    return version


def sendable_files(membership: Membership, file_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the files that this person sees, or that a payload which they may open would give them."""
    seen = set(File.objects.visible_to(membership).filter(id__in=file_ids).values_list("id", flat=True))
    versions = PayloadVersion.objects.visible_to(membership).filter(payload__trashed_at=None)
    opened = PayloadFile.objects.filter(version__in=versions, file__in=file_ids)
    return seen | set(opened.values_list("file_id", flat=True))


def hold(membership: Membership, file_ids: Collection[uuid.UUID]) -> None:
    """Makes files this person's to send, where they are not yet."""
    unseen = set(file_ids) - set(
        File.objects.visible_to(membership).filter(id__in=file_ids).values_list("id", flat=True)
    )
    File.holders.through.objects.bulk_create(
        [File.holders.through(file_id=file_id, user_id=membership.user_id) for file_id in unseen],
        ignore_conflicts=True,
    )
