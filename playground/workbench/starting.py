"""Start the cells of sweeps: each in a transaction of its own, at the pace of its key, within its caps.

A cell and its run are committed together, and the run's token follows from cell and attempt, so no crash makes two.
The one thing that software repeats: a run that a rate limit refused ran nothing, and its cell gets a new run, linked
to the refused one, after the reset time, at most five times.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import Membership
from playground import figures
from playground.ledger.models import OpenHold
from playground.ledger.refusals import explain
from playground.runs import links
from playground.runs.models import OPEN_STATES, Billing, Run, RunLink, Source, State
from playground.runs.presentation import reset_of
from playground.runs.submit import SubmitProblem, submit
from playground.workbench import grid
from playground.workbench.models import Sweep, SweepCell, SweepRun
from playground.workbench.sweeps import MOST_WAITS, halt, hold_of

logger = logging.getLogger(__name__)

# Where the refusal names no time.
USUAL_WAIT = timedelta(seconds=60)
MINUTE = timedelta(minutes=1)
BURST = timedelta(seconds=5)
_LOCK = "SELECT pg_advisory_xact_lock(7020, hashtext(%s))"


def start_due() -> int:
    """Start whatever may be started now, of every running sweep; how many runs. Safe to repeat and to run twice."""
    started = 0
    for sweep_id in list(
        Sweep.objects.filter(state=Sweep.State.RUNNING).order_by("id").values_list("id", flat=True)
    ):
        try:
            wait_out(sweep_id=sweep_id)
            while start_one(sweep_id=sweep_id):
                started += 1
            finish(sweep_id=sweep_id)
        except Exception:
            # One that cannot go on must not keep the others from it; it is tried again at the next turn.
            logger.exception("The sweep %s could not go on", sweep_id)
    return started


def wait_out(*, sweep_id: uuid.UUID) -> int:
    """Let the cells that a rate limit refused wait for its end, and with them every sweep of the key; how many."""
    refused = SweepCell.objects.filter(
        sweep=sweep_id,
        state=SweepCell.State.STARTED,
        waits__lt=MOST_WAITS,
        run__state=State.REFUSED,
        run__billing=Billing.NOT_BILLED,
        run__status=429,
        run__text__erased_at=None,
    )
    waiting = 0
    for cell_id in list(refused.values_list("id", flat=True)):
        with transaction.atomic():
            _locked(sweep_id)
            cell = (
                refused.select_for_update(of=("self",)).select_related("run__text").filter(id=cell_id).first()
            )
            if cell is None or cell.run is None:
                continue
            until = reset_of(cell.run, cell.run.text.response_headers)
            if until is None:
                until = (cell.run.finished_at or timezone.now()) + USUAL_WAIT
            cell.state, cell.not_before, cell.waits = SweepCell.State.WAITING, until, cell.waits + 1
            cell.save(update_fields=["state", "not_before", "waits"])
            Sweep.objects.filter(api_key=cell.run.api_key_id, state=Sweep.State.RUNNING).exclude(
                not_before__gt=until
            ).update(not_before=until)
            waiting += 1
    return waiting


def start_one(*, sweep_id: uuid.UUID) -> Run | None:
    """Start the next cell if pace and caps allow it: the run and its place in the grid in one transaction."""
    with transaction.atomic():
        sweep = _locked(sweep_id)
        if sweep is None or sweep.state != Sweep.State.RUNNING:
            return None
        now = timezone.now()
        if not _is_time(sweep, now):
            return None
        cell = (
            sweep.cells.select_related("run")
            .filter(Q(not_before=None) | Q(not_before__lte=now), state=SweepCell.State.WAITING)
            .order_by("position")
            .first()
        )
        if cell is None:
            return None
        return _start(sweep, cell, now)


def _locked(sweep_id: uuid.UUID) -> Sweep | None:
    """The sweep, and before it its key: a rate limit of one sweep is written into all of the key's."""
    key_id = Sweep.objects.filter(id=sweep_id).values_list("api_key", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(key_id)])
    rows = Sweep.objects.select_for_update(of=("self",), no_key=True).select_related("api_key", "team")
    return rows.filter(id=sweep_id).first()


