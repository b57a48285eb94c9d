"""What needs a person, with everything that hints at an answer, and many settled at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from accounts import access
from accounts.models import Membership, User
from playground import figures
from playground.ledger import reconcile
from playground.runs import evidence, history
from playground.runs.models import OPEN_STATES, HistoryLook, Run
from playground.runs.settling import CannotSettle, settle_by_person

MOST = 100
REACH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that speaks for an answer and decides nothing. ``amount`` is what it may have cost."""

    words: str
    amount: Decimal | None = None
    speaks_for: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    run: Run
    why: str
    url: str
    hints: Sequence[Hint]

    @property
    def amount(self) -> Decimal | None:
        """What to fill in: only where the hints name one amount."""
        amounts = {hint.amount for hint in self.hints if hint.amount is not None}
        return amounts.pop() if len(amounts) == 1 else None

    @property
    def typed(self) -> str:
        """The amount as a person would type it."""
        return "" if self.amount is None else figures.exact(self.amount)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one run of many. ``problem`` is fit for the person, empty where it was settled."""

    run: Run
    problem: str = ""


def settle_many_by_person(
    *,
    runs: Sequence[Run],
    actor: User,
    billed: bool,
    costs: Mapping[UUID, Decimal],
    reason: str,
    request: HttpRequest | None = None,
) -> list[Settled]:
    """Settle each run by ``settle_by_person``, in its own transaction: one that can't be keeps no other waiting."""
    results = []
    for run in runs:
        cost = costs.get(run.id) if billed else None
        try:
            if billed and cost is None:
                raise CannotSettle("What did it cost? Write an amount beside it, or one for all.")
            settle_by_person(run=run, actor=actor, billed=billed, cost=cost, reason=reason, request=request)
        except CannotSettle as problem:
            results.append(Settled(run, str(problem)))
        else:
            results.append(Settled(run))
    if any(not one.problem for one in results):
        reconcile.refresh_states({one.run.api_key_id for one in results})
    return results


def runs_in_doubt(membership: Membership, mode: str) -> list[Run]:
    """The oldest runs of the team that need a person: those keep money held the longest."""
    rows = Run.objects.visible_to(membership).in_mode(mode).needing_a_person().exclude(state__in=OPEN_STATES)
    return list(rows.select_related("api_key", "team").order_by("id")[:MOST])


def with_hints(membership: Membership, mode: str, runs: Sequence[Run]) -> list[Doubt]:
    """The runs with what the provider's history and its balances say beside them: a few queries for each account."""
    looks = HistoryLook.objects.in_bulk([run.id for run in runs])
    balances = _balance_hints(membership, mode, runs)
    made = []
    for run in runs:
        hints = [
            hint for hint in (_history_hint(looks.get(run.id)), balances.get(run.id)) if hint is not None
        ]
        why = evidence.REASON_WORDS.get(evidence.reason_of(run), evidence.kind_words(run))
        made.append(Doubt(run, why, history.address_of(membership.team, run), hints))
    return made


def doubt_about(membership: Membership, run: Run) -> Doubt | None:
    """One run as the list has it: beside the others, because an amount may belong to any of them."""
    if not run.needs_person:
        return None
    found = with_hints(membership, run.mode, runs_in_doubt(membership, run.mode))
    return next((one for one in found if one.run.id == run.id), None)


def _history_hint(look: HistoryLook | None) -> Hint | None:
    if look is None:
        return None
    if look.absent:
        return Hint("The provider's history was read whole and has nothing like it.", speaks_for="no")
    if look.fitting:
        return Hint(f"{look.fitting} requests in the provider's history might be it.")
    return None


def _balance_hints(membership: Membership, mode: str, runs: Sequence[Run]) -> dict[UUID, Hint]:
    """What each balance did around the calls, beyond all charges that are known."""
    recent = [run for run in runs if run.created_at > timezone.now() - REACH]
    if not recent:
        return {}
    keys = {run.api_key_id for run in recent}
    hints: dict[UUID, Hint] = {}
    for account in reconcile.accounts(membership.team, mode, back=REACH):
        mine = [run for run in recent if run.api_key_id in account.key_ids]
        if keys.intersection(account.key_ids):
            books = reconcile.books(account, since=min(run.created_at for run in mine) - timedelta(hours=2))
            for run in mine:
                hint = _balance_hint(books, run, mine)
                if hint is not None:
                    hints[run.id] = hint
    return hints


def _balance_hint(books: reconcile.Books, run: Run, others: Sequence[Run]) -> Hint | None:
    """None where no balance was seen before and after the call."""
    began, ended = _span(run)
    readings = books.walk.readings
    before = books.walk.before(began)
    after = next((one for one in readings if one.at > ended), None)
    if before is None or after is None:
        return None
    left = sum((one.left for one in books.steps if before.at < one.step.at <= after.at), Decimal(0))
    if left > 0 or (left == 0 and books.walk.moving):
        return None
    if left == 0:
        return Hint("The balance did not move for it.", speaks_for="no")
    sharing = sum(1 for one in others if _overlaps(one, before.at, after.at))
    if sharing > 1:
        return Hint(
            f"The balance moved $ {figures.exact(-left)} more than is known, shared by {sharing} runs in doubt."
        )
    return Hint(f"The balance moved $ {figures.exact(-left)} more than is known.", -left, "yes")


def _span(run: Run) -> tuple[datetime, datetime]:
    began = run.claimed_at or run.created_at
    return began, run.finished_at or began


def _overlaps(run: Run, start: datetime, end: datetime) -> bool:
    began, ended = _span(run)
    return began < end and ended > start


def may_settle(membership: Membership) -> bool:
    return access.can(membership, access.Ability.SETTLE_RUNS)


def chosen(membership: Membership, mode: str, ids: Sequence[UUID]) -> list[Run]:
    """The ticked runs this person may see, also those that somebody else has settled meanwhile."""
    rows = Run.objects.visible_to(membership).in_mode(mode).filter(id__in=ids)
    return list(rows.select_related("api_key", "team").order_by("id"))
