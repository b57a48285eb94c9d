"""Ask for more than a budget allows, and the answers. An approved request raises the cap until its end."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import access, audit
from accounts.access import Ability
from accounts.models import Membership, Team
from playground.ledger import amounts, nudge, scopes
from playground.ledger.days import day_of, start_of
from playground.ledger.models import Alert, Budget, BudgetRequest

State = BudgetRequest.State


class RequestProblem(ValueError):
    """A request or an answer that cannot be. ``field`` names the part it belongs to; empty for the whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def more(usd: Decimal, runs: int) -> str:
    """``$ 5.00 and 3 runs``."""
    return " and ".join(filter(None, (amounts.limit(usd) if usd else "", amounts.runs(runs) if runs else "")))


def open_of(membership: Membership, mode: str) -> QuerySet[BudgetRequest]:
    """Open requests this person may see: all of them with the books, else their own."""
    rows = BudgetRequest.objects.filter(
        budget__team=membership.team_id, budget__mode=mode, budget__ended_at=None, state=State.OPEN
    ).select_related("budget__person", "asked_by")
    if not access.can(membership, Ability.SEE_BOOKS):
        rows = rows.filter(asked_by=membership.user_id)
    return rows.order_by("asked_at", "id")


def answered_of(membership: Membership, mode: str, *, since: datetime) -> QuerySet[BudgetRequest]:
    """This person's own requests that were answered lately, newest first."""
    rows = BudgetRequest.objects.filter(
        budget__team=membership.team_id, budget__mode=mode, asked_by=membership.user_id, decided_at__gte=since
    )
    # A raise that went on with another budget is answered there.
    rows = rows.exclude(state=State.APPROVED, budget__ended_at__lt=F("until"))
    return rows.exclude(state=State.OPEN).select_related("budget__person").order_by("-decided_at", "-id")


def running_of(membership: Membership, mode: str) -> QuerySet[BudgetRequest]:
    """Raises in force, the one that ends first first. For those who see the books."""
    access.require(membership, Ability.SEE_BOOKS)
    rows = BudgetRequest.objects.filter(
        budget__team=membership.team_id,
        budget__mode=mode,
        budget__ended_at=None,
        state=State.APPROVED,
        until__gt=timezone.now(),
    )
    return rows.select_related("budget__person").order_by("until", "id")


@transaction.atomic
def ask(
    *,
    membership: Membership,
    budget: Budget,
    usd: Decimal,
    runs: int,
    reason: str,
    request: HttpRequest | None = None,
) -> BudgetRequest:
    """Asks owners and admins for more. A person has one open request per budget at a time: RequestProblem."""
    locked = Budget.objects.select_for_update().filter(id=budget.id, ended_at=None).first()
    if locked is None or not scopes.is_about(locked, membership):
        raise RequestProblem(
            "", "This budget was changed or ended meanwhile. Run again to see where you stand."
        )
    usd = usd if locked.limit_usd is not None else Decimal()
    runs = runs if locked.limit_runs is not None else 0
    if not usd and not runs:
        raise RequestProblem("usd" if locked.limit_usd is not None else "runs", "Say how much more you need.")
    if BudgetRequest.objects.filter(budget=locked, asked_by=membership.user, state=State.OPEN).exists():
        raise RequestProblem("", "You have asked already, and nobody has answered yet.")
    made = BudgetRequest.objects.create(
        budget=locked,
        subject=scopes.subject_of(locked, membership),
        asked_by=membership.user,
        asked_by_label=membership.user.label,
        reason=reason,
        asked_usd=usd,
        asked_runs=runs,
    )
    _record(membership, made, "budget.asked", request, after={"more": more(usd, runs), "reason": reason})
    _tell(
        made,
        Alert.Kind.REQUEST,
        f"{made.asked_by_label} asks for {more(usd, runs)} more of “{locked.name}”: {reason}",
        for_managers=True,
    )
    return made


@transaction.atomic
def approve(
    *,
    membership: Membership,
    asked: BudgetRequest,
    usd: Decimal,
    runs: int,
    last_day: date,
    request: HttpRequest | None = None,
) -> BudgetRequest:
    """Raises the cap by this much to the end of ``last_day`` in the team's zone. RequestProblem if answered already.

    Approving one's own request is for those who manage budgets anyway, and is recorded as such.
    """
    access.require(membership, Ability.MANAGE_BUDGETS)
    row = _open(membership, asked)
    if last_day < day_of(membership.team, timezone.now()):
        raise RequestProblem("until", "Choose today or a later day.")
    if not usd and not runs:
        raise RequestProblem("usd" if row.budget.limit_usd is not None else "runs", "Say how much more.")
    row.usd, row.runs = usd, runs
    row.until = start_of(membership.team, last_day + timedelta(days=1))
    _decide(membership, row, State.APPROVED)
    after: dict[str, object] = {"more": more(usd, runs), "until": last_day.isoformat()}
    if row.asked_by_id == membership.user_id:
        after["own request"] = True
    _record(membership, row, "budget.granted", request, after=after)
    _tell(
        row,
        Alert.Kind.ANSWER,
        f"{row.decided_by_label} gave {more(usd, runs)} more of “{row.budget.name}”, "
        f"until the end of {last_day.day} {last_day:%B}.",
    )
    return row


