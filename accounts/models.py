"""People, teams and their secrets."""

import datetime
import zoneinfo
from typing import ClassVar, Self

import pgtrigger
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import zones

# The provider's keys never expire; changing them twice a year is advice, not a rule.
OLD_KEY_DAYS = 180


class Mode(models.TextChoices):
    """The two worlds of money, which never mix on a page or in a sum."""

    LIVE = "live", "Live"
    SANDBOX = "sandbox", "Sandbox"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        if not email:
            raise ValueError("An e-mail address is needed.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who signs in by e-mail and may be in several teams."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Always lower case (see the manager); the constraint below holds for whoever forgets that.
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How rows name this person, also after the account is gone."""
        return self.name or self.email


def validate_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError("This is not a known time zone. An example is Europe/Berlin.")


class Team(models.Model):
    """A group that shares runs, money and payloads. Its zone decides where its days begin."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    # Chosen, and in force from the first of a month on; see zones.py.
    next_time_zone = models.CharField(max_length=64, blank=True, validators=[validate_zone])
    next_zone_on = models.DateField(null=True, editable=False)
    # Oldest first: {"zone": name, "until": the first day that was no longer in it}.
    past_zones = models.JSONField(default=list, editable=False)
    own_runs_only = models.BooleanField(
        default=False, help_text="Members see only their own runs; owners and admins see all."
    )
    # Since when links for people outside may be made. Emptied, every link made before is over for good.
    outside_links_since = models.DateTimeField(null=True, editable=False)
    keep_files_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="Empty keeps them for ever."
    )
    keep_text_days = models.PositiveIntegerField(null=True, blank=True, help_text="Empty keeps it for ever.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(next_time_zone="", next_zone_on=None)
                | (~models.Q(next_time_zone="") & models.Q(next_zone_on__isnull=False)),
                name="team_next_zone_has_its_day",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The one in force now. For the day of a moment or the start of a day ask the ledger's ``days``."""
        return zones.at(self, timezone.now()).zone


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    AUDITOR = "auditor", "Auditor"


class Membership(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Neither accepted nor withdrawn; it may have run out."""
        return self.filter(accepted_at=None, revoked_at=None)

    def valid(self) -> Self:
        return self.open().filter(expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A link that lets one person join one team. Only the hash of its token is stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "team",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_one_open",
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.team}"

    @property
    def expired(self) -> bool:
        return self.expires_at <= timezone.now()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, membership: Membership) -> Self:
        """The keys whose label and last four this membership may see: its own, lent ones, for admins all.

        Deleted keys are left out; runs name them in plain text.
        """
        from accounts.access import Ability, can  # it builds on these models

        rows = self.filter(team_id=membership.team_id).exclude(state=ApiKey.State.DELETED)
        if can(membership, Ability.MANAGE_MEMBERS):
            return rows
        return rows.filter(
            models.Q(owner_id=membership.user_id) | models.Q(lent=True, state=ApiKey.State.ACTIVE)
        )

    def usable(self) -> Self:
        """Active and readable as far as is known; who may use one is for ``access`` to say."""
        return self.filter(state=ApiKey.State.ACTIVE, needs_reentry=False, ciphertext__isnull=False)

    def for_list(self) -> Self:
        return (
            self.defer("ciphertext").select_related("owner").order_by("state", "-is_default", "label", "id")
        )


class ApiKey(models.Model):
    """One person's provider key in one team. The ciphertext opens only for this owner, team and row."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        REVOKED = "revoked", "Revoked"
        DELETED = "deleted", "Deleted"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="api_keys")
    # A deleted person becomes a label; the row stays because runs name it.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="api_keys"
    )
    # Part of the associated data, so it must outlive the account.
    owner_ref = models.UUIDField(editable=False)
    owner_label = models.CharField(max_length=254)
    mode = models.CharField(max_length=7, choices=Mode)
    label = models.CharField(max_length=80)
    last_four = models.CharField(max_length=4)
    ciphertext = models.BinaryField(null=True)
    # Which ring key encrypted it: counted on the rotation page without decrypting anything.
    ring_key = models.CharField(max_length=40, blank=True)
    needs_reentry = models.BooleanField(default=False)
    lent = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    state = models.CharField(max_length=7, choices=State, default=State.ACTIVE)
    credits = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    free_credits = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    balance_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    replaced_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "owner", "mode"],
                condition=models.Q(is_default=True, state="active"),
                name="api_key_one_default",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="deleted") | models.Q(ciphertext__isnull=True),
                name="api_key_deleted_is_wiped",
            ),
            models.CheckConstraint(
                condition=models.Q(state="active") | models.Q(lent=False, is_default=False),
                name="api_key_stopped_is_neither_lent_nor_default",
            ),
            models.CheckConstraint(condition=models.Q(mode__in=Mode.values), name="api_key_mode_known"),
        ]
        indexes = [models.Index(fields=["ring_key"], name="api_key_ring_key")]

    def __str__(self) -> str:
        return f"{self.label} …{self.last_four}"

    @property
    def active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def secret_since(self) -> datetime.datetime:
        """When the text of the key was last entered; its age counts from here."""
        return self.replaced_at or self.created_at

    @property
    def age_days(self) -> int:
        return (timezone.now() - self.secret_since).days

    @property
    def is_old(self) -> bool:
        return self.age_days >= OLD_KEY_DAYS


class AuditEvent(models.Model):
    """Who did what, when and from where. ``before`` and ``after`` never hold a secret.

    PostgreSQL refuses to change or remove a row; only ``actor`` may become empty, when the account goes.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="audit_events")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_label = models.CharField(max_length=254)
    verb = models.CharField(max_length=60)
    target = models.CharField(max_length=254, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["team", "-id"], name="audit_team_newest")]
        triggers = [
            pgtrigger.ReadOnly(name="audit_facts_stay", exclude=["actor"]),
            pgtrigger.Protect(
                name="audit_actor_only_leaves",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__actor__isnull=True) | pgtrigger.Q(new__actor__isnull=False),
            ),
            pgtrigger.Protect(name="audit_rows_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="audit_table_stays",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'pgtrigger: Cannot truncate % table', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.verb} {self.target}"
