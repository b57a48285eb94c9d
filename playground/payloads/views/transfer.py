"""Payloads from a file and into one. What an import would write is shown first; what an export leaves out, too."""

from collections import Counter
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Membership
from playground.payloads.forms import (
    CLASHING,
    IMPORTED_FOR,
    ExportForm,
    FilterForm,
    ImportConfirmForm,
    ImportForm,
)
from playground.payloads.transfer import exporting, importing, reading
from playground.payloads.transfer.fitting import fit
from playground.payloads.transfer.importing import AlreadyImported
from playground.payloads.transfer.records import Found, Outcome, TransferProblem
from playground.payloads.views import load


@never_cache
@sensitive_variables()
@require_http_methods(["GET", "POST"])
def payload_import(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """The form; a post shows what the file would become, and writes nothing."""
    membership = load.member(request, team)
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    context: dict[str, Any] = {
        **load.frame(membership, mode),
        "form": form,
    }
    if request.method == "POST" and form.is_valid():
        try:
            found = reading.read(form.cleaned_data["file"])
            fit(found, membership=membership, into=form.cleaned_data["into"])
            context |= {"sealed": importing.seal(found, membership=membership), **_report(found)}
        except TransferProblem as problem:
            form.add_error("file", str(problem))
        else:
            return render(request, "payloads/payload_import_report.html", context)
    return render(request, "payloads/payload_import.html", context, status=422 if form.errors else 200)


def _report(found: list[Found]) -> dict[str, Any]:
    """What needs a look stands first."""
    count = Counter(one.outcome for one in found)
    order = [Outcome.DROPPED, Outcome.CHANGED, Outcome.TAKEN]
    return {
        "found": sorted(found, key=lambda one: order.index(one.outcome)),
        "dropped": count[Outcome.DROPPED],
        "changed": count[Outcome.CHANGED],
        "taken": count[Outcome.TAKEN],
        "kept": count[Outcome.CHANGED] + count[Outcome.TAKEN],
        "holds_key": any(one.holds_key for one in found),
        "renamed": sum(1 for one in found if one.renamed),
        "visibilities": IMPORTED_FOR,
        "clashing": CLASHING,
    }


@sensitive_variables()
@require_POST
def payload_import_confirm(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """The yes: everything that was shown is written, or nothing."""
    membership = load.member(request, team)
    form = ImportConfirmForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This could not be read. Choose the file again.")
        return redirect("payloads:payload_import", team, mode)
    data = form.cleaned_data
    try:
        made = importing.write(
            importing.unseal(data["sealed"], membership=membership),
            membership=membership,
            visibility=data["visibility"],
            leave_clashing=data["clashing"] == "leave",
            request=request,
        )
    except AlreadyImported:
        messages.info(request, "This was imported already.")
    except TransferProblem as problem:
        messages.error(request, str(problem))
        return redirect("payloads:payload_import", team, mode)
    else:
        if made:
            messages.success(request, f"{importing.counted(len(made))} imported.")
        else:
            messages.info(request, "Nothing was imported: every name is taken.")
    return redirect("payloads:payload_list", team, mode)


@never_cache
@require_http_methods(["GET", "POST"])
def payload_export(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """What the filter in the address finds; a post answers with the file, or first with what stays behind."""
    membership = load.member(request, team)
    chosen = replace(FilterForm(request.GET).filter(), trash=False)
    form = ExportForm(request.POST) if request.method == "POST" else ExportForm()
    context: dict[str, Any] = {
        **load.frame(membership, mode),
        "form": form,
        "chosen": chosen,
        "kept": urlencode(load.asked(request, without=("page", "trash"))),
        "format": request.POST.get("format") or exporting.Format.FOLDER.value,
    }
    if request.method == "POST" and form.is_valid():
        answer = _export(request, membership, context)
        if answer is not None:
            return answer
    return _ask(request, membership, context)


def _export(request: HttpRequest, membership: Membership, context: dict[str, Any]) -> HttpResponse | None:
    """The file, or what stays behind; None with an error in the form."""
    form: ExportForm = context["form"]
    try:
        payloads = exporting.offered(membership, context["chosen"], form.chosen)
        export = exporting.collect(payloads)
    except TransferProblem as problem:
        form.add_error(None, str(problem))
        return None
    if not payloads:
        form.add_error(None, "Choose at least one payload.")
        return None
    if export.left_out and not (form.cleaned_data["rest"] and export.records):
        context = {**context, "export": export, "only": form.chosen}
        return render(request, "payloads/payload_export_rest.html", context)
    return _download(request, membership, export, exporting.Format(form.cleaned_data["format"]))


def _ask(request: HttpRequest, membership: Membership, context: dict[str, Any]) -> HttpResponse:
    form: ExportForm = context["form"]
    try:
        context["payloads"] = exporting.offered(membership, context["chosen"])
    except TransferProblem as problem:
        context["problem"] = str(problem)
    context |= {
        "most_ticked": exporting.MOST_TICKED,
        "ticked": set(request.POST.getlist("only")) if request.POST.get("ticked") else None,
    }
    return render(request, "payloads/payload_export.html", context, status=422 if form.errors else 200)


def _download(
    request: HttpRequest, membership: Membership, export: exporting.Export, kind: exporting.Format
) -> HttpResponse:
    file = exporting.write(export, kind, membership=membership, request=request)
    response = HttpResponse(file.data, content_type=file.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["Cache-Control"] = "no-store"
    return response
