"""What people are told about money, once each, and where a team wants to hear it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Mode, Team
from playground.ledger.models.budgets import Budget, BudgetRequest


class Alert(models.Model):
    """One sentence about money. The row is written in the transaction that decides, and told after its commit.

    ``for_managers`` is for those who manage budgets; ``person`` is for that member, too or alone.
    """

    class Kind(models.TextChoices):
        HALF = "half", "Half used"
        MOST = "most", "80 % used"
        FULL = "full", "Used up"
        FORECAST = "forecast", "Will be used up"
        OUTLIER = "outlier", "Unusual cost"
        REQUEST = "request", "Somebody asks for more"
        ANSWER = "answer", "Answer to a request"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=7, choices=Mode)
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.CharField(max_length=600)
    for_managers = models.BooleanField(default=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    budget = models.ForeignKey(Budget, null=True, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=36, blank=True)
    start = models.DateField(null=True)
    run_id = models.UUIDField(null=True)
    request = models.ForeignKey(BudgetRequest, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When it was taken up for mail and webhook: whoever sets this sends it, so it is sent once.
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["budget", "subject", "start", "kind"],
                condition=Q(start__isnull=False),
                name="alert_once_a_period",
            ),
            models.UniqueConstraint(
                fields=["run_id", "kind"], condition=Q(run_id__isnull=False), name="alert_once_a_run"
            ),
            models.UniqueConstraint(
                fields=["request", "kind"], condition=Q(request__isnull=False), name="alert_once_a_request"
            ),
        ]
        indexes = [
            models.Index(fields=["team", "mode", "-created_at"], name="alert_newest"),
            models.Index(fields=["created_at"], condition=Q(told_at=None), name="alert_to_tell"),
        ]

    def __str__(self) -> str:
        return self.text


class AlertsRead(models.Model):
    """Up to which moment a person has read a team's alerts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=7, choices=Mode)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    up_to = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "mode", "person"], name="alerts_read_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} up to {self.up_to}"


class Webhook(models.Model):
    """Where a team's alerts are posted. The address is a secret: whoever knows it may post there."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="+")
    ciphertext = models.BinaryField()
    ring_key = models.CharField(max_length=40)
    host = models.CharField(max_length=253)
    set_by_label = models.CharField(max_length=254)
    set_at = models.DateTimeField(default=timezone.now)
    last_tried_at = models.DateTimeField(null=True)
    # Why the last message was not taken; empty when it was.
    last_problem = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.host
