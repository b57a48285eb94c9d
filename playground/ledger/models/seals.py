"""The chain of keyed hashes over the entries."""

from django.db import models
from django.utils import timezone


class Seal(models.Model):
    """One block: ``count`` entries in the order of (xact, id), from after the block before to this one's last.

    ``digest`` is an HMAC over the block before, these bounds and every field of every entry, under the ring key
    ``key_name``. An entry's block and position follow from the order.
    """

    block = models.PositiveBigIntegerField(primary_key=True)
    last_xact = models.BigIntegerField()
    last_id = models.UUIDField()
    count = models.PositiveIntegerField()
    before = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    key_name = models.CharField(max_length=40)
    sealed_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"block {self.block}"
