"""Somebody leaves: what they shared goes to another person, what was theirs alone into the trash."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Membership, User
from playground.payloads import outside
from playground.payloads.models import Payload, PayloadFavourite, Visibility


def hand_on(*, team_id: UUID, leaving: User, heir: Membership | None, actor: User | None) -> int:
    """How many shared payloads went to ``heir``; without one they stay nobody's. Versions keep their authors."""
    with transaction.atomic():
        theirs = Payload.objects.filter(team=team_id, owner=leaving)
        theirs.filter(visibility=Visibility.PRIVATE, trashed_at=None).update(
            trashed_at=timezone.now(), trashed_by=leaving.label
        )
        shared = theirs.exclude(visibility=Visibility.PRIVATE)
        handed = 0
        if heir is not None:
            handed = shared.update(owner=heir.user, owner_label=heir.user.label)
        Payload.readers.through.objects.filter(payload__team=team_id, user=leaving).delete()
        PayloadFavourite.objects.filter(payload__team=team_id, person=leaving).delete()
        outside.end_links_of(team_id=team_id, leaving=leaving, actor=actor)
        if handed and heir is not None:
            audit.record(
                team=heir.team,
                actor=actor,
                verb="payload.handed",
                target=leaving.label,
                after={"to": heir.user.label, "payloads": handed},
            )
        return handed
