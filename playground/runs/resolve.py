"""Runs in doubt, looked up in the provider's own history of requests: the only proof there is of a lost answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts import vault
from accounts.models import ApiKey, Mode
from playground.ledger import entries, reconcile
from playground.ledger.entries import Fact
from playground.ledger.models import MadeBy
from playground.runs import live
from playground.runs.models import NEEDS_PERSON, OPEN_STATES, Billing, CostSource, HistoryLook, Run, RunInput
from playground.segmind.exact import parse_json
from playground.segmind.history import History, HistoryRow, read_history
from playground.segmind.lost import NotSent

REACH = timedelta(days=30)
"""The provider shows at most 31 days at a time."""
LATE = timedelta(hours=2)
"""A request may turn up in the history this late; until then its absence says nothing."""
SLACK = timedelta(minutes=2)
LONGEST = timedelta(hours=1)
AT_ONCE = 200


class Match(StrEnum):
    """By what a run was found in the history."""

    REQUEST_ID = "its request id"
    BODY = "model, body and time, the only one that fits"


@dataclass(frozen=True, slots=True)
class Found:
    """What the history shows of one run: the row that is it, or how many might be."""

    row: HistoryRow | None
    match: Match | None = None
    fitting: int = 0


def history_address(mode: str) -> str:
    """Empty where there is no history to ask, which is the default."""
    return str(settings.SANDBOX_URL if mode == Mode.SANDBOX else settings.SEGMIND_HISTORY_URL)


def _in_doubt() -> Any:
    recent = Run.objects.filter(NEEDS_PERSON, created_at__gt=timezone.now() - REACH)
    return recent.exclude(state__in=OPEN_STATES)


def keys_in_doubt() -> list[UUID]:
    """The readable keys with runs that nothing proves, where the provider's history can be asked."""
    modes = [mode for mode in Mode.values if history_address(mode)]
    keys = ApiKey.objects.usable().filter(mode__in=modes, id__in=_in_doubt().values("api_key"))
    return list(keys.values_list("id", flat=True))


def resolve_key(key_id: UUID) -> int:
    """Look up this key's runs in doubt and settle those the history proves; how many. Safe to repeat."""
    key = ApiKey.objects.usable().filter(id=key_id).first()
    runs = list(_in_doubt().filter(api_key=key_id).select_related("text").order_by("id")[:AT_ONCE])
    if key is None or not runs or not history_address(key.mode):
        return 0
    first = min(run.created_at for run in runs).astimezone(UTC).date() - timedelta(days=1)
    last = timezone.now().astimezone(UTC).date()
    try:
        history = read_history(
            history_address(key.mode),
            vault.decrypt(key),
            sandbox=key.mode == Mode.SANDBOX,
            from_date=max(first, last - REACH),
            to_date=last,
        )
    except (NotSent, ValueError, vault.Unreadable):
        return 0
    settled = _apply(runs, look_up(runs, history.rows), history)
    if settled:
        reconcile.refresh_states([key.id])
    return settled


def look_up(runs: Sequence[Run], rows: Sequence[HistoryRow]) -> dict[UUID, Found]:
    """What the history shows of each run. A row that fits two runs, or a run that two rows fit, proves nothing."""
    by_id = {row.request_id: row for row in rows}
    known = set(Run.objects.filter(request_id__in=list(by_id)).values_list("request_id", flat=True))
    free = [row for row in rows if row.request_id not in known]
    fits = _pairs([run for run in runs if not run.request_id], free)
    wanted = {row.request_id for pairs in fits.values() for row, fit in pairs if fit}
    rivals = _rivals(runs, [row for row in free if row.request_id in wanted])
    claims: dict[str, int] = {}
    for pairs in (*fits.values(), *_pairs(rivals, free).values()):
        for row, fit in pairs:
            claims[row.request_id] = claims.get(row.request_id, 0) + (fit is not False)
    return {
        run.id: _by_id(by_id.get(run.request_id)) if run.request_id else _only(fits[run.id], claims)
        for run in runs
    }


def _pairs(
    runs: Sequence[Run], rows: Sequence[HistoryRow]
) -> dict[UUID, list[tuple[HistoryRow, bool | None]]]:
    """For each run the rows of its model and time, and whether each is what it sent."""
    with_files = set(RunInput.objects.filter(run__in=runs).values_list("run_id", flat=True))
    return {run.id: [(row, _fits(run, row, with_files)) for row in rows if _near(run, row)] for run in runs}


def _rivals(runs: Sequence[Run], rows: Sequence[HistoryRow]) -> list[Run]:
    """Other runs that one of these rows may belong to: sent, perhaps billed, and without an id of the provider.

    One that is still on its way has none yet; and another key may be of the same account.
    """
    moments = [moment for row in rows if (moment := created_at(row)) is not None]
    if not moments:
        return []
    first, last = min(moments) - LONGEST - SLACK, max(moments) + SLACK
    # By id, which holds the time: it has an index across teams. Nobody waits in the queue for days.
    oldest = UUID(int=int((first - timedelta(days=1)).timestamp() * 1000) << 80)
    others = Run.objects.filter(id__gte=oldest, mode=runs[0].mode, endpoint__in={row.model for row in rows})
    others = others.filter(request_id="", claimed_at__gte=first, claimed_at__lte=last)
    others = others.exclude(billing=Billing.NOT_BILLED).exclude(id__in=[run.id for run in runs])
    return list(others.select_related("text"))


