"""Compare the kept sums of every team with its entries, and keep the result for its page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import Team
from playground.ledger import checks, sums
from playground.ledger.models import LedgerCheck

NIGHTLY_DAYS = 35
"""Reaches back over the beginning of the month, where most budgets begin."""

_NAMED = 1000


@dataclass(frozen=True)
class Result:
    """What was compared and the first differences; ``count`` is how many there are."""

    team: str
    mode: str
    count: int
    differences: list[str]
    fixed: bool

    def __str__(self) -> str:
        if not self.count:
            return f"{self.team} {self.mode}: every sum is what the entries say."
        done = ", and all were made anew." if self.fixed else "."
        return f"{self.team} {self.mode}: {_differ(self.count)}{done}"


def _differ(count: int) -> str:
    return "1 sum differs from the entries" if count == 1 else f"{count} sums differ from the entries"


def compare(*, team_id: UUID | None = None, since: date | None = None, fix: bool = False) -> Iterator[Result]:
    """One result for each team and mode that has entries; each is kept, too."""
    slugs = dict(Team.objects.values_list("id", "slug"))
    for team, mode in sums.books():
        if team_id not in (None, team):
            continue
        count, named = 0, []
        for difference in sums.differences(team_id=team, mode=mode, since=since):
            count += 1
            if count <= _NAMED:
                named.append(str(difference))
        if fix and count:
            sums.rebuild(team_id=team, mode=mode)
        days = f" of the days since {since:%Y-%m-%d}" if since else ""
        checks.note(
            kind=LedgerCheck.Kind.SUMS,
            team_id=team,
            mode=mode,
            agrees=not count,
            summary=f"{_differ(count)}{days}." if count else f"Every sum{days} is what the entries say.",
            differences=named,
        )
        yield Result(slugs.get(team, str(team)), mode, count, named, fix)


def compare_last_days() -> int:
    """How many sums of the last days differ, over every team."""
    since = timezone.now().date() - timedelta(days=NIGHTLY_DAYS)
    return sum(result.count for result in compare(since=since))
