from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import founding, keys
from accounts.models import ApiKey, Mode


class Command(BaseCommand):
    help = (
        "Makes the first owner from OWNER_EMAIL and OWNER_PASSWORD. Meant to run after every migrate: "
        "without OWNER_EMAIL, and from the second time on, it changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--team", default="", help="name of the owner's team")
        parser.add_argument(
            "--sandbox-key", action="store_true", help="give the owner a sandbox key if they have none"
        )

    def handle(self, *, team: str, sandbox_key: bool, **options: object) -> None:
        if not settings.OWNER_EMAIL:
            self.stdout.write(
                "OWNER_EMAIL is not set: no owner was made. `manage.py create_owner` makes one too."
            )
            return
        try:
            founded = founding.ensure_owner(
                email=settings.OWNER_EMAIL, password=settings.OWNER_PASSWORD, team_name=team
            )
        except founding.BadOwner as problem:
            raise CommandError(f"OWNER_EMAIL or OWNER_PASSWORD can't be used: {problem}") from problem
        membership = founded.membership
        self.stdout.write(f"{membership.user.email} owns {membership.team}.")
        mine = ApiKey.objects.filter(team=membership.team, owner=membership.user, mode=Mode.SANDBOX)
        if sandbox_key and settings.SANDBOX_URL and not mine.exists():
            key = keys.add_key(membership=membership, label="Sandbox", text=keys.make_sandbox_text())
            self.stdout.write(f"Made the sandbox key {key}.")
