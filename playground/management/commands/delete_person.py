from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.teams import TeamProblem
from playground.workbench.leaving import delete_person


class Command(BaseCommand):
    help = "Deletes an account. Runs and records keep the person's name; the text of their keys is wiped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)

    def handle(self, *, email: str, **options: object) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"There is no account for {email}.")
        try:
            delete_person(user=user, actor=None)
        except TeamProblem as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"The account of {email} is deleted.")