def _by_id(row: HistoryRow | None) -> Found:
    return Found(row, Match.REQUEST_ID, 1) if row is not None else Found(None)


def _only(pairs: Sequence[tuple[HistoryRow, bool | None]], claims: dict[str, int]) -> Found:
    possible = [(row, fit) for row, fit in pairs if fit is not False]
    if len(possible) == 1 and possible[0][1] and claims[possible[0][0].request_id] == 1:
        return Found(possible[0][0], Match.BODY, 1)
    return Found(None, fitting=len(possible))


def _near(run: Run, row: HistoryRow) -> bool:
    """The same model, begun while this run was on its way. A row without a readable time may be of any."""
    if row.model != run.endpoint:
        return False
    created = created_at(row)
    began = run.claimed_at or run.created_at
    ended = min(run.finished_at or began + LONGEST, began + LONGEST)
    return created is None or began - SLACK <= created <= ended + SLACK


def _fits(run: Run, row: HistoryRow, with_files: set[UUID]) -> bool | None:
    """Whether the row's body is what this run sent; None where that cannot be told."""
    if row.body is None or created_at(row) is None or run.id in with_files or run.text.erased_at is not None:
        return None
    return bool(parse_json(run.text.request_text.encode()) == row.body)


def created_at(row: HistoryRow) -> datetime | None:
    """When the provider made the row; without a zone its text is in UTC."""
    try:
        moment = parse_datetime(row.created_text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _apply(runs: Sequence[Run], found: dict[UUID, Found], history: History) -> int:
    settled = 0
    for run in runs:
        seen = found[run.id]
        if seen.row is not None and settle(run.id, row=seen.row, match=seen.match or Match.BODY):
            settled += 1
            continue
        ended = run.finished_at or run.created_at
        absent = seen.fitting == 0 and seen.row is None and history.complete
        HistoryLook.objects.update_or_create(
            run=run,
            defaults={
                "looked_at": timezone.now(),
                "absent": absent and ended < timezone.now() - LATE,
                "fitting": seen.fitting,
            },
        )
    return settled


def settle(run_id: UUID, *, row: HistoryRow, match: Match) -> bool:
    """Write down what the provider's history proves of a run in doubt; False where it proves nothing new.

    COMPLETED is billed, at the row's cost if it has a usable one; FAILED is not billed; anything else proves nothing.
    The state stays what it was. A person's word that came first stays, too.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update(no_key=True).get(id=run_id)
        decided = _decided(run, row)
        if decided is None or run.state in OPEN_STATES:
            return False
        run.billing, run.cost = decided
        run.cost_source = CostSource.HISTORY if run.cost is not None else ""
        run.request_id = run.request_id or row.request_id
        run.evidence = {
            **run.evidence,
            "request_id": run.request_id,
            "history_match": match.value,
            "history_status": row.status,
            "history_cost_text": row.cost_text,
            "history_outputs": row.outputs,
            "resolved_at": timezone.now().isoformat(timespec="seconds"),
        }
        run.save(update_fields=["billing", "cost", "cost_source", "request_id", "evidence"])
        entries.keep_open([run.team_id])
        entries.record([_fact(run, row, match)])
        HistoryLook.objects.filter(run=run).delete()
        transaction.on_commit(lambda: live.publish([live.Change.read(run)]))
    return True


def _decided(run: Run, row: HistoryRow) -> tuple[Billing, Decimal | None] | None:
    if not run.needs_person:
        return None
    if row.status == "COMPLETED" and (row.cost is not None or run.billing == Billing.UNKNOWN):
        return Billing.BILLED, row.cost
    if row.status == "FAILED" and run.billing == Billing.UNKNOWN and not row.cost:
        return Billing.NOT_BILLED, None
    return None


def _fact(run: Run, row: HistoryRow, match: Match) -> Fact:
    moments = {name: getattr(run, name) for name in ("claimed_at", "accepted_at", "finished_at")}
    told = {name: moment.isoformat() for name, moment in moments.items() if moment is not None}
    return Fact(
        run_id=str(run.id),
        state=run.state,
        billing=run.billing,
        cost=None if run.cost is None else f"{run.cost:f}",
        error_kind=run.error_kind,
        seconds=run.took,
        evidence={
            **run.evidence,
            **told,
            "cost_text": row.cost_text,
            "cost_source": str(run.cost_source),
        },
        rule_version=run.rule_version,
        made_by=MadeBy.RESOLVER,
        reason=f"The provider's history has it: {row.status.lower()}, found by {match.value}."[:300],
    )
