"""The record itself: one row for each change of what a run holds or costs."""

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from accounts.models import Mode
from playground.ledger import rules


class Kind(models.TextChoices):
    """What an entry says.

    A *hold* reserves money before the request leaves, or says that a reservation stays because the outcome is in
    doubt. A *charge* is a bill. A *release* gives a hold back. A *correction* changes what an earlier entry said.
    """

    HOLD = "hold", "Hold"
    CHARGE = "charge", "Charge"
    RELEASE = "release", "Release"
    CORRECTION = "correction", "Correction"


class MadeBy(models.TextChoices):
    """What led to an entry."""

    RUN = "run", "The run itself"
    PERSON = "person", "A person"
    RESOLVER = "resolver", "The provider's history"
    MIGRATION = "migration", "Taken over from before the ledger"


class EntryQuerySet(models.QuerySet["Entry"]):
    def of(self, *, team_id: object, mode: str) -> Self:
        return self.filter(team_id=team_id, mode=mode)

    def in_order(self) -> Self:
        """As they were recorded, by the database's one clock."""
        return self.order_by("recorded_at", "id")


class Entry(models.Model):
    """One change of money. PostgreSQL refuses to change or remove a row, and keeps every sum in step with it.

    ``held`` and ``spent`` are what this entry adds to or takes from the two sums, in US dollars. ``billing``, ``cost``
    and ``state`` are what is known of the run from here on; the last entry of a run tells its billing alone. Evidence
    has only the keys of ``rules.EVIDENCE_KEYS``: never a body, a prompt or the words of an error.

    ``effective_at`` is the run's submission, and ``day`` its day in the team's zone of that time: history, rollups,
    budgets and periods use them. A fact that comes after its period was closed takes effect at the first moment of the
    open one and keeps its own time in ``original_at`` and ``original_day``. ``recorded_at`` is the database's clock:
    sealing and reconciliation use it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    made_by = models.CharField(max_length=9, choices=MadeBy, default=MadeBy.RUN)
    team_id = models.UUIDField()
    mode = models.CharField(max_length=7, choices=Mode)
    run_id = models.UUIDField()
    person_id = models.UUIDField(null=True)
    person_label = models.CharField(max_length=254)
    key_id = models.UUIDField()
    key_label = models.CharField(max_length=80)
    key_last_four = models.CharField(max_length=4)
    endpoint = models.CharField(max_length=120)
    category = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=12)
    tag = models.CharField(max_length=60, blank=True)
    # The parameters that move the price, such as "duration=5 resolution=720p": what holds of the same size learn from.
    size = models.CharField(max_length=120, blank=True)

    held = models.DecimalField(max_digits=20, decimal_places=10, default=0)
    spent = models.DecimalField(max_digits=20, decimal_places=10, default=0)
    cost = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    billing = models.CharField(max_length=10)
    billing_before = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=9)
    state_before = models.CharField(max_length=9, blank=True)
    error_kind = models.CharField(max_length=40, blank=True)
    seconds = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    evidence = models.JSONField(default=dict)
    rule_version = models.PositiveSmallIntegerField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    effective_at = models.DateTimeField()
    day = models.DateField()
    original_at = models.DateTimeField(null=True)
    original_day = models.DateField(null=True)
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    # The writing transaction: what lies below the oldest one still running is complete and can be sealed.
    xact = models.BigIntegerField(
        db_default=Func(template=rules.CURRENT_TRANSACTION, output_field=models.BigIntegerField()),
        editable=False,
    )

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="entry_kind_known"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="entry_mode_known"),
            models.CheckConstraint(
                condition=(Q(kind=Kind.HOLD, held__gte=0, spent=0))
                | Q(kind=Kind.RELEASE, held__lte=0, spent=0)
                | Q(kind=Kind.CHARGE, held__lte=0, spent__gte=0)
                | Q(kind=Kind.CORRECTION, held__lte=0),
                name="entry_moves_what_its_kind_says",
            ),
            models.CheckConstraint(
                condition=Q(cost=None) | Q(billing="billed", cost__gte=0), name="entry_cost_is_billed"
            ),
            models.CheckConstraint(
                condition=Q(original_at=None, original_day=None)
                | Q(kind=Kind.CORRECTION, original_day__lt=F("day")),
                name="entry_moved_is_a_correction",
            ),
        ]
        indexes = [
            models.Index(fields=["run_id"], name="entry_of_run"),
            models.Index(fields=["team_id", "mode", "day", "id"], name="entry_of_day"),
            models.Index(fields=["xact", "id"], name="entry_to_seal"),
            models.Index(
                fields=["team_id", "mode", "kind", "day", "id"],
                condition=Q(kind__in=("release", "correction")),
                name="entry_of_rare_kind",
            ),
            # What reconciling reads: the money of one key by the time of record, and the balances that came with it.
            models.Index(fields=["key_id", "recorded_at"], condition=~Q(spent=0), name="entry_of_key"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="entry_stays",
                when=pgtrigger.Before,
                level=pgtrigger.Statement,
                operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
                func=rules.REFUSE_CHANGE,
            ),
            pgtrigger.Trigger(
                name="entry_counts",
                when=pgtrigger.After,
                level=pgtrigger.Statement,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="fresh"),  # type: ignore[no-untyped-call]
                declare=[("refusal", "record")],
                func=rules.COUNT_ENTRIES,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.run_id}"


class OpenHold(models.Model):
    """What is reserved now: one row for each run whose cost is not known yet. Kept by the entries' own trigger."""

    run_id = models.UUIDField(primary_key=True)
    team_id = models.UUIDField()
    mode = models.CharField(max_length=7, choices=Mode)
    person_id = models.UUIDField(null=True)
    key_id = models.UUIDField()
    endpoint = models.CharField(max_length=120)
    category = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=12)
    tag = models.CharField(max_length=60, blank=True)
    amount = models.DecimalField(max_digits=20, decimal_places=10)
    billing = models.CharField(max_length=10)
    effective_at = models.DateTimeField()
    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["team_id", "mode", "day"], name="open_hold_of_day")]

    def __str__(self) -> str:
        return f"$ {self.amount} for {self.run_id}"