@transaction.atomic
def end_raise(
    *, membership: Membership, asked: BudgetRequest, request: HttpRequest | None = None
) -> BudgetRequest:
    """Takes back what is in force, from now on; what it let through stays. RequestProblem if it is over already."""
    access.require(membership, Ability.MANAGE_BUDGETS)
    # The budget first: whoever changes it takes the raise along to another.
    Budget.objects.select_for_update().filter(id=asked.budget_id).first()
    row = (
        running_of(membership, asked.budget.mode).select_for_update(of=("self",)).filter(id=asked.id).first()
    )
    if row is None:
        raise RequestProblem("", "This raise is over already, or went on with a changed budget.")
    before = row.until
    row.until = timezone.now()
    row.answer = f"{membership.user.label} ended it early."
    row.save()
    _record(
        membership,
        row,
        "budget.raise_ended",
        request,
        after={"more": more(row.usd, row.runs), "until": before and before.isoformat()},
    )
    _tell(
        row,
        Alert.Kind.ANSWER,
        f"{membership.user.label} took back {more(row.usd, row.runs)} more of “{row.budget.name}”.",
        once=False,
    )
    return row


@transaction.atomic
def decline(
    *, membership: Membership, asked: BudgetRequest, answer: str, request: HttpRequest | None = None
) -> BudgetRequest:
    """Says no, with a reason for the person who asked. RequestProblem if answered already."""
    access.require(membership, Ability.MANAGE_BUDGETS)
    row = _open(membership, asked)
    row.answer = answer
    _decide(membership, row, State.DECLINED)
    _record(membership, row, "budget.declined", request, after={"reason": answer})
    _tell(
        row,
        Alert.Kind.ANSWER,
        f"{row.decided_by_label} gave no more of “{row.budget.name}”: {answer}",
    )
    return row


def close_all(*, membership: Membership, budget: Budget, answer: str) -> None:
    """Declines every open request of a budget that is about to end."""
    for row in (
        BudgetRequest.objects.select_for_update().filter(budget=budget, state=State.OPEN).order_by("id")
    ):
        row.answer = answer
        _decide(membership, row, State.DECLINED)
        _tell(row, Alert.Kind.ANSWER, f"Your request for more of “{budget.name}” is closed: {answer}")


def carry_over(*, old: Budget, new: Budget) -> None:
    """Open requests and raises in force go on with the budget that takes the place of another."""
    BudgetRequest.objects.filter(budget=old, state=State.OPEN).update(budget=new)
    running = BudgetRequest.objects.filter(budget=old, state=State.APPROVED, until__gt=timezone.now())
    for row in running.order_by("id"):
        # A copy, because the old one says what was in force at its time.
        row.pk, row.budget, row._state.adding = None, new, True
        row.id = BudgetRequest._meta.get_field("id").get_default()
        row.save()


def _open(membership: Membership, asked: BudgetRequest) -> BudgetRequest:
    rows = BudgetRequest.objects.select_for_update(of=("self",)).select_related("budget__person")
    row = rows.filter(id=asked.id, budget__team=membership.team_id).first()
    if row is None:
        # It went on to another budget while this waited for its row.
        raise RequestProblem("", "This budget was changed meanwhile. Look at the list again.")
    if row.state != State.OPEN:
        raise RequestProblem("", f"{row.decided_by_label} has answered this request already.")
    return row


def _decide(membership: Membership, row: BudgetRequest, state: State) -> None:
    row.state = state
    row.decided_by_label = membership.user.label
    row.decided_at = timezone.now()
    row.save()


def _record(
    membership: Membership,
    row: BudgetRequest,
    verb: str,
    request: HttpRequest | None,
    *,
    after: dict[str, object],
) -> None:
    team: Team = membership.team
    audit.record(
        team=team,
        actor=membership.user,
        verb=verb,
        target=row.budget.name,
        before={"asked": more(row.asked_usd, row.asked_runs), "by": row.asked_by_label},
        after={"mode": row.budget.mode, **after},
        request=request,
    )


def _tell(
    row: BudgetRequest, kind: Alert.Kind, text: str, *, for_managers: bool = False, once: bool = True
) -> None:
    """A request tells those who can answer it, an answer the person who asked; each ``once`` for a request."""
    Alert.objects.create(
        team_id=row.budget.team_id,
        mode=row.budget.mode,
        kind=kind,
        text=text[:600],
        for_managers=for_managers,
        person=None if for_managers else row.asked_by,
        request=row if once else None,
    )
    transaction.on_commit(lambda: nudge.send("ledger.tell"))
