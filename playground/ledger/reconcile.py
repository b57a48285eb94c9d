"""Do our books agree with the provider's? One account of the provider, its days, and what nobody has explained yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, F, Min, Q, Sum
from django.http import HttpRequest
from django.utils import timezone

from accounts import access, audit
from accounts.models import ApiKey, Membership, Team
from playground.ledger import sharing
from playground.ledger.models import AccountState, OpenHold, Snapshot, StepKind, StepName
from playground.ledger.walk import NOTHING, Reading, Step, Walk, walk

ZERO = Decimal(0)
DAYS = 14
"""How far back the page and the state of an account look."""


class NoSuchStep(ValueError):
    """The step a person wanted to name is not there any more; the message is fit for the person."""

    def __init__(self) -> None:
        super().__init__("This step is explained by now. Reload the page to see how the day stands.")


@dataclass(frozen=True, slots=True)
class Named:
    """A step with a person's word for it, if there is one. What the word leaves over is unexplained still."""

    step: Step
    name: StepName | None

    @property
    def suggested(self) -> str:
        """The kind to propose: money that came is a top-up until somebody says otherwise."""
        return StepKind.TOP_UP if self.step.amount > 0 else StepKind.OUTSIDE

    @property
    def explained(self) -> Decimal:
        if self.name is not None:
            return self.name.amount
        return max(self.step.amount, ZERO)

    @property
    def left(self) -> Decimal:
        return self.step.amount - self.explained


@dataclass(frozen=True)
class Statement:
    """One day of an account in the team's zone: ``unexplained`` is what the other figures leave over.

    ``charges`` are those the balances went down by; ``ours`` and ``others`` those recorded meanwhile. ``edge`` is the
    difference, of calls that were under way when a balance was read. The first two are None without a balance before.
    """

    day: date
    opening: Reading
    closing: Reading
    steps: tuple[Named, ...]
    readings: tuple[Reading, ...]

    @property
    def topped_up(self) -> Decimal:
        return sum((one.explained for one in self.steps if one.explained > 0), ZERO)

    @property
    def taken(self) -> Decimal:
        """Named steps that went down."""
        return sum((one.explained for one in self.steps if one.explained < 0), ZERO)

    @property
    def moved(self) -> Decimal:
        return self.closing.total - self.opening.total

    @property
    def charges(self) -> Decimal:
        return sum((one.step.amount for one in self.steps), ZERO) - self.moved

    @property
    def charges_down(self) -> Decimal:
        return -self.charges

    @property
    def ours(self) -> Decimal:
        return self.closing.ours - self.opening.ours

    @property
    def others(self) -> Decimal:
        return self.closing.others - self.opening.others

    @property
    def others_down(self) -> Decimal:
        return -self.others

    @property
    def edge(self) -> Decimal:
        return self.charges - self.ours - self.others

    @property
    def edge_down(self) -> Decimal:
        return -self.edge

    @property
    def calls(self) -> int:
        return self.closing.calls - self.opening.calls

    @property
    def unexplained(self) -> Decimal:
        return sum((one.left for one in self.steps), ZERO)


@dataclass(frozen=True)
class Account:
    """Keys of one team that draw on one balance. ``others`` counts keys of other teams that do, too."""

    team: Team
    mode: str
    keys: tuple[ApiKey, ...]
    key_ids: tuple[UUID, ...]

    @property
    def lead(self) -> ApiKey:
        return self.keys[0]

    @property
    def others(self) -> int:
        return len(self.key_ids) - len(self.keys)

    @property
    def start(self) -> datetime | None:
        """A replaced key may be of another account: what was read with the old text says nothing about it."""
        return max((key.replaced_at for key in self.keys if key.replaced_at is not None), default=None)

    def sees_balance(self, membership: Membership) -> bool:
        """One key whose balance the person may see is enough: the others have the same."""
        return any(access.may_see_balance(membership, key) for key in self.keys)

    @cached_property
    def state(self) -> AccountState | None:
        return AccountState.objects.filter(key_id=self.lead.id).first()


