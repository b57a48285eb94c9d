import getpass
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts import founding


class Command(BaseCommand):
    help = "Makes a person who owns a team. Running it again for the same person and team changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument(
            "--team", default="", help="name of the team; a new one is made if they own none so called"
        )
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )

    def handle(self, *, email: str, team: str, password_stdin: bool, **options: object) -> None:
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else getpass.getpass("Password: ")
        try:
            founded = founding.ensure_owner(email=email, password=password, team_name=team)
        except founding.BadOwner as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{founded.membership.user.email} owns {founded.membership.team}.")
        if not founded.new_person:
            self.stdout.write("This person existed already; the password is the old one.")
