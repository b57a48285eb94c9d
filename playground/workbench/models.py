"""What a person is working on."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Team
from playground.payloads.models import PayloadVersion


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