@dataclass(frozen=True)
class Books:
    """An account's walk with people's words for its steps."""

    account: Account
    walk: Walk
    steps: tuple[Named, ...]

    @property
    def unexplained(self) -> Decimal:
        return sum((abs(one.left) for one in self.steps), ZERO)

    @property
    def unexplained_since(self) -> datetime | None:
        return next((one.step.since for one in self.steps if one.left), None)

    def statement(self, day: date) -> Statement | None:
        """None when no balance was seen that day: without one there is nothing to say."""
        begin, end = span(day, self.account.team.zone)
        seen = tuple(one for one in self.walk.readings if begin <= one.at < end)
        if not seen:
            return None
        steps = tuple(one for one in self.steps if begin <= one.step.at < end)
        opening = self.walk.before(begin) or seen[0]
        return Statement(day, opening, seen[-1], steps, seen)


def span(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of ``day`` in ``zone`` and of the day after."""
    after = day + timedelta(days=1)
    return datetime.combine(day, time(), tzinfo=zone), datetime.combine(after, time(), tzinfo=zone)


def accounts(team: Team, mode: str, *, back: timedelta = timedelta(days=DAYS)) -> list[Account]:
    """The team's accounts: of keys in use, and of those that had a balance lately."""
    seen = Snapshot.objects.filter(team_id=team.id, mode=mode, at__gt=timezone.now() - back)
    lately = set(seen.values_list("key_id", flat=True).distinct())
    rows = ApiKey.objects.filter(team=team, mode=mode).defer("ciphertext").order_by("id")
    keys = {key.id: key for key in rows if key.active or key.id in lately}
    return [
        Account(team, mode, tuple(keys[one] for one in sorted(group & keys.keys())), tuple(sorted(group)))
        for group in sharing.groups(mode, keys.values())
    ]


def account_of(
    team: Team, mode: str, key_id: UUID, *, back: timedelta = timedelta(days=DAYS)
) -> Account | None:
    """The account this key of the team draws on."""
    return next((one for one in accounts(team, mode, back=back) if key_id in one.key_ids), None)


def books(account: Account, *, since: datetime) -> Books:
    """Two queries for the walk and one for the words."""
    found = walk(team_id=account.team.id, keys=account.key_ids, since=since, start=account.start)
    return Books(account, found, _named(account, found.steps))


def _named(account: Account, steps: Sequence[Step]) -> tuple[Named, ...]:
    if not steps:
        return ()
    rows = StepName.objects.filter(
        team_id=account.team.id, key_id__in=account.key_ids, at__in=[step.at for step in steps]
    )
    newest = {row.at: row for row in rows.order_by("made_at", "id")}
    return tuple(Named(step, newest.get(step.at)) for step in steps)


def _first_day(account: Account, last: date) -> date:
    """Where to begin for a page that ends at ``last``: the same place for every day that the first page shows."""
    today = timezone.now().astimezone(account.team.zone).date()
    return min(today if today - last < timedelta(days=DAYS) else last, today) - timedelta(days=DAYS - 1)


def books_of(account: Account, day: date) -> Books:
    """The books far enough back to say how this day stands, as the page over many days says it."""
    return books(account, since=span(_first_day(account, day), account.team.zone)[0])


def recent(
    account: Account, *, last: date | None = None
) -> tuple[Books, list[tuple[date, Statement | None]]]:
    """The books of the days up to ``last`` and their statements, newest first."""
    last = last or timezone.now().astimezone(account.team.zone).date()
    first = _first_day(account, last)
    found = books_of(account, last)
    days = [last - timedelta(days=back) for back in range((last - first).days + 1)]
    statements = [(day, found.statement(day)) for day in days]
    while statements and statements[-1][1] is None:
        statements.pop()
    return found, statements


def open_doubts(account: Account, step: Step) -> Iterable[OpenHold]:
    """Runs of this team that nobody knows the cost of and that were under way when the step happened."""
    rows = OpenHold.objects.filter(
        team_id=account.team.id,
        key_id__in=account.key_ids,
        billing__in=("unknown", "billed"),
        effective_at__lte=step.at,
        effective_at__gte=step.since - timedelta(hours=1),
    )
    return rows.order_by("effective_at")[:20]


# -- How it stands -----------------------------------------------------------------------------------------


def refresh_state(account: Account) -> AccountState | None:
    """Write down how the account's books stand; None while no balance was seen."""
    found = books_of(account, timezone.now().astimezone(account.team.zone).date())
    if found.walk is NOTHING:
        return None
    state, _ = AccountState.objects.update_or_create(
        key_id=account.lead.id,
        defaults={
            "team_id": account.team.id,
            "mode": account.mode,
            "keys": len(account.keys),
            "unexplained": found.unexplained,
            "moving": found.walk.moving,
            "unexplained_since": found.unexplained_since,
            "total": found.walk.readings[-1].total,
            "free": found.walk.readings[-1].free,
            "seen_since": found.walk.readings[0].at,
            "checked_at": found.walk.readings[-1].at,
        },
    )
    return state


def refresh_states(key_ids: Iterable[UUID]) -> None:
    """The same for every account one of these keys draws on, in every team; states of accounts that merged go."""
    rows = ApiKey.objects.filter(id__in=list(key_ids)).values_list("team_id", "mode").distinct()
    wanted = set(key_ids)
    for team in Team.objects.filter(id__in={team_id for team_id, _ in rows}):
        for mode in {mode for team_id, mode in rows if team_id == team.id}:
            found = accounts(team, mode)
            for account in found:
                if wanted.intersection(account.key_ids):
                    refresh_state(account)
            leads = [account.lead.id for account in found]
            AccountState.objects.filter(team_id=team.id, mode=mode).exclude(key_id__in=leads).delete()


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the provider's balances and our books stand, for a gauge. ``checked_at`` is of the account seen longest ago.

    ``compared`` counts accounts with more than one balance: without any, nothing is known about agreement.
    """

    off: Decimal
    checked_at: datetime | None
    since: datetime | None
    keys: int
    accounts: int
    compared: int

    @property
    def agrees(self) -> bool:
        return bool(self.compared) and not self.off


def agreement(team: Team, mode: str) -> Agreement:
    """One small query, for pages about something else."""
    found = AccountState.objects.filter(team_id=team.id, mode=mode).aggregate(
        off=Sum("unexplained"),
        seen_at=Min("checked_at"),
        since=Min("unexplained_since"),
        keys=Sum("keys"),
        accounts=Count("key_id"),
        compared=Count("key_id", filter=Q(checked_at__gt=F("seen_since"))),
    )
    return Agreement(
        off=found["off"] or ZERO,
        checked_at=found["seen_at"],
        since=found["since"],
        keys=found["keys"] or 0,
        accounts=found["accounts"],
        compared=found["compared"],
    )


@transaction.atomic
def name_step(
    *,
    membership: Membership,
    account: Account,
    at: datetime,
    kind: str,
    note: str,
    request: HttpRequest | None = None,
) -> StepName:
    """A person says what moved the balance. For RECONCILE. Raises NoSuchStep; a later word replaces an earlier one."""
    found = books_of(account, at.astimezone(account.team.zone).date())
    step = next((one for one in found.walk.steps if one.at == at), None)
    if step is None:
        raise NoSuchStep
    name = StepName.objects.create(
        team_id=account.team.id,
        mode=account.mode,
        key_id=account.lead.id,
        at=at,
        amount=step.amount,
        kind=kind,
        note=note.strip(),
        actor_id=membership.user_id,
        actor_label=membership.user.label,
    )
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb="reconcile.named",
        target=str(account.lead),
        after={"mode": account.mode, "kind": StepKind(kind).label, "step_at": at.isoformat(), "note": note},
        request=request,
    )
    refresh_state(account)
    return name
