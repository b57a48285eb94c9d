"""One run: its page, its result, and what a person may do about it."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.ledger.refusals import explain
from playground.runs import (
    again,
    detail,
    doubts,
    history,
    presentation,
    recover,
    replay,
    retention,
    settling,
    submit,
)
from playground.runs.forms import AgainForm, EraseForm, SettleForm
from playground.runs.looks import note_look
from playground.runs.models import Output, Run


def _load(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> tuple[Membership, Run]:
    membership = access.membership_or_404(request, team)
    runs = Run.objects.visible_to(membership).in_mode(mode).select_related("api_key", "team")
    return membership, get_object_or_404(runs, id=run)


def _result(request: HttpRequest, membership: Membership, run: Run, *, stopped: bool = False) -> HttpResponse:
    context = presentation.result_context(membership, run)
    return render(request, "runs/_result.html", {**context, "stopped": stopped})


def _answer(request: HttpRequest, membership: Membership, run: Run, *, stopped: bool = False) -> HttpResponse:
    """The fragment for htmx, the run's page for a plain form."""
    if request.headers.get("HX-Request"):
        run.refresh_from_db()
        return _result(request, membership, run, stopped=stopped)
    address = run_address(membership, run)
    return redirect(f"{address}?stopped=1" if stopped else address)


def run_address(membership: Membership, run: Run) -> str:
    return history.address_of(membership.team, run)


@require_GET
@never_cache
def run_result(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> HttpResponse:
    """The result fragment; pages ask for it anew whenever the run has changed."""
    membership, found = _load(request, team, mode, run)
    note_look(request, membership, found)
    return _result(request, membership, found, stopped="stopped" in request.GET)


@require_GET
@never_cache
def run_row(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> HttpResponse:
    """The run's row of the history list."""
    membership, found = _load(request, team, mode, run)
    rows = history.rows(membership, [found])
    return render(request, "runs/_row.html", {**history.frame(membership, mode), "row": rows[0]})


@require_GET
@never_cache
def run_detail(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> HttpResponse:
    membership, found = _load(request, team, mode, run)
    note_look(request, membership, found)
    return _page(request, membership, found)


def _page(
    request: HttpRequest,
    membership: Membership,
    run: Run,
    *,
    settle: SettleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = detail.detail_context(membership, run)
    if context["may_settle"]:
        doubt = doubts.doubt_about(membership, run)
        context["doubt"] = doubt
        context["settle_form"] = settle or SettleForm(initial={"cost": doubt.typed} if doubt else None)
    context["again_form"] = AgainForm(initial={"token": uuid.uuid4()})
    context["stopped"] = "stopped" in request.GET
    return render(request, "runs/run_detail.html", context, status=status)


@require_POST
def run_cancel(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> HttpResponse:
    """Stop: takes back what was not sent; for the rest the answer says that there is no cancel."""
    membership, found = _load(request, team, mode, run)
    access.require(membership, Ability.RUN)
    if found.person_id != membership.user_id:
        access.require(membership, Ability.MANAGE_MEMBERS)
    stopped = submit.cancel(runs=Run.objects.filter(id=found.id))
    return _answer(request, membership, found, stopped=not stopped)


@require_POST
def run_again(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> HttpResponse:
    """The same body once more, as a new run."""
    return _repeat(request, team, mode, run, again.run_again)


@require_POST
def run_replay(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> HttpResponse:
    """The same body with the seed that was used, linked to this run."""
    return _repeat(request, team, mode, run, replay.replay)


def _repeat(
    request: HttpRequest, team: str, mode: str, run: uuid.UUID, deed: Callable[..., Run]
) -> HttpResponse:
    membership, found = _load(request, team, mode, run)
    access.require(membership, Ability.RUN)
    note_look(request, membership, found)
    form = AgainForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This page was too old. Press the button once more.")
        return redirect(run_address(membership, found))
    try:
        new = deed(membership=membership, run=found, token=form.cleaned_data["token"])
    except submit.SubmitProblem as problem:
        text = str(problem) if problem.refused is None else explain(membership, problem.refused).text
        messages.error(request, text)
        return redirect(run_address(membership, found))
    return redirect(run_address(membership, new))


@require_POST
def run_settle(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> HttpResponse:
    """A person says what an unknown run cost."""
    membership, found = _load(request, team, mode, run)
    access.require(membership, Ability.SETTLE_RUNS)
    form = SettleForm(request.POST)
    if form.is_valid():
        try:
            settling.settle_by_person(
                run=found,
                actor=membership.user,
                billed=form.is_billed,
                cost=form.cleaned_data["cost"],
                reason=form.cleaned_data["reason"],
                request=request,
            )
        except settling.CannotSettle as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Settled. The evidence says who, when and why.")
            return redirect(run_address(membership, found))
    return _page(request, membership, found, settle=form, status=422)


@require_POST
def run_erase(request: HttpRequest, team: str, mode: str, run: uuid.UUID) -> HttpResponse:
    """Erase what one's own run said and returned; its status, billing and cost stay."""
    membership, found = _load(request, team, mode, run)
    access.require(membership, Ability.RUN)
    form = EraseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was erased. Confirm it in the dialog.")
        return redirect(run_address(membership, found))
    try:
        retention.erase_content(run=found, actor=membership.user, request=request)
    except retention.CannotErase as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The content of this run is erased.")
    return redirect(run_address(membership, found))


@require_POST
def output_copy(
    request: HttpRequest, team: str, mode: str, run: uuid.UUID, output: uuid.UUID
) -> HttpResponse:
    """Try once more to copy a file that was lost while the provider still has it."""
    membership, found = _load(request, team, mode, run)
    access.require(membership, Ability.RUN)
    lost = get_object_or_404(Output.objects.select_related("run"), id=output, run=found)
    recover.copy_again(output=lost)
    return _answer(request, membership, found)
