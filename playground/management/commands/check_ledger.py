from argparse import ArgumentParser
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from playground.runs import proof


class Command(BaseCommand):
    help = "Compares billing and cost of each run with what its entries say, and names the runs that differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--after", type=UUID, default=UUID(int=0), help="begin after the run with this id"
        )
        parser.add_argument(
            "--upto", type=UUID, default=UUID(int=2**128 - 1), help="end with the run of this id"
        )
        parser.add_argument("--batch", type=int, default=5000, help="runs per statement (default 5000)")

    def handle(self, *, after: UUID, upto: UUID, batch: int, **options: object) -> None:
        runs = wrong = 0
        for progress in proof.compare(after=after, upto=upto, batch=batch):
            for difference in progress.differences:
                self.stdout.write(str(difference))
            wrong += len(progress.differences)
            if progress.runs - runs == batch:
                self.stdout.write(f"{progress.runs} runs so far, up to {progress.until}")
            runs = progress.runs
        if wrong:
            raise CommandError(f"{wrong} differences between {runs} runs and the ledger.")
        self.stdout.write(f"{runs} runs say what the ledger says.")
