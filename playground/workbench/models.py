"""What a person is working on."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import access
from accounts.access import Ability
from accounts.models import ApiKey, Membership, Mode, Team
from playground.payloads.models import PayloadVersion
from playground.runs.models import Run


class Draft(models.Model):
    """The text one person has open for one endpoint of one team; ``revision`` grows with every save."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=120)
    text = models.TextField()
    version = models.PositiveSmallIntegerField(null=True)
    # The saved payload it began from: its variables stand beside Run, its tag goes along.
    payload_version = models.ForeignKey(
        PayloadVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "team", "endpoint"], name="draft_unique")]

    def __str__(self) -> str:
        return f"{self.endpoint} of {self.person_id}"


class SweepQuerySet(models.QuerySet["Sweep"]):
    def visible_to(self, membership: Membership) -> Self:
        """The team's sweeps; only one's own where runs are private, and none without SEE_CONTENT."""
        if not access.can(membership, Ability.SEE_CONTENT):
            return self.none()
        sweeps = self.filter(team=membership.team_id)
        return sweeps.filter(person=membership.user_id) if membership.team.own_runs_only else sweeps


class Sweep(models.Model):
    """One text run over a grid of values. ``fields`` is what ``grid.as_data`` wrote; ``text`` never changes.

    Only cells know what was started; the table says what is to do, so a restart goes on where it was.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        FINISHED = "finished", "Finished"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=7, choices=Mode)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    person_label = models.CharField(max_length=254)
    endpoint = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField()
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="+")
    payload_version = models.ForeignKey(
        PayloadVersion, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    tag = models.CharField(max_length=60, blank=True)
    text = models.TextField()
    fields: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(default=list)
    cap_usd = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    cap_runs = models.PositiveIntegerField()
    per_minute = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    # Why it stopped, in words for the person.
    reason = models.CharField(max_length=1000, blank=True)
    # After a rate limit nothing is started before this moment.
    not_before = models.DateTimeField(null=True)
    # One per opened form: a double click makes one sweep.
    token = models.UUIDField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    objects = SweepQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "token"], name="sweep_token_once")]
        indexes = [
            models.Index(fields=["team", "mode", "-id"], name="sweep_newest"),
            models.Index(fields=["api_key"], condition=Q(state="running"), name="sweep_running"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.state} {self.id}"

    @property
    def is_erased(self) -> bool:
        """Whether the team's time for words is over: text, fields and values are gone, its runs are not."""
        return not self.text

    def may_change(self, membership: Membership) -> bool:
        """Resume it, run its cells again, pick winners: it spends its own person's money."""
        is_own = access.can(membership, Ability.RUN) and self.person_id == membership.user_id
        return is_own and not self.is_erased

    def may_stop(self, membership: Membership) -> bool:
        return self.may_change(membership) or access.can(membership, Ability.MANAGE_MEMBERS)


class SweepCell(models.Model):
    """One combination of values, as JSON literals in the order of the sweep's fields; ``run`` is its newest run."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        STARTED = "started", "Started"
        # Left behind by a sweep that stopped, until it is resumed.
        UNSENT = "unsent", "Not sent"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="cells")
    position = models.PositiveSmallIntegerField()
    literals: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    run = models.OneToOneField(Run, null=True, on_delete=models.SET_NULL, related_name="sweep_cell")
    attempts = models.PositiveSmallIntegerField(default=0)
    # How often a rate limit made it wait since a person last asked for it.
    waits = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    picked = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sweep", "position"], name="sweep_cell_once")]

    def __str__(self) -> str:
        return f"cell {self.position} of {self.sweep_id}"


class SweepRun(models.Model):
    """Every run that a cell ever had, and when it was started with which key: the pace is counted from here."""

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.CASCADE, related_name="sweep_run")
    cell = models.ForeignKey(SweepCell, on_delete=models.CASCADE, related_name="runs")
    attempt = models.PositiveSmallIntegerField()
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, db_index=False, related_name="+")
    started_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cell", "attempt"], name="sweep_run_once")]
        indexes = [models.Index(fields=["api_key", "-started_at"], name="sweep_pace")]

    def __str__(self) -> str:
        return f"run {self.attempt} of {self.cell_id}"
