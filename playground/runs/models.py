"""A run is one request to the provider; its row exists before the request leaves."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import access
from accounts.models import ApiKey, Membership, Mode, Team
from playground.segmind import billing as rules


class State(models.TextChoices):
    """Where a run stands. What it cost is another fact: see Billing."""

    QUEUED = rules.State.QUEUED.value, "Queued"
    SENDING = rules.State.SENDING.value, "Sending"
    ACCEPTED = rules.State.ACCEPTED.value, "Accepted"
    SUCCEEDED = rules.State.SUCCEEDED.value, "Succeeded"
    REFUSED = rules.State.REFUSED.value, "Refused"
    FAILED = rules.State.FAILED.value, "Failed"
    CANCELLED = rules.State.CANCELLED.value, "Cancelled"
    NOT_SENT = rules.State.NOT_SENT.value, "Not sent"
    UNKNOWN = rules.State.UNKNOWN.value, "Unknown"


OPEN_STATES = (State.QUEUED, State.SENDING, State.ACCEPTED)


class Billing(models.TextChoices):
    PENDING = rules.Billing.PENDING.value, "Pending"
    BILLED = rules.Billing.BILLED.value, "Billed"
    NOT_BILLED = rules.Billing.NOT_BILLED.value, "Not billed"
    UNKNOWN = rules.Billing.UNKNOWN.value, "Unknown"


class CostSource(models.TextChoices):
    HEADER = rules.CostSource.HEADER.value, "x-cost header"
    METRICS = rules.CostSource.METRICS.value, "metrics.cost"
    HISTORY = rules.CostSource.HISTORY.value, "provider history"
    PERSON = rules.CostSource.PERSON.value, "entered by a person"


class Source(models.TextChoices):
    """What made the run."""

    PLAYGROUND = "playground", "Playground"
    DEMO = "demo", "Demo"
    ROWS = "rows", "Rows of a table"


NEEDS_PERSON = Q(billing=Billing.UNKNOWN) | Q(billing=Billing.BILLED, cost__isnull=True)


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, membership: Membership) -> Self:
        """The team's runs this person may see: all of them, or their own where the team says so."""
        runs = self.filter(team_id=membership.team_id)
        return runs if access.sees_all_runs(membership) else runs.filter(person_id=membership.user_id)

    def in_mode(self, mode: str) -> Self:
        return self.filter(mode=mode)

    def newest_first(self) -> Self:
        return self.order_by("-id")

    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def needing_a_person(self) -> Self:
        return self.filter(NEEDS_PERSON)


class Run(models.Model):
    """One request: its state, its billing and its cost are three facts, each with evidence.

    Evidence is a flat object with the keys of ``playground.segmind.billing``; it never holds a prompt or a body.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=7, choices=Mode)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    person_label = models.CharField(max_length=254)
    endpoint = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=12, choices=Source, default=Source.PLAYGROUND)
    # The cost centre a payload names; spend can be read by it.
    tag = models.CharField(max_length=60, blank=True)
    # The saved payload whose text this is, if it was one: a fact for the rooms above, nothing here reads it.
    payload_version = models.ForeignKey(
        "playground.PayloadVersion", null=True, on_delete=models.SET_NULL, db_index=False, related_name="runs"
    )
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="+")
    key_label = models.CharField(max_length=80)
    key_last_four = models.CharField(max_length=4)
    # One per opened form: a double click or a resent form meets the constraint instead of the provider.
    token = models.UUIDField()

    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    billing = models.CharField(max_length=10, choices=Billing, default=Billing.PENDING)
    cost = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    cost_source = models.CharField(max_length=8, choices=CostSource, blank=True)
    submit_status = models.PositiveSmallIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    request_id = models.CharField(max_length=200, blank=True)
    error_kind = models.CharField(max_length=40, blank=True)
    output_kind = models.CharField(max_length=8, blank=True)
    seed = models.CharField(max_length=40, blank=True)
    generation_time = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    evidence = models.JSONField(default=dict)
    rule_version = models.PositiveSmallIntegerField(default=rules.RULE_VERSION)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    claimed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # SENDING beyond this moment is UNKNOWN: whoever claimed the run is gone.
    deadline_at = models.DateTimeField(null=True)
    next_poll_at = models.DateTimeField(null=True)
    polls = models.PositiveIntegerField(default=0)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "token"], name="run_token_once"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="run_mode_known"),
            models.CheckConstraint(condition=Q(version__in=(1, 2)), name="run_version_known"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="run_state_known"),
            models.CheckConstraint(condition=Q(billing__in=Billing.values), name="run_billing_known"),
            # A cost belongs to a billed run and names its source; nothing else may carry one.
            models.CheckConstraint(
                condition=Q(cost__isnull=True, cost_source="")
                | (Q(billing=Billing.BILLED, cost__gte=0) & ~Q(cost_source="")),
                name="run_cost_has_source",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(State.REFUSED, State.CANCELLED, State.NOT_SENT))
                | Q(billing=Billing.NOT_BILLED),
                name="run_refusal_not_billed",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "mode", "-id"], name="run_newest"),
            models.Index(fields=["team", "mode", "person", "-id"], name="run_by_person"),
            models.Index(fields=["team", "mode", "endpoint", "-id"], name="run_by_endpoint"),
            models.Index(fields=["team", "mode", "api_key", "-id"], name="run_by_key"),
            models.Index(
                fields=["team", "mode", "status", "-id"],
                condition=Q(status__isnull=True) | ~Q(status=200),
                name="run_by_odd_status",
            ),
            models.Index(
                fields=["team", "mode", "state", "-id"],
                condition=~Q(state=State.SUCCEEDED),
                name="run_by_odd_state",
            ),
            models.Index(
                fields=["team", "mode", "billing", "-id"],
                condition=~Q(billing=Billing.BILLED),
                name="run_by_odd_billing",
            ),
            models.Index(fields=["team", "mode", "tag", "-id"], condition=~Q(tag=""), name="run_by_tag"),
            models.Index(
                fields=["team", "mode", "source", "-id"],
                condition=~Q(source=Source.PLAYGROUND),
                name="run_by_odd_source",
            ),
            models.Index(
                fields=["payload_version", "mode", "-id"],
                condition=Q(payload_version__isnull=False),
                name="run_by_payload_version",
            ),
            models.Index(fields=["team", "mode", "-id"], condition=NEEDS_PERSON, name="run_needs_person"),
            models.Index(fields=["team", "request_id"], condition=~Q(request_id=""), name="run_by_request"),
            models.Index(fields=["api_key", "id"], condition=Q(state=State.QUEUED), name="run_queue"),
            models.Index(fields=["api_key"], condition=Q(state=State.SENDING), name="run_sending"),
            models.Index(fields=["deadline_at"], condition=Q(state=State.SENDING), name="run_deadline"),
            models.Index(fields=["next_poll_at"], condition=Q(state=State.ACCEPTED), name="run_poll"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.state} {self.id}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def needs_person(self) -> bool:
        return self.billing == Billing.UNKNOWN or (self.billing == Billing.BILLED and self.cost is None)

    @property
    def took(self) -> float | None:
        """Seconds from claim to the end, or None while unfinished or never sent."""
        if self.claimed_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.claimed_at).total_seconds()


class HistoryLook(models.Model):
    """What the provider's own history showed of a run in doubt, where that decides nothing."""

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.CASCADE, related_name="history_look")
    looked_at = models.DateTimeField()
    # Nothing fits, in a history that was read whole and late enough for the request to be in it.
    absent = models.BooleanField(default=False)
    fitting = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.fitting} fit {self.run_id}"


