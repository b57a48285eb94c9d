"""What the provider said of balances, and what people said about it."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Mode
from playground.ledger import rules


def _only_grows(name: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        level=pgtrigger.Statement,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func=rules.REFUSE_CHANGE,
    )


class BalanceSource(models.TextChoices):
    """Where a balance was read."""

    HEADER = "header", "x-remaining-credits"
    METRICS = "metrics", "metrics.remaining_credits"
    CHECK = "check", "Balance call"


class Snapshot(models.Model):
    """One balance as the provider told it, in US dollars, read at some moment from ``since`` to ``at``.

    ``total`` is both kinds of credits together; the answer to a run tells no more than that. ``charged`` is what the
    run itself cost: its own balance has that taken off already. Times are the database's, as those of entries.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team_id = models.UUIDField()
    mode = models.CharField(max_length=7, choices=Mode)
    key_id = models.UUIDField()
    source = models.CharField(max_length=7, choices=BalanceSource)
    total = models.DecimalField(max_digits=20, decimal_places=10)
    credits = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    free = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    charged = models.DecimalField(max_digits=20, decimal_places=10, default=0)
    run_id = models.UUIDField(null=True)
    since = models.DateTimeField()
    at = models.DateTimeField(db_default=Now())
    # Differs from what this key's balance was before: only such ones can show that two keys share an account.
    moved = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run_id"], condition=Q(run_id__isnull=False), name="snapshot_once_per_run"
            ),
        ]
        indexes = [
            models.Index(fields=["key_id", "at"], name="snapshot_of_key"),
            models.Index(fields=["mode", "total"], condition=Q(moved=True), name="snapshot_moved"),
        ]

    def __str__(self) -> str:
        return f"$ {self.total} at {self.at}"


class SharedBalance(models.Model):
    """Two keys whose balances moved together so often that they may belong to one account of the provider."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mode = models.CharField(max_length=7, choices=Mode)
    first_id = models.UUIDField()
    second_id = models.UUIDField()
    first_team_id = models.UUIDField()
    second_team_id = models.UUIDField()
    times = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first_id", "second_id"], name="shared_balance_once"),
            models.CheckConstraint(condition=Q(first_id__lt=F("second_id")), name="shared_balance_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"


class SharedVerdict(models.Model):
    """What one team's people said about such a pair; the newest of a team counts. Rows stay."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pair_id = models.UUIDField()
    team_id = models.UUIDField()
    together = models.BooleanField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["pair_id", "team_id", "-id"], name="shared_verdict_newest")]
        triggers = [_only_grows("shared_verdict_stays")]

    def __str__(self) -> str:
        return f"{'together' if self.together else 'apart'}, says {self.actor_label}"


class StepKind(models.TextChoices):
    """What moved a balance that no run of ours explains."""

    TOP_UP = "top_up", "Top-up"
    REFUND = "refund", "Refund"
    EXPIRY = "expiry", "Credits expired"
    OUTSIDE = "outside", "Calls outside Atelier"
    OTHER = "other", "Other"


class StepName(models.Model):
    """A person's word for one unexplained step of an account's balance; the newest for a step counts. Rows stay.

    The step is known by the moment at which it was seen; ``key_id`` is any key of the account.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team_id = models.UUIDField()
    mode = models.CharField(max_length=7, choices=Mode)
    key_id = models.UUIDField()
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=20, decimal_places=10)
    kind = models.CharField(max_length=7, choices=StepKind)
    note = models.CharField(max_length=300)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["key_id", "at"], name="step_name_of_key")]
        triggers = [_only_grows("step_name_stays")]

    def __str__(self) -> str:
        return f"{self.kind} of $ {self.amount}"


class AccountState(models.Model):
    """How the books of one account stood when its balance was last seen: read by pages that may not walk them.

    ``key_id`` is the team's first key of the account. ``unexplained`` is never negative; ``moving`` is how much of the
    agreement still depends on calls that were under way. Between ``seen_since`` and ``checked_at`` books and balances
    were compared: where the two are one, there was nothing to compare yet.
    """

    key_id = models.UUIDField(primary_key=True)
    team_id = models.UUIDField()
    mode = models.CharField(max_length=7, choices=Mode)
    keys = models.PositiveIntegerField()
    unexplained = models.DecimalField(max_digits=20, decimal_places=10)
    moving = models.DecimalField(max_digits=20, decimal_places=10)
    unexplained_since = models.DateTimeField(null=True)
    total = models.DecimalField(max_digits=20, decimal_places=10)
    free = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    seen_since = models.DateTimeField()
    checked_at = models.DateTimeField()
    mailed_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["team_id", "mode"], name="account_state_of_team")]

    def __str__(self) -> str:
        return f"$ {self.unexplained} unexplained at {self.checked_at}"

    @property
    def compared(self) -> bool:
        return self.checked_at > self.seen_since
