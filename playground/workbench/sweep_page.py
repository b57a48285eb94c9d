"""What the page of a sweep shows: its head, and each cell with its newest run."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.catalogue.models import Endpoint
from playground.catalogue.samples import rules_of
from playground.ledger.archive import Value, csv_lines
from playground.payloads.models import PayloadVersion
from playground.payloads.opening import find_version
from playground.runs import body, history, places, presentation
from playground.runs.estimates import estimate
from playground.runs.models import OPEN_STATES, Output, Run, State
from playground.workbench import grid, starting, sweeps, winners
from playground.workbench.models import Sweep, SweepCell

# What began a moment before the page was made may have been committed after it.
OVERLAP = timedelta(seconds=15)
EXCERPT = 160
MOST_KNOWN = 200


def known_fields(text: str, endpoint: Endpoint) -> list[tuple[str, str]]:
    """(name, what stands there or may stand there) of the fields that can vary: the text's, then the schema's."""
    try:
        body.check(text, max_bytes=settings.MAX_BODY_BYTES)
        known = {places.shown(path): literal for path, literal in places.scalars(text)}
    except body.BodyProblem:
        known = {}
    for name, rule in rules_of(endpoint.schema or {}).items():
        choices = ", ".join(str(choice) for choice in rule.get("enum", []))
        known.setdefault(name, choices or rule.get("description", ""))
    return list(known.items())[:MOST_KNOWN]


def text_fields(endpoint: Endpoint) -> dict[str, list[str]]:
    """Names whose values the schema wants as text, be they digits, with its choices: the "5" of a duration."""
    rules = rules_of(endpoint.schema or {})
    return {
        name: [str(choice) for choice in rule.get("enum", [])]
        for name, rule in rules.items()
        if rule.get("type") == "string"
    }


@dataclass(frozen=True)
class Head:
    """How far a sweep is."""

    sweep: Sweep
    states: dict[str, int]
    spent: Decimal
    price_each: str
    failed: list[uuid.UUID]
    failed_price: str
    left_price: str
    may_change: bool
    may_stop: bool
    reason: str
    now: datetime

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def left(self) -> int:
        return self.states["waiting"]

    @property
    def ended(self) -> int:
        return self.total - self.left - self.states["open"]

    @property
    def succeeded(self) -> int:
        return self.states["succeeded"]

    @property
    def is_running(self) -> bool:
        return self.sweep.state == Sweep.State.RUNNING

    @property
    def is_stopped(self) -> bool:
        return self.sweep.state == Sweep.State.STOPPED

    @property
    def is_moving(self) -> bool:
        """Whether anything on the page may still change by itself."""
        return self.is_running or self.states["open"] > 0

    @property
    def waits_until(self) -> datetime | None:
        moment = self.sweep.not_before
        return moment if self.is_running and moment is not None and moment > self.now else None


@dataclass(frozen=True, slots=True)
class Line:
    """A sweep among others."""

    sweep: Sweep
    fields: list[grid.Field]
    ended: int
    total: int
    spent: Decimal


def lines_of(found: Iterable[Sweep]) -> list[Line]:
    """Three queries and one for the holds, whatever their number."""
    found = list(found)
    ids = [sweep.id for sweep in found]
    started, is_open = Q(state=SweepCell.State.STARTED), Q(run__state__in=OPEN_STATES)
    rows = SweepCell.objects.filter(sweep__in=ids).values("sweep").order_by()
    counts = {
        row["sweep"]: row
        for row in rows.annotate(
            total=Count("id"), begun=Count("id", filter=started), open=Count("id", filter=started & is_open)
        )
    }
    spent = starting.spent_by_sweep(ids)
    return [
        Line(
            sweep=sweep,
            fields=grid.from_data(sweep.fields),
            ended=counts[sweep.id]["begun"] - counts[sweep.id]["open"],
            total=counts[sweep.id]["total"],
            spent=spent.get(sweep.id, (Decimal(), 0))[0],
        )
        for sweep in found
    ]


def head_of(membership: Membership, sweep: Sweep) -> Head:
    states = dict.fromkeys(("waiting", "open", "succeeded", "failed"), 0)
    failed = []
    for cell_id, state, run_state in sweep.cells.values_list("id", "state", "run__state"):
        if state != SweepCell.State.STARTED:
            states["waiting"] += 1
        elif run_state in OPEN_STATES:
            states["open"] += 1
        elif run_state == State.SUCCEEDED:
            states["succeeded"] += 1
        else:
            states["failed"] += 1
            failed.append(cell_id)
    price = estimate(team=membership.team, mode=sweep.mode, endpoint=sweep.endpoint)
    return Head(
        sweep=sweep,
        states=states,
        spent=starting.spent_of(sweep)[0],
        price_each=price.price,
        failed=failed,
        failed_price=sweeps.price_of(price, len(failed)),
        left_price=sweeps.price_of(price, states["waiting"]),
        may_change=sweep.may_change(membership),
        may_stop=sweep.may_stop(membership),
        reason=_reason(membership, sweep),
        now=timezone.now(),
    )


def _reason(membership: Membership, sweep: Sweep) -> str:
    """Why it stopped. It may name a person's budget or why they are frozen: that is theirs, and of those who govern."""
    if sweep.person_id == membership.user_id or access.can(membership, Ability.SEE_BOOKS):
        return sweep.reason
    return f"{sweep.person_label} can see why."