class RunText(models.Model):
    """The words of a run, kept apart so that history rows stay small and words can go while money stays."""

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.CASCADE, related_name="text")
    # The exact text a person wrote; files in it are markers, replaced on the way out.
    request_text = models.TextField()
    request_sha256 = models.CharField(max_length=64)
    response_headers = models.JSONField(default=list)
    response_text = models.TextField(blank=True)
    error_text = models.TextField(blank=True)
    search = SearchVectorField(null=True)
    erased_at = models.DateTimeField(null=True)
    erased_by = models.CharField(max_length=254, blank=True)

    class Meta:
        indexes = [GinIndex(fields=["search"], name="run_text_search")]

    def __str__(self) -> str:
        return f"text of {self.run_id}"


class FileQuerySet(models.QuerySet["File"]):
    def visible_to(self, membership: Membership) -> Self:
        """Files this person brought, or that runs they may see carried or returned; none without SEE_CONTENT."""
        if not access.can(membership, access.Ability.SEE_CONTENT):
            return self.none()
        runs = Run.objects.visible_to(membership).values("id")
        returned = Output.objects.filter(file=OuterRef("pk"), run__in=runs)
        carried = RunInput.objects.filter(file=OuterRef("pk"), run__in=runs)
        held = self.model.holders.through.objects.filter(file=OuterRef("pk"), user=membership.user_id)
        return self.filter(team=membership.team_id).filter(Exists(held) | Exists(returned) | Exists(carried))


class File(models.Model):
    """Bytes of one team, stored once by hash: what people attach and what runs return."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=80)
    kind = models.CharField(max_length=8)
    name = models.CharField(max_length=200, blank=True)
    storage_name = models.CharField(max_length=200)
    thumbnail_name = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    # Everybody who attached these bytes: stored once, they may have come from several people.
    holders = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = FileQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "sha256"], name="file_once_per_team")]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.sha256[:8]}"


class Output(models.Model):
    """One file a run returned, and whether our own copy of it exists."""

    class State(models.TextChoices):
        COPYING = "copying", "Copying"
        COPIED = "copied", "Copied"
        LOST = "lost", "Lost"
        ERASED = "erased", "Erased"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="outputs")
    position = models.PositiveSmallIntegerField()
    url = models.TextField(blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.COPYING)
    reason = models.CharField(max_length=200, blank=True)
    file = models.ForeignKey(File, null=True, on_delete=models.PROTECT, related_name="outputs")
    # Bytes that arrived with a v1 answer wait in this node's spool until they are in the media store.
    spool_node = models.CharField(max_length=80, blank=True)
    spool_name = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="output_position_once"),
            models.CheckConstraint(
                condition=~Q(state="copied") | Q(file__isnull=False), name="output_copied_has_file"
            ),
        ]
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state="copying"), name="output_due")]

    def __str__(self) -> str:
        return f"output {self.position} of {self.run_id}"


class RunInput(models.Model):
    """A file that a run's body carried in the place of a marker."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="inputs")
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "file"], name="run_input_once")]

    def __str__(self) -> str:
        return f"{self.file_id} in {self.run_id}"


class FileUpload(models.Model):
    """The public address under which a file was put into the provider's storage, to be used again."""

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="uploads")
    mode = models.CharField(max_length=7, choices=Mode)
    url = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "mode"], name="file_upload_once_per_mode")]

    def __str__(self) -> str:
        return f"{self.file_id} in {self.mode}"
