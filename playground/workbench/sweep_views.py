"""Sweeps: made from a text after its price was read, watched, stopped, resumed, taken along."""

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from uuid_utils.compat import uuid7

from accounts import access, keys
from accounts.access import Ability
from accounts.models import Membership
from playground.catalogue.versions import preset_version
from playground.ledger import download
from playground.payloads.opening import find_version
from playground.payloads.variables import VariableProblem
from playground.runs import bundle
from playground.runs.models import Run
from playground.workbench import grid, page, sweep_page, sweeps
from playground.workbench.drafts import find_draft
from playground.workbench.filling import fill_in
from playground.workbench.models import Sweep
from playground.workbench.sweep_forms import CapsForm, CellsForm, PickForm, SweepForm

SHOWN = 50
BATCH = 20


def _member(request: HttpRequest, team: str) -> Membership:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_CONTENT)
    access.require(membership, Ability.RUN)
    return membership


def _load(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID) -> tuple[Membership, Sweep]:
    membership = _member(request, team)
    rows = Sweep.objects.visible_to(membership).filter(mode=mode).select_related("api_key", "team")
    return membership, get_object_or_404(rows, id=sweep)


def _frame(membership: Membership, mode: str) -> dict[str, Any]:
    return {"membership": membership, "team": membership.team, "mode": mode, "zone": membership.team.zone}


