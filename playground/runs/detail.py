"""The page of one run: its timeline, its request, what may be done about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground import figures
from playground.ledger.models import Entry
from playground.runs import again, presentation, settling
from playground.runs.models import File, Run, State

_END = {
    State.SUCCEEDED: ("Succeeded", "timeline-ok"),
    State.REFUSED: ("Refused", "timeline-failed"),
    State.FAILED: ("Failed", "timeline-failed"),
    State.CANCELLED: ("Stopped before sending", ""),
    State.NOT_SENT: ("Not sent", "timeline-failed"),
    State.UNKNOWN: ("Given up: what became of it is unknown", "timeline-unknown"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a run. ``after`` says how long the step before it took."""

    label: str
    at: datetime | None
    css: str = ""
    note: str = ""


def timeline(run: Run) -> list[Step]:
    """From submission to the end, each with the time that passed; the step that goes on has no moment yet."""
    steps = [Step("Submitted", run.created_at, "timeline-ok", f"by {run.person_label}")]
    before = run.created_at
    for label, moment, note in (
        ("Taken by a worker, sent", run.claimed_at, "waited"),
        ("Accepted by the provider", run.accepted_at, "answered after"),
    ):
        if moment is not None:
            steps.append(Step(label, moment, "timeline-ok", f"{note} {_passed(before, moment)}"))
            before = moment
    if run.finished_at is not None:
        label, css = _END.get(State(run.state), ("Ended", ""))
        steps.append(Step(label, run.finished_at, css, _end_note(run, before)))
    elif run.state == State.QUEUED:
        steps.append(Step("Waiting to be sent", None, "timeline-pending"))
    elif run.state == State.SENDING:
        steps.append(Step("Waiting for the answer", None, "timeline-pending"))
    else:
        steps.append(Step("Running at the provider", None, "timeline-pending", f"asked {run.polls} times"))
    return steps


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run was made from, as words and an address."""

    label: str
    url: str


def no_origin(membership: Membership, run: Run) -> Origin | None:
    return None


# The room that saves payloads enters itself here; this one does not know it.
origin_of: Callable[[Membership, Run], Origin | None] = no_origin


def _passed(before: datetime, moment: datetime) -> str:
    return figures.duration(max(0.0, (moment - before).total_seconds()))


def _end_note(run: Run, before: datetime) -> str:
    if run.finished_at is None:
        return ""
    note = f"after {_passed(before, run.finished_at)}"
    if run.polls:
        note += f", asked {run.polls} time{'s' if run.polls != 1 else ''}"
    return note


def detail_context(membership: Membership, run: Run) -> dict[str, Any]:
    """The context of ``runs/run_detail.html``; includes that of the result fragment."""
    context = presentation.result_context(membership, run)
    shown: presentation.Shown = context["shown"]
    sees_content, may_run = shown.sees_content, context["may_run"]
    can_repeat = may_run and sees_content and not shown.erased and shown.text is not None
    inputs = File.objects.filter(id__in=run.inputs.values("file")) if sees_content else File.objects.none()
    return {
        **context,
        "title": run.endpoint,
        "timeline": timeline(run),
        "entries": list(Entry.objects.filter(run_id=run.id).in_order()),
        "ledger_url": _ledger_url(membership, run),
        "inputs": list(inputs.order_by("id")),
        "playground_url": _playground_url(membership, run) if can_repeat else "",
        "save_url": _save_url(membership, run) if can_repeat else "",
        "origin": origin_of(membership, run) if sees_content else None,
        "can_repeat": can_repeat and again.usable_key(membership, run) is not None,
        "can_stop": access.can(membership, Ability.MANAGE_MEMBERS),
        "may_settle": access.can(membership, Ability.SETTLE_RUNS) and settling.may_be_settled(run),
        "may_erase": shown.is_own and sees_content and not shown.is_open and not shown.erased,
    }


def _playground_url(membership: Membership, run: Run) -> str:
    try:
        page = reverse("workbench:playground_endpoint", args=[membership.team.slug, run.mode, run.endpoint])
    except NoReverseMatch:
        return ""
    return f"{page}?run={run.id}"


def _save_url(membership: Membership, run: Run) -> str:
    try:
        page = reverse("payloads:payload_create", args=[membership.team.slug, run.mode])
    except NoReverseMatch:
        return ""
    return f"{page}?run={run.id}"


def _ledger_url(membership: Membership, run: Run) -> str:
    if not access.can(membership, Ability.SEE_BOOKS):
        return ""
    return f"{reverse('ledger:entry_list', args=[membership.team.slug, run.mode])}?run={run.id}"
