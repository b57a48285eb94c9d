"""Moving stored keys to the newest ring key, a batch at a time, beside a running system."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from accounts import vault
from accounts.models import ApiKey, Team


@dataclass(frozen=True)
class RingCount:
    """How many stored keys one ring key protects."""

    ring_key: str
    rows: int
    newest: bool
    in_ring: bool  # False: the environment has lost this ring key, so its rows can't be read

    @property
    def removable(self) -> bool:
        return self.in_ring and not self.newest and self.rows == 0


@dataclass(frozen=True)
class Progress:
    on_newest: int
    total: int
    unreadable: tuple[str, ...]  # "label …last four (row id)" of the rows met so far that can't be opened

    def __str__(self) -> str:
        return f"{self.on_newest} of {self.total} rows on the newest key"


def survey(team: Team | None = None) -> list[RingCount]:
    """Rows per ring key, newest first, of one team or the whole installation; unused ring keys count 0."""
    rows = ApiKey.objects.filter(ciphertext__isnull=False)
    if team is not None:
        rows = rows.filter(team=team)
    counts = dict(rows.order_by().values_list("ring_key").annotate(rows=Count("id")))
    ring = vault.ring_key_names()
    lost = sorted(name for name in counts if name not in ring)
    return [
        RingCount(name, counts.get(name, 0), newest=name == ring[0], in_ring=name in ring)
        for name in [*ring, *lost]
    ]


def unreadable_rows(team: Team | None = None) -> int:
    rows = ApiKey.objects.filter(needs_reentry=True, ciphertext__isnull=False)
    return (rows.filter(team=team) if team is not None else rows).count()


def _count() -> tuple[int, int]:
    totals = ApiKey.objects.filter(ciphertext__isnull=False).aggregate(
        total=Count("id"), newest=Count("id", filter=Q(ring_key=vault.newest_ring_key()))
    )
    return totals["newest"], totals["total"]


def rotate(*, batch: int = 100) -> Iterator[Progress]:
    """Encrypts every stored key under the newest ring key, reporting before the first and after each batch.

    May be stopped between any two rows and started again: rows already moved are passed over. Each row is
    written only if its ciphertext is still the one that was read, so a key replaced meanwhile is never
    overwritten. Rows marked as needing re-entry are tried again, and cleared when a lost ring key is back.
    """
    unreadable: list[str] = []
    yield Progress(*_count(), ())
    after: UUID | None = None
    while True:
        rows = ApiKey.objects.filter(ciphertext__isnull=False).order_by("id")
        rows = rows.filter(~Q(ring_key=vault.newest_ring_key()) | Q(needs_reentry=True))
        if after is not None:
            rows = rows.filter(id__gt=after)
        found = list(rows[:batch])
        if not found:
            return
        unreadable.extend(f"{key} ({key.id})" for key in found if not _move(key))
        after = found[-1].id
        yield Progress(*_count(), tuple(unreadable))


def _move(key: ApiKey) -> bool:
    try:
        plain = vault.decrypt(key)
    except vault.Unreadable:
        return False
    ciphertext, ring_key = vault.encrypt(plain, row_id=key.id, team_id=key.team_id, owner_ref=key.owner_ref)
    ApiKey.objects.filter(id=key.id, ciphertext=key.ciphertext).update(
        ciphertext=ciphertext, ring_key=ring_key, needs_reentry=False
    )
    return True
