from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Team
from playground.ledger import comparing


class Command(BaseCommand):
    help = (
        "Compares every kept sum (rollups, quarter hours, open holds, budgets) with the entries and names what "
        "differs. With --fix the sums are made anew; the team's runs wait for that long."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--team", help="the team's name in addresses; every team without it")
        parser.add_argument("--days", type=int, help="compare only sums that begin in the last days")
        parser.add_argument("--fix", action="store_true", help="replace the sums by what the entries say")

    def handle(self, *, team: str | None, days: int | None, fix: bool, **options: object) -> None:
        only = Team.objects.filter(slug=team).first() if team else None
        if team and only is None:
            raise CommandError(f"There is no team {team}.", returncode=2)
        since = timezone.now().date() - timedelta(days=days) if days else None
        wrong = 0
        for result in comparing.compare(team_id=only.id if only else None, since=since, fix=fix):
            for difference in result.differences:
                self.stdout.write(str(difference))
            self.stdout.write(str(result))
            wrong += 0 if fix else result.count
        if wrong:
            raise CommandError(f"{wrong} sums differ. Look into why, then run again with --fix.")
