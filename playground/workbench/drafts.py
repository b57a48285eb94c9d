"""Drafts live on the server. One that was changed in another tab is announced, never overwritten."""

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, F, Func, Q, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from accounts.models import Membership
from playground.payloads.models import PayloadVersion
from playground.workbench.models import Draft

MAX_TEXT = 8 * 1024 * 1024


class OctetLength(Func):
    function = "OCTET_LENGTH"


class DraftConflict(Exception):
    """Another tab has saved since: ``theirs`` is what it saved."""

    def __init__(self, theirs: Draft) -> None:
        super().__init__("This draft was changed in another tab.")
        self.theirs = theirs


class DraftTooLarge(ValueError):
    """A draft that is not kept; the message is fit for the person."""


def find_draft(*, membership: Membership, endpoint: str) -> Draft | None:
    return Draft.objects.filter(person=membership.user_id, team=membership.team_id, endpoint=endpoint).first()


def save_draft(
    *,
    membership: Membership,
    endpoint: str,
    text: str,
    version: int | None,
    base: int,
    payload_version: PayloadVersion | None = None,
) -> int:
    """The new revision. ``base`` is the revision the tab started from, 0 for none.

    ``payload_version`` is the saved payload the text began from.

    Raises DraftConflict when the stored draft has moved on and says something else; DraftTooLarge above 8 MB, or
    where it would carry the team's drafts over their limit. Invalid JSON is kept: a draft is whatever was typed.
    """
    if len(text) > MAX_TEXT:
        raise DraftTooLarge("This draft is larger than 8 MB, so it is not kept on the server.")
    text = text.replace("\x00", "\ufffd").encode(errors="replace").decode()
    with transaction.atomic():
        _check_room(membership, endpoint, text)
        draft, made = Draft.objects.get_or_create(
            person_id=membership.user_id,
            team_id=membership.team_id,
            endpoint=endpoint,
            defaults={"text": text, "version": version, "payload_version": payload_version},
        )
        if made:
            return draft.revision
        changed = Draft.objects.filter(id=draft.id, revision=base).update(
            text=text,
            version=version,
            payload_version=payload_version,
            revision=F("revision") + 1,
            updated_at=timezone.now(),
        )
        if changed:
            return base + 1
        draft.refresh_from_db()
        if draft.text == text:
            # The page before this one saved it on its way out; what else is said of it is this page's to say.
            Draft.objects.filter(id=draft.id).update(version=version, payload_version=payload_version)
            return draft.revision
        raise DraftConflict(draft)


def _check_room(membership: Membership, endpoint: str, text: str) -> None:
    """A draft that shrinks is always kept, so that a full team can make room."""
    bytes_of = OctetLength("text", output_field=BigIntegerField())
    mine = Q(person=membership.user_id, endpoint=endpoint)
    sizes = Draft.objects.filter(team=membership.team_id).aggregate(
        others=Sum(bytes_of, filter=~mine, default=0), before=Sum(bytes_of, filter=mine, default=0)
    )
    size = len(text.encode())
    if size > sizes["before"] and sizes["others"] + size > settings.DRAFT_BYTES:
        limit = filesizeformat(settings.DRAFT_BYTES)
        raise DraftTooLarge(
            f"Draft not saved: the drafts of this team fill their limit of {limit}. Copy the text before you leave."
        )