@require_GET
@never_cache
def sweep_list(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """The newest sweeps, with how far they are."""
    membership = _member(request, team)
    found = Sweep.objects.visible_to(membership).filter(mode=mode).order_by("-id")[:SHOWN]
    lines = sweep_page.lines_of(found)
    return render(request, "workbench/sweep_list.html", {**_frame(membership, mode), "lines": lines})


@require_http_methods(["GET", "POST"])
@never_cache
def sweep_new(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    """A post without fields comes from the playground and begins the form; with ``confirm`` it makes the sweep."""
    membership = _member(request, team)
    endpoint = page.visible_endpoint(membership, slug)
    usable = list(keys.usable_keys(membership, mode))
    context = {**_frame(membership, mode), "endpoint": endpoint, "keys": usable}
    if request.method != "POST" or "field_1" not in request.POST:
        initial = _initial(request, membership, mode, slug)
        return _ask(request, context, SweepForm(initial=initial, membership=membership, keys=usable))
    form = SweepForm(request.POST, membership=membership, keys=usable)
    if "change" in request.POST or not form.is_valid():
        return _ask(request, context, form)
    try:
        plan = sweeps.plan(
            membership=membership,
            mode=mode,
            endpoint=slug,
            text=form.cleaned_data["body"],
            rows=form.rows,
            texts=sweep_page.text_fields(endpoint),
        )
        if request.POST.get("confirm") != str(plan.count):
            return render(request, "workbench/sweep_confirm.html", {**context, "form": form, "plan": plan})
        made = _make(membership, slug, form, plan)
    except sweeps.SweepProblem as problem:
        form.add_error(problem.field or None, str(problem))
        if isinstance(problem, sweeps.UsedBefore):
            form.data = {**request.POST.dict(), "token": uuid7()}
        return _ask(request, context, form)
    return redirect("workbench:sweep_detail", team, mode, made.id)


def _initial(request: HttpRequest, membership: Membership, mode: str, slug: str) -> dict[str, Any]:
    """What the playground holds, what a run sent, or the draft."""
    values: dict[str, Any] = {"cap_runs": grid.MOST_CELLS, "per_minute": sweeps.USUAL_PACE, "token": uuid7()}
    if request.method == "POST":
        payload = find_version(membership, _uuid(request.POST.get("payload")))
        text = request.POST.get("body", "").replace("\r\n", "\n")
        version = 2 if request.POST.get("version") == "2" else 1
        try:
            text = fill_in(payload=payload, text=text, version=version, posted=request.POST).text
        except VariableProblem as problem:
            messages.warning(request, str(problem))
        key = request.POST.get("key", "")
        return {**values, "body": text, "version": version, "key": key, "payload": payload and payload.id}
    if wanted := request.GET.get("run"):
        runs = Run.objects.visible_to(membership).in_mode(mode).filter(endpoint=slug, text__erased_at=None)
        if membership.team.own_runs_only:
            runs = runs.filter(person=membership.user_id)
        run = get_object_or_404(runs.select_related("text"), id=_uuid(wanted))
        return {**values, "body": run.text.request_text, "version": run.version}
    draft = find_draft(membership=membership, endpoint=slug)
    endpoint = page.visible_endpoint(membership, slug)
    if draft is None:
        return {**values, "body": endpoint.sample_text, "version": preset_version(endpoint)[0]}
    return {**values, "body": draft.text, "version": draft.version or preset_version(endpoint)[0]}


def _uuid(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return uuid.UUID(int=0)


def _ask(request: HttpRequest, context: dict[str, Any], form: SweepForm) -> HttpResponse:
    text = str(form["body"].value() or "").replace("\r\n", "\n")
    known = sweep_page.known_fields(text, context["endpoint"])
    context = {**context, "form": form, "known": known, "most": grid.MOST_CELLS}
    is_bad = form.is_bound and bool(form.errors)
    return render(request, "workbench/sweep_new.html", context, status=422 if is_bad else 200)


def _make(membership: Membership, slug: str, form: SweepForm, plan: sweeps.Plan) -> Sweep:
    data = form.cleaned_data
    payload = data["payload"]
    return sweeps.make(
        membership=membership,
        endpoint=slug,
        version=data["version"],
        key=data["key"],
        text=data["body"],
        fields=plan.fields,
        cap_usd=data["cap_usd"],
        cap_runs=data["cap_runs"],
        per_minute=data["per_minute"],
        token=data["token"],
        payload_version=payload,
        tag=payload.payload.run_tag if payload is not None else "",
    )


@require_GET
@never_cache
def sweep_detail(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID) -> HttpResponse:
    membership, found = _load(request, team, mode, sweep)
    cells = sweep_page.shown_cells(membership, found)
    context = {**_cell_context(membership, found), "groups": sweep_page.groups(cells)}
    return render(request, "workbench/sweep_detail.html", context)


def _cell_context(membership: Membership, sweep: Sweep) -> dict[str, Any]:
    head = sweep_page.head_of(membership, sweep)
    initial: dict[str, Any] = {"cap_runs": sweep.cap_runs, "per_minute": sweep.per_minute}
    if sweep.cap_usd is not None:
        initial["cap_usd"] = sweep.cap_usd.quantize(Decimal("0.0001"))
    caps = CapsForm(initial=initial, auto_id="resume_%s")
    return {
        **_frame(membership, sweep.mode),
        "sweep": sweep,
        "head": head,
        "caps_form": caps,
        "fields": grid.from_data(sweep.fields),
        "origin": sweep_page.origin(membership, sweep),
    }


@require_GET
@never_cache
def sweep_head(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID) -> HttpResponse:
    """How far it is; asked for whenever one of its runs changed."""
    membership, found = _load(request, team, mode, sweep)
    return render(request, "workbench/_sweep_head.html", _cell_context(membership, found))


@require_GET
@never_cache
def sweep_cells(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID) -> HttpResponse:
    """The cells that were started since ``?since=``, to be put in the place of those on the page."""
    membership, found = _load(request, team, mode, sweep)
    try:
        since = datetime.fromisoformat(request.GET.get("since", ""))
    except ValueError:
        raise Http404 from None
    if since.tzinfo is None or not 2000 <= since.year <= 9000:
        raise Http404
    newer = {"run__sweep_run__started_at__gte": since - sweep_page.OVERLAP}
    context = _cell_context(membership, found)
    context["cells"] = sweep_page.shown_cells(membership, found, **newer)
    return render(request, "workbench/_sweep_cells.html", context)


@require_GET
@never_cache
def sweep_cell(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID, cell: uuid.UUID) -> HttpResponse:
    membership, found = _load(request, team, mode, sweep)
    return _cell(request, membership, found, cell)


def _cell(request: HttpRequest, membership: Membership, sweep: Sweep, cell: uuid.UUID) -> HttpResponse:
    shown = sweep_page.shown_cells(membership, sweep, id=cell)
    if not shown:
        raise Http404
    return render(
        request, "workbench/_sweep_cell.html", {**_cell_context(membership, sweep), "cell": shown[0]}
    )


@require_POST
def sweep_stop(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID) -> HttpResponse:
    """Take back what was not sent."""
    membership, found = _load(request, team, mode, sweep)
    if not found.may_stop(membership):
        access.require(membership, Ability.MANAGE_MEMBERS)
    sweeps.stop(membership=membership, sweep=found)
    return redirect("workbench:sweep_detail", team, mode, sweep)


@require_POST
def sweep_resume(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID) -> HttpResponse:
    membership, found = _load(request, team, mode, sweep)
    form = CapsForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Not resumed. " + " ".join(str(one[0]) for one in form.errors.values()))
    else:
        _do(request, lambda: sweeps.resume(membership=membership, sweep=found, **form.cleaned_data))
    return redirect("workbench:sweep_detail", team, mode, sweep)


@require_POST
def sweep_again(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID) -> HttpResponse:
    """Run these failed cells again."""
    membership, found = _load(request, team, mode, sweep)
    form = CellsForm(request.POST, offered=list(found.cells.values_list("id", flat=True)))
    if not form.is_valid():
        messages.error(request, "Nothing was run: no cell of this sweep was named.")
    else:
        cells = [uuid.UUID(one) for one in form.cleaned_data["cell"]]
        _do(request, lambda: sweeps.run_again(membership=membership, sweep=found, cells=cells))
    return redirect("workbench:sweep_detail", team, mode, sweep)


@require_POST
def sweep_pick(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID, cell: uuid.UUID) -> HttpResponse:
    """Mark a cell as a winner, or take the mark away."""
    membership, found = _load(request, team, mode, sweep)
    form = PickForm(request.POST)
    form.is_valid()
    picked = form.cleaned_data["picked"]
    _do(request, lambda: sweeps.pick(membership=membership, sweep=found, cell=cell, picked=picked))
    if request.headers.get("HX-Request"):
        return _cell(request, membership, found, cell)
    return redirect("workbench:sweep_detail", team, mode, sweep)


def _do(request: HttpRequest, deed: Any) -> None:
    try:
        deed()
    except sweeps.SweepProblem as problem:
        messages.error(request, str(problem))


@require_GET
def sweep_export(request: HttpRequest, team: str, mode: str, sweep: uuid.UUID, form: str) -> HttpResponseBase:
    """Its cells as ``csv``, or with their outputs and a manifest as ``zip``."""
    membership, found = _load(request, team, mode, sweep)
    name = f"sweep-{found.endpoint}-{found.created_at:%Y%m%d-%H%M%S}"
    if form == "csv":
        made = sweep_page.csv_pieces(membership, found)
        return download.plain(made, name=f"{name}.csv", media_type="text/csv; charset=utf-8")
    if form != "zip":
        raise Http404
    selected = {"sweep": str(found.id), "endpoint": found.endpoint}
    manifest = bundle.Manifest(membership, mode, selected=selected)

    def first() -> Iterator[tuple[str, Iterator[bytes]]]:
        yield "cells.csv", sweep_page.csv_pieces(membership, found)

    zipped = bundle.pieces(_runs(membership, found), manifest, first=first)
    return download.plain(zipped, name=f"{name}.zip", media_type="application/zip")


def _runs(membership: Membership, sweep: Sweep) -> Iterator[tuple[str, Run]]:
    for start in range(0, grid.MOST_CELLS, BATCH):
        part = {"position__gte": start, "position__lt": start + BATCH}
        for cell in sweep_page.shown_cells(membership, sweep, **part):
            if cell.run is None:
                continue
            words = re.sub(r"[^A-Za-z0-9.-]+", "-", cell.label)[:80].strip("-")
            yield f"{cell.cell.position + 1:03}-{words}", cell.run
