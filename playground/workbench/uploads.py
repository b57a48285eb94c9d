"""Files a person attaches to a payload: kept once per team by hash, named in the text by a signed marker."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef, Sum
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from accounts import access
from accounts.models import Membership
from playground.runs import body, nudge, store
from playground.runs.models import File, Output, RunInput
from playground.segmind.reply import classify, media_type


class UploadProblem(ValueError):
    """A file that cannot be kept; the message is fit for the person."""


def keep_upload(*, membership: Membership, upload: "UploadedFile[bytes]") -> File:
    """The stored file. The same bytes of a team are one row, whoever brought them. Raises UploadProblem."""
    access.require(membership, access.Ability.RUN)
    size = upload.size or 0
    if size == 0:
        raise UploadProblem("This file is empty.")
    if size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES / 1024 / 1024
        raise UploadProblem(f"This file is {size / 1024 / 1024:.0f} MB; the limit is {limit:.0f} MB.")
    digest = hashlib.sha256()
    head = b""
    for chunk in upload.chunks():
        head = head or chunk[:16384]
        digest.update(chunk)
    sha256 = digest.hexdigest()
    kind = classify(upload.content_type, head)
    if not File.objects.filter(team=membership.team_id, sha256=sha256).exists():
        _check_room(membership, size)
    name = store.storage_name(str(membership.team_id), sha256)
    if not default_storage.exists(name):
        upload.seek(0)
        name = default_storage.save(name, upload)
    with transaction.atomic():
        file, _ = File.objects.get_or_create(
            team=membership.team,
            sha256=sha256,
            defaults={
                "size": size,
                "kind": kind.value,
                "media_type": media_type(kind, upload.content_type, head),
                "name": (upload.name or "file").replace("\x00", "")[:200],
                "storage_name": name,
            },
        )
        file.holders.add(membership.user)
        if file.kind == "image" and not file.thumbnail_name:
            transaction.on_commit(lambda: nudge.send("runs.thumbnail", file_id=str(file.id)))
    return file


def _check_room(membership: Membership, size: int) -> None:
    """Raises UploadProblem where new bytes are one file too many today, or more than unused files may fill.

    What other uploads bring at this very moment is not counted: the limits keep a disk from filling, not to the byte.
    """
    team = membership.team
    midnight = timezone.localtime(timezone=team.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    today = File.objects.filter(team=team, holders=membership.user_id, created_at__gte=midnight).count()
    if today >= settings.UPLOADS_PER_DAY:
        raise UploadProblem(
            f"You have attached {today} files today, which is the limit. The next day begins at midnight, {team.zone}."
        )
    used = [Exists(model.objects.filter(file=OuterRef("pk"))) for model in (RunInput, Output)]
    unused = File.objects.filter(*(~one for one in used), team=team).aggregate(total=Sum("size", default=0))
    if unused["total"] + size > settings.UNUSED_UPLOAD_BYTES:
        limit = filesizeformat(settings.UNUSED_UPLOAD_BYTES)
        raise UploadProblem(
            f"Files that no run has used may fill {limit} in this team, and this one is too much. Run with some of "
            "them first, or let an admin set for how long the team keeps files."
        )


@dataclass(frozen=True, slots=True)
class Chip:
    """What the editor shows in the place of a marker."""

    file: File
    how: body.How

    def as_json(self, membership: Membership, mode: str) -> dict[str, Any]:
        team = membership.team
        return {
            "marker": body.make_marker(team_id=team.id, file_id=self.file.id, how=self.how),
            "id": str(self.file.id),
            "name": self.file.name or f"{self.file.kind} {self.file.sha256[:8]}",
            "size": self.file.size,
            "sha256": self.file.sha256,
            "media_type": self.file.media_type,
            "thumbnail_url": (
                reverse("runs:file", args=[team.slug, self.file.id]) + "?size=thumb"
                if self.file.thumbnail_name
                else None
            ),
            "url": reverse("runs:file", args=[team.slug, self.file.id]),
            "how_url": reverse("workbench:file_how", args=[team.slug, mode, self.file.id]),
        }


def chips(text: str, *, membership: Membership, mode: str) -> dict[str, dict[str, Any]]:
    """What is known about every genuine marker in ``text`` whose file this person may see, by marker."""
    found = list(body.markers(text, team_id=membership.team_id))
    files = File.objects.visible_to(membership).in_bulk({marker.file_id for marker in found})
    known = {}
    for marker in found:
        file = files.get(marker.file_id)
        if file is not None:
            chip = Chip(file, marker.how).as_json(membership, mode)
            known[chip["marker"]] = chip
    return known