def _is_time(sweep: Sweep, now: datetime) -> bool:
    """Whether the pace of the key has room: over a minute, and not all of it at once."""
    if sweep.not_before is not None and sweep.not_before > now:
        return False
    begun = SweepRun.objects.filter(api_key=sweep.api_key_id, started_at__gt=now - MINUTE).aggregate(
        minute=Count("pk"), burst=Count("pk", filter=Q(started_at__gt=now - BURST))
    )
    at_once = max(1, sweep.per_minute * BURST // MINUTE)
    return bool(begun["minute"] < sweep.per_minute and begun["burst"] < at_once)


def _start(sweep: Sweep, cell: SweepCell, now: datetime) -> Run | None:
    membership = (
        Membership.objects.select_related("team", "user")
        .filter(team=sweep.team_id, user=sweep.person_id, user__is_active=True)
        .first()
    )
    if membership is None:
        halt(sweep=sweep, reason=f"{sweep.person_label} is no longer in this team.")
        return None
    text = grid.text_of(sweep.text, grid.from_data(sweep.fields), cell.literals)
    if reason := _beyond_caps(sweep, text):
        # Runs under way hold more than they will cost: only what is left once they ended is an end.
        if sweep.cells.filter(run__state__in=OPEN_STATES).exists():
            return None
        halt(sweep=sweep, reason=reason)
        return None
    attempt = cell.attempts + 1
    try:
        run = submit(
            membership=membership,
            endpoint=sweep.endpoint,
            version=sweep.version,
            key=sweep.api_key,
            body_text=text,
            token=_token(cell, attempt),
            source=Source.SWEEP,
            tag=sweep.tag,
        )
    except SubmitProblem as problem:
        reason = str(problem) if problem.refused is None else explain(membership, problem.refused).text
        halt(sweep=sweep, reason=reason)
        return None
    if cell.run is not None:
        waited = cell.waits and cell.run.status == 429
        why = RunLink.Why.RATE_LIMITED if waited else RunLink.Why.AGAIN
        links.link(run=run, earlier=cell.run, why=why)
    SweepRun.objects.create(run=run, cell=cell, attempt=attempt, api_key=sweep.api_key, started_at=now)
    cell.run, cell.state, cell.attempts, cell.not_before = run, SweepCell.State.STARTED, attempt, None
    cell.save(update_fields=["run", "state", "attempts", "not_before"])
    return run


def _token(cell: SweepCell, attempt: int) -> uuid.UUID:
    """The same for the same attempt, and told by nothing on a page: nobody else can use it up."""
    digest = salted_hmac("playground.workbench.cell", f"{cell.id}:{attempt}", algorithm="sha256").digest()
    return uuid.UUID(bytes=digest[:16])


def _beyond_caps(sweep: Sweep, text: str) -> str:
    """Why the next run would pass a cap of the sweep; empty when it does not. Doubt counts as its hold."""
    spent, runs = spent_of(sweep)
    if runs >= sweep.cap_runs:
        return f"The cap of {sweep.cap_runs} runs is reached."
    if sweep.cap_usd is None:
        return ""
    hold = hold_of(team_id=sweep.team_id, mode=sweep.mode, endpoint=sweep.endpoint, text=text)
    if spent + hold <= sweep.cap_usd:
        return ""
    return (
        f"The next run could pass the cap of $ {figures.money(sweep.cap_usd)}: "
        f"$ {figures.money(spent)} is spent or held, and it would hold $ {figures.money(hold)}."
    )


def spent_of(sweep: Sweep) -> tuple[Decimal, int]:
    """US dollars spent and held by the sweep's runs, and how many runs of it count: those that are not free."""
    return spent_by_sweep([sweep.id]).get(sweep.id, (Decimal(), 0))


def spent_by_sweep(sweeps: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[Decimal, int]]:
    """As ``spent_of``, for many: those without a run that counts are left out."""
    # One statement, so one moment: between two, a run may start, or settle and let go of its hold.
    held = OpenHold.objects.filter(run_id=OuterRef("id")).values("amount")
    sums = (
        Run.objects.filter(sweep_run__cell__sweep__in=list(sweeps))
        .exclude(billing=Billing.NOT_BILLED)
        .values("sweep_run__cell__sweep")
        .annotate(spent=Sum(Coalesce("cost", Subquery(held))), counted=Count("id"))
        .values_list("sweep_run__cell__sweep", "spent", "counted")
    )
    return {sweep: (spent or Decimal(), counted) for sweep, spent, counted in sums}


def finish(*, sweep_id: uuid.UUID) -> bool:
    """Whether it is over now: nothing waits, and nothing is under way that could still have to wait.

    One of which only failed cells were run again is as stopped as before.
    """
    with transaction.atomic():
        sweep = (
            Sweep.objects.select_for_update(no_key=True)
            .filter(id=sweep_id, state=Sweep.State.RUNNING)
            .first()
        )
        if sweep is None or any(_unfinished(sweep)):
            return False
        stopped_before = sweep.cells.filter(state=SweepCell.State.UNSENT).exists()
        sweep.state = Sweep.State.STOPPED if stopped_before else Sweep.State.FINISHED
        sweep.finished_at = timezone.now()
        sweep.save(update_fields=["state", "finished_at"])
        return True


def _unfinished(sweep: Sweep) -> Iterator[bool]:
    yield sweep.cells.filter(state=SweepCell.State.WAITING).exists()
    yield sweep.cells.filter(run__state__in=OPEN_STATES).exists()
    yield sweep.cells.filter(run__state=State.REFUSED, run__status=429, waits__lt=MOST_WAITS).exists()
