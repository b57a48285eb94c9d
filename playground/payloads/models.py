"""What works once, kept for the team: a payload, its versions that never change, and who may read it."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import access
from accounts.access import Ability
from accounts.models import Membership, Mode, Team
from playground.runs.models import File, Output


class Visibility(models.TextChoices):
    PRIVATE = "private", "Only you"
    TEAM = "team", "The whole team"
    NAMED = "named", "People you name"


class PayloadQuerySet(models.QuerySet["Payload"]):
    def visible_to(self, membership: Membership) -> Self:
        """Payloads of the team this person may read, in the trash or not; none without SEE_CONTENT."""
        if not access.can(membership, Ability.SEE_CONTENT):
            return self.none()
        named = self.model.readers.through.objects.filter(payload=OuterRef("pk"), user=membership.user_id)
        return self.filter(team=membership.team_id).filter(
            Q(owner=membership.user_id)
            | Q(visibility=Visibility.TEAM)
            | (Q(visibility=Visibility.NAMED) & Exists(named))
        )

    def kept(self) -> Self:
        """Those that are not in the trash."""
        return self.filter(trashed_at=None)

    def trashed(self) -> Self:
        return self.exclude(trashed_at=None)


class Payload(models.Model):
    """One saved request. What it sends is in its versions; ``newest`` is the number of the last one.

    ``forked_version`` is the version of the source that this one last took over; both go when the source is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    notes = models.TextField(blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    folder = models.CharField(max_length=120, blank=True)
    endpoint = models.CharField(max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    owner_label = models.CharField(max_length=254)
    visibility = models.CharField(max_length=7, choices=Visibility, default=Visibility.PRIVATE)
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    # The cost centre: runs made from it carry this as their tag.
    run_tag = models.CharField(max_length=60, blank=True)
    cover = models.ForeignKey(Output, null=True, on_delete=models.SET_NULL, related_name="+")
    newest = models.PositiveIntegerField(default=1)
    # Earlier versions carry files inside their text: only whoever wrote them sees them.
    shared_from = models.PositiveIntegerField(default=1)
    forked_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="forks")
    forked_version = models.ForeignKey(
        "PayloadVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Its name when it was forked: the source may be gone by now.
    forked_label = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)
    trashed_at = models.DateTimeField(null=True)
    trashed_by = models.CharField(max_length=254, blank=True)

    objects = PayloadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility__in=Visibility.values), name="payload_visibility_known"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="payload_has_name"),
        ]
        indexes = [
            models.Index(fields=["team", "-updated_at"], name="payload_latest"),
            models.Index(fields=["trashed_at"], condition=Q(trashed_at__isnull=False), name="payload_trash"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shared(self) -> bool:
        return self.visibility != Visibility.PRIVATE

    def may_manage(self, membership: Membership) -> bool:
        """Say who sees it, put it into the trash and take it out: its owner, and admins for what the team sees."""
        if not access.can(membership, Ability.RUN) or self.team_id != membership.team_id:
            return False
        return self.owner_id == membership.user_id or (
            self.visibility == Visibility.TEAM and access.can(membership, Ability.MANAGE_PAYLOADS)
        )


class VersionQuerySet(models.QuerySet["PayloadVersion"]):
    def visible_to(self, membership: Membership) -> Self:
        """Of the payloads this person may read: what was shared, and what they wrote themselves."""
        return self.filter(payload__in=Payload.objects.visible_to(membership)).filter(
            Q(number__gte=F("payload__shared_from")) | Q(author=membership.user_id)
        )


class PayloadVersion(models.Model):
    """The exact text of one save. PostgreSQL refuses to change it; it goes only with its payload.

    ``version`` is the provider's, v1 or v2. ``variables`` is what ``variables.as_data`` makes of a declaration.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payload = models.ForeignKey(Payload, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    version = models.PositiveSmallIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    variables: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(default=list)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=254)
    message = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Files of the text that its author could see: whoever may read the payload may send them, too.
    files = models.ManyToManyField(File, through="PayloadFile", related_name="+")

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payload", "number"], name="payload_version_once"),
            models.CheckConstraint(condition=Q(version__in=(1, 2)), name="payload_version_known"),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="payload_version_stays",
                fields=[
                    "payload", "number", "version", "text", "sha256", "variables", "author_label",
                    "message", "created_at",
                ],
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"version {self.number} of {self.payload_id}"


class PayloadFile(models.Model):
    """A file that stands as a marker in a version's text; it is kept as long as the version is."""

    version = models.ForeignKey(PayloadVersion, on_delete=models.CASCADE, related_name="+")
    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "file"], name="payload_file_once")]

    def __str__(self) -> str:
        return f"{self.file_id} in {self.version_id}"


class PayloadFavourite(models.Model):
    """A star on a payload."""

    payload = models.ForeignKey(Payload, on_delete=models.CASCADE, related_name="favourites")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "payload"], name="payload_favourite_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.payload_id}"


class OutsideLink(models.Model):
    """A sheet of paper for people without an account: what its maker confirmed, word by word, until a moment.

    ``text``, ``variables`` and ``slots`` are what was left of ``version`` when files became slots; name and notes are
    as they were. Nothing of it follows the payload. Only hashes of the token and of the password are stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payload = models.ForeignKey(Payload, on_delete=models.CASCADE, related_name="outside_links")
    version = models.ForeignKey(PayloadVersion, on_delete=models.CASCADE, related_name="+")
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    maker_label = models.CharField(max_length=254)
    # The world its results and its cost are from.
    mode = models.CharField(max_length=7, choices=Mode)
    # For whom it is, in the maker's words; the receiver does not see it.
    label = models.CharField(max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    password = models.CharField(max_length=128, blank=True)
    # Wrong passwords since a moment, from everybody together.
    tries = models.PositiveIntegerField(default=0)
    tries_from = models.DateTimeField(default=timezone.now)

    name = models.CharField(max_length=254)
    notes = models.TextField(blank=True)
    text = models.TextField()
    variables: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(default=list)
    slots: "models.JSONField[list[dict[str, str]], list[dict[str, str]]]" = models.JSONField(default=list)
    cost = models.DecimalField(max_digits=20, decimal_places=10, null=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=254, blank=True)
    opens = models.PositiveIntegerField(default=0)
    last_opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="outside_link_mode_known")
        ]

    def __str__(self) -> str:
        return f"link to {self.payload_id}"


class OutsideResult(models.Model):
    """An output that a link shows; its position is all that the link's page tells of it."""

    link = models.ForeignKey(OutsideLink, on_delete=models.CASCADE, related_name="results")
    position = models.PositiveSmallIntegerField()
    output = models.ForeignKey(Output, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "position"], name="outside_result_place_once"),
            models.UniqueConstraint(fields=["link", "output"], name="outside_result_once"),
        ]

    def __str__(self) -> str:
        return f"result {self.position} of {self.link_id}"


class OutsideOpen(models.Model):
    """How often somebody who was signed in opened a link. Everybody else only counts."""

    link = models.ForeignKey(OutsideLink, on_delete=models.CASCADE, related_name="named_opens")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    label = models.CharField(max_length=254)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "person"], name="outside_open_once")]

    def __str__(self) -> str:
        return f"{self.label}: {self.link_id}"