@dataclass(frozen=True)
class ShownCell:
    """One cell; ``values`` are (field, value) as people read them."""

    cell: SweepCell
    sweep: Sweep
    values: list[tuple[str, str]]
    evidence: str
    url: str
    sees_balance: bool
    origin: PayloadVersion | None

    @property
    def may_be_kept(self) -> bool:
        """A winner whose words are still there."""
        run = self.run
        return (
            self.cell.picked
            and run is not None
            and run.state == State.SUCCEEDED
            and run.text.erased_at is None
        )

    @cached_property
    def kept_text(self) -> str | None:
        """As ``winners.version_text``; None also where there is no payload to keep it in."""
        return winners.version_text(self.origin, self.sweep, self.cell) if self.origin else None

    @property
    def run(self) -> Run | None:
        return self.cell.run

    @property
    def is_waiting(self) -> bool:
        return self.cell.state != SweepCell.State.STARTED

    @property
    def is_open(self) -> bool:
        return self.run is not None and self.run.state in OPEN_STATES

    @cached_property
    def outputs(self) -> list[Output]:
        return list(self.run.outputs.all()) if self.run is not None else []

    @property
    def is_live(self) -> bool:
        copying = any(one.state == Output.State.COPYING for one in self.outputs)
        thumbnail_due = self.file is not None and self.file.kind == "image" and not self.file.thumbnail_name
        return self.is_open or copying or (thumbnail_due and self._is_fresh)

    @property
    def _is_fresh(self) -> bool:
        ended = self.run.finished_at if self.run is not None else None
        return ended is not None and ended > timezone.now() - timedelta(minutes=1)

    @property
    def file(self) -> Any:
        return self.outputs[0].file if self.outputs else None

    @property
    def state(self) -> str:
        """``cancelled`` for what a stopped sweep has not sent."""
        if self.is_waiting:
            return "cancelled" if self.cell.state == SweepCell.State.UNSENT else "waiting"
        return self.run.state if self.run is not None else "erased"

    @property
    def has_failed(self) -> bool:
        return not self.is_waiting and (self.run is None or self.run.state in sweeps.FAILED)

    @property
    def excerpt(self) -> str:
        if self.run is None or self.run.state != State.SUCCEEDED or self.file is not None:
            return ""
        return presentation.seen_text(self.run, self.run.text, sees_balance=self.sees_balance)[:EXCERPT]

    @property
    def own_values(self) -> list[tuple[str, str]]:
        """What its group does not say already."""
        return self.values[1:] or self.values

    @property
    def label(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.values) or f"cell {self.cell.position + 1}"


def shown_cells(membership: Membership, sweep: Sweep, **chosen: Any) -> list[ShownCell]:
    """The cells in order, all of them unless a lookup says which: four queries whatever their number."""
    rows = sweep.cells.filter(**chosen).select_related("run__text", "run__api_key").order_by("position")
    cells = list(
        rows.defer("run__text__search", "run__text__request_text").prefetch_related("run__outputs__file")
    )
    runs = [cell.run for cell in cells if cell.run is not None]
    told = {row.run.id: row for row in history.rows(membership, runs)}
    fields = grid.from_data(sweep.fields)
    began_from = origin(membership, sweep)
    made = []
    for cell in cells:
        row = told.get(cell.run_id) if cell.run_id else None
        # Whoever erased what a run sent finds it in no grid either.
        erased = cell.run is not None and cell.run.text.erased_at is not None
        literals = ["erased"] * len(fields) if erased else [grid.said(one) for one in cell.literals]
        values = [(field.name, said) for field, said in zip(fields, literals, strict=True)]
        balance = cell.run is not None and access.may_see_balance(membership, cell.run.api_key)
        told_of = (row.evidence, row.url) if row else ("", "")
        made.append(ShownCell(cell, sweep, values, *told_of, sees_balance=balance, origin=began_from))
    return made


def groups(cells: Sequence[ShownCell]) -> list[tuple[str, list[ShownCell]]]:
    """Cells under the value of the first field where there are several fields."""
    made: dict[str, list[ShownCell]] = {}
    for cell in cells:
        first = f"{cell.values[0][0]}: {cell.values[0][1]}" if len(cell.values) > 1 else ""
        made.setdefault(first, []).append(cell)
    return list(made.items())


def origin(membership: Membership, sweep: Sweep) -> PayloadVersion | None:
    """The saved payload it began from, where this person may still read it: a winner can become its next version."""
    if sweep.payload_version_id is None:
        return None
    return find_version(membership, sweep.payload_version_id)


def csv_pieces(membership: Membership, sweep: Sweep) -> Iterator[bytes]:
    names = [field.name for field in grid.from_data(sweep.fields)]
    yield csv_lines([["cell", *names, *_COLUMNS]])
    for cell in shown_cells(membership, sweep):
        yield csv_lines([_line(cell)])


_COLUMNS = (
    "picked", "state", "billing", "cost_usd", "seed", "took_seconds", "run", "created_at", "evidence", "sha256",
)  # fmt: skip


def _line(cell: ShownCell) -> list[Value]:
    run = cell.run
    values: list[Value] = [value for _, value in cell.values]
    hashes = " ".join(one.file.sha256 for one in cell.outputs if one.file is not None)
    told: list[Value] = [None] * 6
    if run is not None:
        took = None if run.took is None else Decimal(str(round(run.took, 3)))
        told = [run.billing, run.cost, run.seed or None, took, run.id, run.created_at]
    return [cell.cell.position + 1, *values, cell.cell.picked, cell.state, *told, cell.evidence, hashes]
