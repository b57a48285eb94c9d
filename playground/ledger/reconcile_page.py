"""What the pages of Reconcile show, decided by what the person may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts import access, candidates
from accounts.access import Ability
from accounts.models import ApiKey, Membership, Team
from playground.ledger import reconcile, sharing
from playground.ledger.models import AccountState, OpenHold
from playground.ledger.reconcile import Account, Named, Statement
from playground.ledger.reconcile_forms import StepNameForm
from playground.ledger.walk import Reading

WALKED = 6
"""The most accounts whose days the overview shows; of the others, and of many that agree, it says how they stand."""
FEW = 2
WIDTH, HEIGHT, EDGE = 1200, 160, 8


@dataclass(frozen=True)
class Card:
    """One account on the page. ``days`` is None where only its state is shown."""

    account: Account
    state: AccountState | None
    sees_balance: bool
    problem: str
    days: Sequence[tuple[date, Statement | None]] | None = None
    older: date | None = None


def frame(membership: Membership, mode: str) -> dict[str, Any]:
    return {
        "membership": membership,
        "team": membership.team,
        "zone": membership.team.zone,
        "mode": mode,
        "may_reconcile": access.can(membership, Ability.RECONCILE),
        "now": timezone.now(),
    }


def keys_to_ask(team: Team, mode: str) -> list[ApiKey]:
    return list(ApiKey.objects.usable().filter(team=team, mode=mode).defer("ciphertext"))


def _problem(account: Account) -> str:
    """Why the last check of the last minutes brought no figure."""
    for key in account.keys:
        answer = candidates.balance_answer(key)
        if answer is not None and not answer.waiting and not answer.good:
            return answer.message
    return ""


def _states(accounts: Sequence[Account]) -> dict[Any, AccountState]:
    return AccountState.objects.in_bulk([account.lead.id for account in accounts])


def overview(membership: Membership, mode: str, *, just_asked: bool = False) -> dict[str, Any]:
    """Every account, those with something unexplained first.

    ``just_asked`` has the page look once more after the last answer came: how the books stand is written after it.
    """
    accounts = reconcile.accounts(membership.team, mode)
    states = _states(accounts)

    def rank(account: Account) -> tuple[bool, str]:
        return not states[account.lead.id].unexplained, account.lead.label.casefold()

    ordered = sorted((one for one in accounts if one.lead.id in states), key=rank)
    unseen = [_short(membership, one, None) for one in accounts if one.lead.id not in states]
    few = len(ordered) <= FEW
    cards = [
        card(membership, one)
        if place < WALKED and (few or states[one.lead.id].unexplained)
        else _short(membership, one, states[one.lead.id])
        for place, one in enumerate(ordered)
    ]
    answers = [candidates.balance_answer(key) for account in accounts for key in account.keys]
    waiting = any(answer is not None and answer.waiting for answer in answers)
    return {
        **frame(membership, mode),
        "cards": cards,
        "unseen": unseen,
        "pairs": sharing.pairs_of(membership, mode),
        "waiting": waiting,
        "just_asked": just_asked,
    }


def _short(membership: Membership, account: Account, state: AccountState | None) -> Card:
    return Card(account, state, account.sees_balance(membership), _problem(account))


def card(membership: Membership, account: Account, *, last: date | None = None) -> Card:
    """An account with its days; walking them costs a few queries."""
    _, days = reconcile.recent(account, last=last)
    state = AccountState.objects.filter(key_id=account.lead.id).first()
    return Card(
        account,
        state,
        account.sees_balance(membership),
        _problem(account),
        days,
        days[-1][0] - timedelta(days=1) if days and len(days) >= reconcile.DAYS else None,
    )


@dataclass(frozen=True)
class ShownStep:
    """A step, the runs it may belong to, and the form to name it."""

    named: Named
    doubts: Sequence[OpenHold]
    form: StepNameForm | None


@dataclass(frozen=True)
class Line:
    """The balance over a day as SVG coordinates, from ``low`` to ``high`` US dollars, beginning with the day."""

    path: str
    low: Decimal
    high: Decimal
    marks: Sequence[tuple[float, float, Named]]
    begin: datetime
    end: datetime


def day(membership: Membership, account: Account, chosen: date, form: StepNameForm) -> dict[str, Any]:
    books = reconcile.books_of(account, chosen)
    statement = books.statement(chosen)
    may_reconcile = access.can(membership, Ability.RECONCILE)
    steps = [_shown(account, one, form, may_reconcile) for one in (statement.steps if statement else ())]
    return {
        **frame(membership, account.mode),
        "account": account,
        "sees_balance": account.sees_balance(membership),
        "day": chosen,
        "before": chosen - timedelta(days=1),
        "after": chosen + timedelta(days=1),
        "statement": statement,
        "steps": steps,
        "rows": _rows(statement) if statement else [],
        "line": _line(account, statement) if statement else None,
        # What was said of a step that is not here any more.
        "stray": form if form.errors and all(one.form is not form for one in steps) else None,
    }


def _shown(account: Account, named: Named, posted: StepNameForm, may_reconcile: bool) -> ShownStep:
    form = None
    at = named.step.at.isoformat()
    if may_reconcile:
        mine = posted.is_bound and posted.data.get("at") == at
        prefix_free = {"at": at, "kind": named.suggested}
        form = (
            posted if mine else StepNameForm(initial=prefix_free, auto_id=f"id_{named.step.at:%H%M%S%f}_%s")
        )
    doubts = list(reconcile.open_doubts(account, named.step)) if named.left < 0 else []
    return ShownStep(named, doubts, form)


@dataclass(frozen=True)
class Row:
    """One balance of the day against the one before: ``moved`` by so much, of which ``charges`` are ours."""

    reading: Reading
    moved: Decimal
    charges: Decimal
    calls: int
    step: Named | None


def _rows(statement: Statement) -> list[Row]:
    """The balances that differ from the one before, or had charges in between, and the last one; newest first."""
    steps = {one.step.at: one for one in statement.steps}
    rows, before = [], statement.opening
    for one in statement.readings:
        charges = one.ours + one.others - before.ours - before.others
        calls = one.calls - before.calls
        row = Row(one, one.total - before.total, charges, calls, steps.get(one.at))
        if row.moved or calls or row.step or one is statement.closing:
            rows.append(row)
            before = one
    return rows[::-1]


def _line(account: Account, statement: Statement) -> Line:
    begin, end = reconcile.span(statement.day, account.team.zone)
    points = [(begin, statement.opening.total), *((one.at, one.total) for one in statement.readings)]
    low, high = min(total for _, total in points), max(total for _, total in points)
    spread = high - low or Decimal(1)

    def place(moment: datetime, total: Decimal) -> tuple[float, float]:
        x = (moment - begin) / (end - begin) * WIDTH
        y = EDGE + float((high - total) / spread) * (HEIGHT - 2 * EDGE)
        return round(max(0.0, x), 1), round(y, 1)

    first, *rest = [place(*point) for point in points]
    path = f"M{first[0]} {first[1]}" + "".join(f"H{x}V{y}" for x, y in rest)
    totals = {one.at: one.total for one in statement.readings}
    marks = [(*place(one.step.at, totals[one.step.at]), one) for one in statement.steps]
    return Line(path, low, high, marks, begin, end)
