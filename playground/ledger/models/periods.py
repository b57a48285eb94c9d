"""Periods that are closed."""

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Mode, Team


class PeriodClose(models.Model):
    """Everything up to ``last_day`` is frozen; what comes later takes effect at ``opens_at``, on ``opens_on``.

    The sums are those of the closed days at that moment, and the head of the sealed chain pins them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=7, choices=Mode)
    first_day = models.DateField()
    last_day = models.DateField()
    opens_on = models.DateField()
    opens_at = models.DateTimeField()
    spent = models.DecimalField(max_digits=20, decimal_places=10)
    runs = models.IntegerField()
    billed = models.IntegerField()
    head = models.CharField(max_length=64, blank=True)
    closed_by_label = models.CharField(max_length=254)
    closed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "mode", "last_day"], name="period_closed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"
