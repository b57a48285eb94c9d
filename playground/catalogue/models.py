"""Endpoints: the bundled models and a team's own, with what each person likes and used last."""

import json
import re
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Lower
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Membership, Team

SLUG_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
validate_endpoint_slug = RegexValidator(
    rf"\A{SLUG_PATTERN}\Z",
    "A slug has letters, digits, dots, dashes and underscores, begins with a letter or digit, and is at most "
    "100 characters long.",
)

SEARCH_LENGTH = 100
SEARCH_WORDS = 8


class Output(models.TextChoices):
    """What an endpoint is expected to return. Only the answer itself decides what a run got."""

    IMAGE = "image", "Image"
    VIDEO = "video", "Video"
    AUDIO = "audio", "Audio"
    JSON = "json", "JSON"
    TEXT = "text", "Text"
    BINARY = "binary", "File"


def search_words(text: str) -> list[str]:
    """The words a search box holds: printable, at most eight, from the first hundred characters."""
    printable = "".join(char if char.isprintable() else " " for char in text[:SEARCH_LENGTH])
    return printable.split()[:SEARCH_WORDS]


def _of(membership: Membership) -> Q:
    """Rows of this person in this team about the endpoint of the outer query."""
    return Q(person=membership.user_id, team=membership.team_id, endpoint=OuterRef("pk"))


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def visible_to(self, membership: Membership) -> "EndpointQuerySet":
        """What the team may open and run: its own endpoints, and bundled ones it neither hid nor replaced.

        Retired endpoints are included, because old runs still open; ``listed`` leaves them out.
        """
        team = membership.team_id
        hidden = HiddenEndpoint.objects.filter(team=team, endpoint=OuterRef("pk"))
        replaced = Endpoint.objects.filter(team=team, slug=OuterRef("slug"))
        bundled = Q(team=None) & ~Exists(hidden) & ~Exists(replaced)
        return self.filter(bundled | Q(team=team))

    def listed(self) -> "EndpointQuerySet":
        return self.filter(retired_at=None)

    def bundled(self) -> "EndpointQuerySet":
        return self.filter(team=None)

    def own(self, team: Team) -> "EndpointQuerySet":
        return self.filter(team=team)

    def in_category(self, category: str) -> "EndpointQuerySet":
        return self.filter(category=category) if category else self

    def for_list(self, membership: Membership) -> "EndpointQuerySet":
        """Rows of a list: this person's ``is_favourite`` and ``last_used`` on each, long texts left out."""
        recent = RecentEndpoint.objects.filter(_of(membership)).values("used_at")[:1]
        return self.defer("schema_text", "sample_text", "notes").annotate(
            is_favourite=Exists(Favourite.objects.filter(_of(membership))),
            last_used=Subquery(recent),
        )

    def starred_by(self, membership: Membership) -> "EndpointQuerySet":
        return self.filter(Exists(Favourite.objects.filter(_of(membership))))

    def unstarred_by(self, membership: Membership) -> "EndpointQuerySet":
        return self.filter(~Exists(Favourite.objects.filter(_of(membership))))

    def used_by(self, membership: Membership) -> "EndpointQuerySet":
        return self.filter(Exists(RecentEndpoint.objects.filter(_of(membership))))

    def search(self, text: str) -> "EndpointQuerySet":
        """Every word of ``text`` somewhere in title, slug or category; the closest match first.

        Order: exact slug; slug or title beginning with the text; its first word beginning a word of either;
        all words in title or slug; the rest. Equal ones by title. An empty search is everything by title.
        """
        words = search_words(text)
        if not words:
            return self.order_by(Lower("title"), "slug")
        found = Q()
        named = Q()
        for word in words:
            in_name = Q(title__icontains=word) | Q(slug__icontains=word)
            named &= in_name
            found &= in_name | Q(category__icontains=word)
        phrase = " ".join(words)
        begins = rf"\m{re.escape(words[0])}" if words[0][0].isalnum() else re.escape(words[0])
        rank = Case(
            When(slug__iexact=phrase, then=Value(0)),
            When(
                Q(slug__istartswith=phrase) | Q(title__istartswith=phrase),
                then=Value(1),
            ),
            When(
                named & (Q(title__iregex=begins) | Q(slug__iregex=begins)),
                then=Value(2),
            ),
            When(named, then=Value(3)),
            default=Value(4),
        )
        return self.filter(found).order_by(rank, Lower("title"), "slug")

    def favourites_first(self) -> "EndpointQuerySet":
        """After ``for_list`` and ``search("")``: favourites, then the last used, then the rest by title."""
        return self.order_by(
            F("is_favourite").desc(),
            F("last_used").desc(nulls_last=True),
            Lower("title"),
            "slug",
        )

    def categories(self) -> list[str]:
        return list(self.order_by("category").values_list("category", flat=True).distinct())


class Endpoint(models.Model):
    """A model of the provider, called at ``/v1/{slug}`` or ``/v2/{slug}``. Without a team: for everybody.

    ``avg_cost`` and ``price_low`` to ``price_high`` are US dollars for one call: hints, never a charge.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="own_endpoints",
    )
    slug = models.CharField(max_length=100, validators=[validate_endpoint_slug])
    title = models.CharField(max_length=120)
    category = models.CharField(max_length=60, blank=True)
    output = models.CharField(max_length=6, choices=Output, default=Output.JSON)
    description = models.CharField(max_length=500, blank=True)
    avg_cost = models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)
    avg_latency_s = models.DecimalField(max_digits=10, decimal_places=3, null=True, blank=True)
    price_low = models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)
    price_high = models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)
    price_note = models.CharField(max_length=300, blank=True)
    # Text, because the order of a schema's properties is the order of the form and jsonb would lose it.
    schema_text = models.TextField(blank=True)
    schema_complete = models.BooleanField(default=False)
    sample_text = models.TextField(default="{}")
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[EndpointQuerySet] = EndpointQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "slug"], nulls_distinct=False, name="endpoint_unique"),
            models.CheckConstraint(condition=Q(output__in=Output.values), name="endpoint_output_known"),
        ]

    def __str__(self) -> str:
        return self.title or self.slug

    @property
    def is_own(self) -> bool:
        return self.team_id is not None

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON Schema of a body, keys in the order of the form; None where none is known."""
        if not self.schema_text:
            return None
        schema: dict[str, Any] = json.loads(self.schema_text)
        return schema


class CatalogueState(models.Model):
    """One row: which bundled data this database holds, so that loading the same again costs one query."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    data_hash = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="catalogue_state_single")]

    def __str__(self) -> str:
        return self.data_hash[:12]


class HiddenEndpoint(models.Model):
    """A bundled model the team does not offer its people."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="hidden_endpoints")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "endpoint"], name="hidden_endpoint_unique")]

    def __str__(self) -> str:
        return f"{self.endpoint} hidden in {self.team}"


class Favourite(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "team", "endpoint"], name="favourite_unique")
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.endpoint}"


class RecentEndpoint(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="+")
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "team", "endpoint"], name="recent_endpoint_unique")
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.endpoint}"
