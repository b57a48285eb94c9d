"""Sums that are kept in step with the entries, each narrow enough to answer its page at ten million runs."""

from django.db import models

from accounts.models import Mode


class Cut(models.TextChoices):
    """What a rollup row is about. ``a`` and ``b`` hold what the name says, in this order."""

    PERSON = "person", "Person"
    ENDPOINT = "endpoint", "Model"
    KEY = "key", "Key"
    SOURCE = "source", "Source"
    TAG = "tag", "Tag"
    PERSON_ENDPOINT = "person_endpoint", "Person x model"
    PERSON_KEY = "person_key", "Person x key"
    ENDPOINT_KEY = "endpoint_key", "Model x key"
    COST = "cost", "Spread of cost"  # b is a step of a logarithmic scale
    TIME = "time", "Spread of time"
    REFUSAL = "refusal", "Refusals"  # b is the kind of error
    PRICE = "price", "Cost by size"  # a is the endpoint and its size-like parameters


class Grain(models.TextChoices):
    DAY = "d", "Day"
    MONTH = "m", "Month"
    EVER = "e", "Ever"


class Rollup(models.Model):
    """Sums of settled runs over one day or month of the team's zone. Runs that still hold money are in OpenHold.

    ``runs`` counts every settled run, ``billed``, ``not_billed`` and ``unknown`` part it, ``succeeded`` is beside them.
    """

    pk = models.CompositePrimaryKey("team_id", "mode", "cut", "grain", "start", "a", "b")
    team_id = models.UUIDField()
    mode = models.CharField(max_length=7, choices=Mode)
    cut = models.CharField(max_length=16, choices=Cut)
    grain = models.CharField(max_length=1, choices=Grain)
    start = models.DateField()
    a = models.CharField(max_length=250)
    b = models.CharField(max_length=120, blank=True)
    spent = models.DecimalField(max_digits=20, decimal_places=10)
    runs = models.IntegerField()
    billed = models.IntegerField()
    not_billed = models.IntegerField()
    unknown = models.IntegerField()
    succeeded = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.cut} {self.a} {self.b} {self.start}"


class QuarterHour(models.Model):
    """The team's settled runs in each quarter of an hour: every zone's days are whole numbers of these."""

    pk = models.CompositePrimaryKey("team_id", "mode", "bucket")
    team_id = models.UUIDField()
    mode = models.CharField(max_length=7, choices=Mode)
    bucket = models.DateTimeField()
    spent = models.DecimalField(max_digits=20, decimal_places=10)
    runs = models.IntegerField()
    billed = models.IntegerField()
    not_billed = models.IntegerField()
    unknown = models.IntegerField()
    succeeded = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.bucket} {self.spent}"


class Name(models.Model):
    """How the ledger first named a person or a key, for those that are gone."""

    pk = models.CompositePrimaryKey("team_id", "cut", "value")
    team_id = models.UUIDField()
    cut = models.CharField(max_length=16, choices=Cut)
    value = models.CharField(max_length=120)
    label = models.CharField(max_length=254)

    def __str__(self) -> str:
        return self.label
