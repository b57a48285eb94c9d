"""Run a payload over the rows of a table: paste or upload, see count and price, confirm."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from uuid_utils.compat import uuid7

from accounts import keys
from accounts.models import Membership
from playground.ledger.refusals import explain
from playground.payloads import rows
from playground.payloads.forms import RowsForm
from playground.payloads.models import Payload, PayloadVersion
from playground.payloads.opening import open_version
from playground.payloads.variables import from_data
from playground.payloads.views import load


@require_http_methods(["GET", "POST"])
def payload_rows(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """A post shows count and price; one with ``confirm`` sends."""
    membership, found = load.payload_or_404(request, team, payload)
    if found.trashed_at is not None:
        return redirect(load.address_of(membership, mode, found))
    context: dict[str, Any] = {**load.frame(membership, mode), "payload": found}
    if request.method != "POST":
        return _ask(request, context, found.versions.get(number=found.newest), None)
    form = RowsForm(request.POST, request.FILES, membership=membership, mode=mode)
    if not form.is_valid():
        return _ask(request, context, found.versions.get(number=found.newest), form)
    version = get_object_or_404(found.versions.visible_to(membership), number=form.cleaned_data["base"])
    version = open_version(membership=membership, version_id=version.id)
    try:
        table = rows.read(form.cleaned_data["table"], from_data(version.variables))
        plan = rows.plan(membership=membership, mode=mode, version=version, table=table)
    except rows.TableProblem as problem:
        form.add_error("table", str(problem))
        return _ask(request, context, version, form)
    if request.POST.get("confirm") != str(plan.count):
        return render(
            request,
            "payloads/payload_rows_confirm.html",
            {**context, "version": version, "form": form, "plan": plan},
        )
    return _send(request, context, version, form, plan)


def _ask(
    request: HttpRequest, context: dict[str, Any], version: PayloadVersion, form: RowsForm | None
) -> HttpResponse:
    membership: Membership = context["membership"]
    context = {
        **context,
        "version": version,
        "variables": from_data(version.variables),
        "form": form,
        "table": form["table"].value() if form else rows.example(version),
        "chosen_version": str(form["version"].value() if form else version.version),
        "keys": list(keys.usable_keys(membership, context["mode"])),
        "token": (form and form["token"].value()) or uuid7(),
        "most": rows.MOST_ROWS,
    }
    return render(request, "payloads/payload_rows.html", context, status=422 if form else 200)


def _send(
    request: HttpRequest, context: dict[str, Any], version: PayloadVersion, form: RowsForm, plan: rows.Plan
) -> HttpResponse:
    membership, mode, payload = context["membership"], context["mode"], context["payload"]
    data = form.cleaned_data
    sent = rows.send(
        membership=membership,
        plan=plan,
        api_version=data["version"],
        key=data["key"],
        token=data["token"],
    )
    if sent.problem is not None:
        refusal = explain(membership, sent.problem.refused) if sent.problem.refused is not None else None
        context = {**context, "version": version, "sent": sent, "refusal": refusal, "plan": plan}
        return render(request, "payloads/payload_rows_stopped.html", context, status=422)
    messages.success(request, f"{len(sent.runs)} run{'s' if len(sent.runs) != 1 else ''} on the way.")
    return redirect(history_of(membership, mode, payload))


def history_of(membership: Membership, mode: str, payload: Payload) -> str:
    """The runs that rows of tables made of this model."""
    page = reverse("runs:history_list", args=[membership.team.slug, mode])
    return f"{page}?source=rows&endpoint={payload.endpoint}"
