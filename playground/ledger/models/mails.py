"""Which mails about money a person wants, and which were sent."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import Mode, Team


class Mail(models.TextChoices):
    WEEK = "week", "My week"
    TEAM_WEEK = "team_week", "The team's week"
    TEAM_DAY = "team_day", "The team's day"


class MailChoice(models.Model):
    """A person's own word about one mail. Without a row it is sent for live money only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=7, choices=Mode)
    mail = models.CharField(max_length=9, choices=Mail)
    wanted = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "team", "mode", "mail"], name="mail_choice_one"),
        ]

    def __str__(self) -> str:
        return f"{self.mail} to {self.user}: {self.wanted}"


class MailSent(models.Model):
    """One mail about the period from ``first_day``: the row is made with the mail, so that it is sent once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=7, choices=Mode)
    mail = models.CharField(max_length=9, choices=Mail)
    first_day = models.DateField()
    # False where there was nothing to say.
    was_sent = models.BooleanField()
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "team", "mode", "mail", "first_day"], name="mail_sent_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mail} of {self.first_day} to {self.user}"
