"""What may be spent, and what has been."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Mode, Team


class Budget(models.Model):
    """A cap on dollars, on runs, or on both, for a part of the team's runs and a kind of period.

    Without ``person``, ``endpoint`` and ``category`` it covers the whole team; each of them narrows it. With
    ``per_member`` every member has the cap to themselves. Changing a budget ends it and begins another, so that what
    was in force at a time can be read later.
    """

    class Period(models.TextChoices):
        DAY = "day", "per day"
        WEEK = "week", "per week"
        MONTH = "month", "per month"
        TOTAL = "total", "in total"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="budgets")
    mode = models.CharField(max_length=7, choices=Mode)
    name = models.CharField(max_length=80)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    per_member = models.BooleanField(default=False)
    endpoint = models.CharField(max_length=120, blank=True)
    category = models.CharField(max_length=60, blank=True)
    period = models.CharField(max_length=5, choices=Period, default=Period.MONTH)
    limit_usd = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    limit_runs = models.PositiveIntegerField(null=True)
    # The first day that counts: the first of the period in which the budget was made.
    starts_on = models.DateField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by_label = models.CharField(max_length=254)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(limit_usd__isnull=False) | Q(limit_runs__isnull=False),
                name="budget_limits_something",
            ),
            models.CheckConstraint(
                condition=Q(limit_usd=None) | Q(limit_usd__gte=0), name="budget_limit_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(person=None) | Q(per_member=False), name="budget_one_member_or_each"
            ),
            models.CheckConstraint(
                condition=Q(endpoint="") | Q(category=""), name="budget_endpoint_or_category"
            ),
        ]
        indexes = [
            models.Index(fields=["team", "mode"], condition=Q(ended_at=None), name="budget_in_force"),
        ]

    def __str__(self) -> str:
        return self.name


class BudgetCounter(models.Model):
    """Spent, held and runs of one budget in one period. Moved by the entries' own trigger, in their transaction.

    ``subject`` is the member's id where each member has the cap to themselves, else empty.
    """

    pk = models.CompositePrimaryKey("budget_id", "subject", "start")
    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="counters")
    subject = models.CharField(max_length=36, blank=True)
    start = models.DateField()
    spent = models.DecimalField(max_digits=20, decimal_places=10, default=0)
    held = models.DecimalField(max_digits=20, decimal_places=10, default=0)
    runs = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.spent} + {self.held} from {self.start}"


class BudgetRequest(models.Model):
    """A person asks for more; an approved request raises the cap by an amount until its end.

    ``usd`` and ``runs`` are what the cap is raised by; ``asked_usd`` and ``asked_runs`` what was asked for.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="requests")
    # Whose cap is raised, where each member has one to themselves.
    subject = models.CharField(max_length=36, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_by_label = models.CharField(max_length=254)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    reason = models.CharField(max_length=300)
    asked_usd = models.DecimalField(max_digits=20, decimal_places=10, default=0)
    asked_runs = models.PositiveIntegerField(default=0)
    usd = models.DecimalField(max_digits=20, decimal_places=10, default=0)
    runs = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    until = models.DateTimeField(null=True)
    decided_by_label = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True)
    # Why it was declined: for the person who asked.
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(until__isnull=False), name="budget_request_raise_ends"
            ),
        ]
        indexes = [models.Index(fields=["budget", "state"], name="budget_request_state")]

    def __str__(self) -> str:
        return f"{self.asked_by_label} for {self.budget}"


class Freeze(models.Model):
    """Nothing more is spent by this person until it is lifted. The reason is shown to them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=7, choices=Mode)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300)
    frozen_by_label = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "mode", "person"], condition=Q(lifted_at=None), name="freeze_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.mode}"
