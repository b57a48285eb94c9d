"""Open a version to run it. Whoever may read a payload may also send the files its author put into it."""

import uuid

from django.http import Http404

from accounts.models import Membership
from playground.payloads.models import PayloadVersion
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
    held = File.holders.through.objects
    unseen = version.files.exclude(id__in=File.objects.visible_to(membership).values("id"))
    held.bulk_create(
        [
            File.holders.through(file_id=file_id, user_id=membership.user_id)
            for file_id in unseen.values_list("id", flat=True)
        ],
        ignore_conflicts=True,
    )
    return version
