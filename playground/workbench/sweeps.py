"""Sweeps: planned and priced first, then made, stopped, resumed; cells run again and picked. Nothing here sends."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from accounts import access
from accounts.models import ApiKey, Membership
from playground import figures
from playground.catalogue.offers import find_offer
from playground.payloads.models import PayloadVersion
from playground.runs import body, holding, nudge
from playground.runs.estimates import Estimate, estimate
from playground.runs.models import OPEN_STATES, Run, State
from playground.runs.submit import cancel
from playground.workbench import grid
from playground.workbench.grid import Field
from playground.workbench.models import Sweep, SweepCell

# The provider's lowest published limit is 60 requests a minute (others say 5): below it, with room for other runs.
FASTEST = 50
USUAL_PACE = 30
# So often a rate limit makes a cell wait since a person last asked for it.
MOST_WAITS = 5
# Ended without what was wanted: a person may run such a cell again.
FAILED = (State.REFUSED, State.FAILED, State.CANCELLED, State.NOT_SENT, State.UNKNOWN)


class SweepProblem(ValueError):
    """A sweep that cannot be made or changed like this. ``field`` names the form field it belongs to."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UsedBefore(SweepProblem):
    """The form has made another sweep already. Nothing was made of what it holds now."""

    def __init__(self) -> None:
        super().__init__("", "This form has started a sweep already. Press once more to start this one, too.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be run, and what all of it will probably cost."""

    fields: tuple[Field, ...]
    estimate: Estimate
    hold: Decimal = Decimal()

    @property
    def count(self) -> int:
        return grid.count(self.fields)

    @property
    def price(self) -> str:
        return price_of(self.estimate, self.count)

    @property
    def suggested_cap(self) -> Decimal | None:
        """Room for all of it at the highest price seen and a fifth more, and for what each run holds meanwhile."""
        high = self.estimate.high or self.estimate.median or self.estimate.low
        if high is None:
            return None
        each = max(high * Decimal("1.2"), self.hold)
        return (each * self.count).quantize(Decimal("0.01"), rounding=ROUND_UP)


def price_of(price: Estimate, count: int) -> str:
    """``$ 1.2000 to 3.4000`` for so many runs; empty where nothing is known."""
    low, high = price.low, price.high
    if low is not None and high is not None and figures.money(low * count) != figures.money(high * count):
        return f"$ {figures.money(low * count)} to {figures.money(high * count)}"
    middle = price.median if price.median is not None else low
    return "" if middle is None else f"about $ {figures.money(middle * count)}"


def plan(
    *,
    membership: Membership,
    mode: str,
    endpoint: str,
    text: str,
    rows: Sequence[tuple[str, str]],
    texts: Mapping[str, Collection[str]] = grid.NO_TEXTS,
) -> Plan:
    """The fields typed as (path, values), checked and priced; ``texts`` as for ``grid.read``. Nothing is written.

    Raises SweepProblem.
    """
    try:
        body.check(text, max_bytes=settings.MAX_BODY_BYTES)
        fields = grid.read(text, rows, texts=texts)
    except body.BodyProblem as problem:
        raise SweepProblem("body", str(problem)) from problem
    except grid.GridProblem as problem:
        raise SweepProblem(
            f"{problem.column}_{problem.row + 1}" if problem.row is not None else "", str(problem)
        ) from problem
    longest = sum(max(len(literal.encode()) for literal in field.literals) for field in fields)
    if len(text.encode()) + longest > settings.MAX_BODY_BYTES:
        raise SweepProblem("body", "With these values the text is longer than one request may be.")
    price = estimate(team=membership.team, mode=mode, endpoint=endpoint)
    return Plan(
        tuple(fields), price, hold_of(team_id=membership.team_id, mode=mode, endpoint=endpoint, text=text)
    )


def hold_of(*, team_id: uuid.UUID, mode: str, endpoint: str, text: str) -> Decimal:
    """What a run of ``text`` reserves; zero where there is no such endpoint, which submitting says."""
    offer = find_offer(team_id=team_id, slug=endpoint)
    if offer is None:
        return Decimal()
    size = holding.size_of(text)
    return holding.amount(team_id=team_id, mode=mode, endpoint=endpoint, size=size, offer=offer)


def make(
    *,
    membership: Membership,
    endpoint: str,
    version: int,
    key: ApiKey,
    text: str,
    fields: Sequence[Field],
    cap_usd: Decimal | None,
    cap_runs: int,
    per_minute: int,
    token: uuid.UUID,
    payload_version: PayloadVersion | None = None,
    tag: str = "",
) -> Sweep:
    """A running sweep with all its cells, or the one that this ``token`` made before. Raises SweepProblem."""
    if not access.may_use_key(membership, key):
        raise SweepProblem("key", "This key is no longer available. Choose another one.")
    if find_offer(team_id=membership.team_id, slug=endpoint) is None:
        raise SweepProblem("", f"There is no endpoint called {endpoint} in this team.")
    if grid.count(fields) > grid.MOST_CELLS:
        raise SweepProblem("", f"A sweep has at most {grid.MOST_CELLS} runs.")
    sweep = Sweep(
        team=membership.team,
        mode=key.mode,
        person=membership.user,
        person_label=membership.user.label,
        endpoint=endpoint,
        version=version,
        api_key=key,
        payload_version=payload_version,
        tag=tag,
        text=text,
        fields=grid.as_data(fields),
        cap_usd=cap_usd,
        cap_runs=cap_runs,
        per_minute=max(1, min(per_minute, FASTEST)),
        token=token,
    )
    try:
        with transaction.atomic():
            sweep.save(force_insert=True)
            SweepCell.objects.bulk_create(
                SweepCell(sweep=sweep, position=position, literals=list(literals))
                for position, literals in enumerate(grid.cells(fields))
            )
            transaction.on_commit(_begin)
    except IntegrityError:
        earlier = Sweep.objects.filter(team=membership.team, token=token, person=membership.user).first()
        if earlier is None:
            raise SweepProblem("", "This form was used before. Reload the page and begin again.") from None
        if (earlier.text, earlier.fields) != (text, grid.as_data(fields)):
            raise UsedBefore from None
        return earlier
    return sweep


def _begin() -> None:
    nudge.send("workbench.sweeps")


def halt(*, sweep: Sweep, reason: str) -> None:
    """Start nothing more, and say why. What was started goes on."""
    running = Sweep.objects.filter(id=sweep.id, state=Sweep.State.RUNNING)
    if running.update(state=Sweep.State.STOPPED, reason=reason[:1000]):
        sweep.cells.filter(state=SweepCell.State.WAITING).update(state=SweepCell.State.UNSENT)


def stop(*, membership: Membership, sweep: Sweep) -> int:
    """Take back what was not sent; the number of runs that were. Runs under way finish and may be billed."""
    if not sweep.may_stop(membership):
        raise SweepProblem("", "Only the person who began it, and admins, can stop it.")
    with transaction.atomic():
        locked = Sweep.objects.select_for_update().get(id=sweep.id)
        if locked.state != Sweep.State.RUNNING:
            return 0
        halt(sweep=locked, reason=f"Stopped by {membership.user.label}.")
        # What its person took back before stays taken back.
        under_way = list(locked.cells.filter(run__state__in=OPEN_STATES).values_list("id", flat=True))
        taken = cancel(runs=Run.objects.filter(sweep_cell__sweep=locked))
        unsent = locked.cells.filter(
            id__in=under_way, run__state=State.CANCELLED, run__error_kind="cancelled"
        )
        unsent.update(state=SweepCell.State.UNSENT, not_before=None)
    return taken


def resume(
    *, membership: Membership, sweep: Sweep, cap_usd: Decimal | None, cap_runs: int, per_minute: int
) -> None:
    """Go on with the cells that were not started, under the caps given now."""
    _check_owner(membership, sweep)
    with transaction.atomic():
        Sweep.objects.select_for_update().get(id=sweep.id)
        sweep.cells.filter(state=SweepCell.State.UNSENT, run__text__erased_at=None).update(
            state=SweepCell.State.WAITING, not_before=None
        )
        Sweep.objects.filter(id=sweep.id).update(
            state=Sweep.State.RUNNING,
            reason="",
            not_before=None,
            cap_usd=cap_usd,
            cap_runs=cap_runs,
            per_minute=max(1, min(per_minute, FASTEST)),
            finished_at=None,
        )
        transaction.on_commit(_begin)


def run_again(*, membership: Membership, sweep: Sweep, cells: Iterable[uuid.UUID]) -> int:
    """Give each of these cells that failed a new run, by a person's click that names their price; how many there are.

    A second click finds them waiting already. Of a sweep that was stopped, nothing else starts. What was erased is
    not sent again.
    """
    _check_owner(membership, sweep)
    with transaction.atomic():
        locked = Sweep.objects.select_for_update().get(id=sweep.id)
        failed = SweepCell.objects.filter(
            sweep=sweep, id__in=list(cells), state=SweepCell.State.STARTED
        ).filter(Q(run__state__in=FAILED, run__text__erased_at=None) | Q(run=None))
        if locked.state != Sweep.State.RUNNING:
            # These waited for the rate limit when it stopped; it does not go on with them by itself.
            locked.cells.filter(run__status=429, state=SweepCell.State.STARTED).update(waits=MOST_WAITS)
        count = failed.update(state=SweepCell.State.WAITING, waits=0, not_before=None)
        if count:
            # The cap on runs was for the grid; what a person asks for anew is asked for knowingly.
            Sweep.objects.filter(id=sweep.id).update(
                state=Sweep.State.RUNNING, finished_at=None, cap_runs=F("cap_runs") + count
            )
            transaction.on_commit(_begin)
    return count


def pick(*, membership: Membership, sweep: Sweep, cell: uuid.UUID, picked: bool) -> None:
    _check_owner(membership, sweep)
    SweepCell.objects.filter(sweep=sweep, id=cell).update(picked=picked)


def _check_owner(membership: Membership, sweep: Sweep) -> None:
    if not sweep.may_change(membership):
        raise SweepProblem("", "Only the person who began this sweep can do that.")
