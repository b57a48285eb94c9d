"""``manage.py demo``: the demo team of a trial, its login, and a history that is really sent."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from playground.workbench.demo import enqueue_runs, make_demo


class Command(BaseCommand):
    help = "Make the demo team with a sandbox key, and send its first runs in the background. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.OWNER_EMAIL or not settings.OWNER_PASSWORD:
            raise CommandError("Set OWNER_EMAIL and OWNER_PASSWORD: they become the demo login.")
        team = make_demo(email=settings.OWNER_EMAIL, password=settings.OWNER_PASSWORD)
        enqueue_runs(team=team)
        self.stdout.write(f"{settings.SITE_URL}/t/{team.slug}/sandbox/playground/")
