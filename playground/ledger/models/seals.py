"""The chain of keyed hashes over the entries, and what became of checking it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Mode
from playground.ledger import rules


class Seal(models.Model):
    """One block: ``count`` entries in the order of (xact, id), from after the block before to this one's last.

    ``digest`` is an HMAC over the block before, these bounds and every field of every entry, under the ring key
    ``key_name``. An entry's block and position follow from the order.

    Transaction numbers begin again in another PostgreSQL, so the order holds within one ``era``: the entries recorded
    after ``since``, up to the next era's. ``recorded_until`` is the latest ``recorded_at`` sealed so far.
    """

    block = models.PositiveBigIntegerField(primary_key=True)
    # Which columns of an entry were hashed, and in which order: see playground/ledger/blocks.py.
    form = models.PositiveSmallIntegerField(default=1)
    era = models.PositiveSmallIntegerField(default=1)
    since = models.DateTimeField(null=True)
    cluster = models.CharField(max_length=20)
    last_xact = models.BigIntegerField()
    last_id = models.UUIDField()
    recorded_until = models.DateTimeField()
    count = models.PositiveIntegerField()
    before = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    key_name = models.CharField(max_length=40)
    # Tells another key of the same name from a changed entry.
    key_check = models.CharField(max_length=16)
    sealed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="seal_stays",
                when=pgtrigger.Before,
                level=pgtrigger.Statement,
                operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
                func=rules.REFUSE_CHANGE,
            ),
        ]

    def __str__(self) -> str:
        return f"block {self.block}"


class LedgerCheck(models.Model):
    """What one check of the record found. A check of the chain belongs to no team: the chain runs through all."""

    class Kind(models.TextChoices):
        CHAIN = "chain", "Whole chain"
        BLOCK = "block", "Newest block"
        SUMS = "sums", "Sums"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=5, choices=Kind)
    team_id = models.UUIDField(null=True)
    mode = models.CharField(max_length=7, choices=Mode, blank=True)
    agrees = models.BooleanField()
    summary = models.CharField(max_length=300)
    # The first differences in words; the command names all of them.
    differences = ArrayField(models.CharField(max_length=300), default=list)
    checked_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["kind", "team_id", "mode", "-id"], name="ledger_check_newest")]

    def __str__(self) -> str:
        return self.summary
