"""One payload: its page, its details, who sees it, its place in the trash."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from playground.payloads import changing, detail, link_list, outside, sheets, trash
from playground.payloads.exposure import Leak
from playground.payloads.forms import DetailsForm, ShareForm
from playground.payloads.models import PayloadVersion, Visibility
from playground.payloads.saving import PayloadProblem
from playground.payloads.views import load
from playground.runs.models import Output, Run


@require_safe
def payload_detail(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """``?version=`` shows an earlier one."""
    membership, found = load.payload_or_404(request, team, payload)
    number = request.GET.get("version", "")
    shown = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else found.newest
    version = get_object_or_404(found.versions.visible_to(membership), number=shown)
    context = detail.page_of(membership=membership, mode=mode, payload=found, version=version)
    return render(request, "payloads/payload_detail.html", {**load.frame(membership, mode), **context})


@require_safe
def version_show(request: HttpRequest, team: str, mode: str, version: uuid.UUID) -> HttpResponse:
    """The page of the payload that has this version."""
    membership = load.member(request, team)
    rows = PayloadVersion.objects.visible_to(membership).select_related("payload")
    found = get_object_or_404(rows, id=version)
    return redirect(f"{load.address_of(membership, mode, found.payload)}?version={found.number}")


@require_http_methods(["GET", "POST"])
def payload_change(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    membership, found = load.payload_or_404(request, team, payload)
    form = DetailsForm(request.POST or None, initial=DetailsForm.initial_of(found))
    if form.is_valid():
        try:
            changing.change_details(membership=membership, payload=found, **form.cleaned_data)
        except PayloadProblem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        except Leak as leak:
            form.add_error(None, str(leak))
        else:
            messages.success(request, "Saved.")
            return redirect(load.address_of(membership, mode, found))
    context = {**load.frame(membership, mode), "payload": found, "form": form}
    return _page(request, "payload_change", context)


@require_http_methods(["GET", "POST"])
def payload_share(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """Who sees it. Before anything is shown to others a post shows what; one that has seen it does it.

    A key anywhere in it keeps it from being shared, and the page names the place.
    """
    membership, found = load.payload_or_404(request, team, payload)
    if not found.may_manage(membership):
        raise PermissionDenied
    initial = {
        "visibility": found.visibility,
        "readers": [str(user_id) for user_id in found.readers.values_list("id", flat=True)],
    }
    form = ShareForm(request.POST or None, initial=initial, membership=membership)
    context = {**load.frame(membership, mode), "payload": found, "form": form}
    if form.is_valid() and "back" not in request.POST:
        try:
            return _share(request, context, form)
        except PayloadProblem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        except Leak as leak:
            form.add_error(None, str(leak))
    context |= {
        "links": link_list.of_payload(membership, found),
        "has_files": found.versions.get(number=found.newest).files.exists(),
        "may_link": outside.may_make(membership, found),
        "links_allowed": membership.team.outside_links_since is not None,
    }
    return _page(request, "payload_share", context)


def _share(request: HttpRequest, context: dict[str, Any], form: ShareForm) -> HttpResponse:
    """Does it, or shows first what will be seen. Raises PayloadProblem, Leak."""
    membership, payload = context["membership"], context["payload"]
    data = form.cleaned_data
    readers = changing.check_readers(data["visibility"], data["readers"])
    seen = request.POST.get("seen")
    if data["visibility"] != Visibility.PRIVATE and seen is None:
        return _share_preview(request, context, data, readers)
    try:
        changing.share(membership=membership, payload=payload, seen=seen, request=request, **data)
    except changing.ChangedMeanwhile as changed:
        messages.warning(request, str(changed))
        return _share_preview(request, context, data, readers)
    messages.success(request, f"{payload.get_visibility_display()} can see it now.")
    return redirect(load.address_of(membership, context["mode"], payload))


def _share_preview(
    request: HttpRequest, context: dict[str, Any], data: dict[str, Any], readers: list[User]
) -> HttpResponse:
    context = {
        **context,
        **sheets.seen_by_the_team(payload=context["payload"], keep_files=data["keep_files"]),
        "visibility": data["visibility"],
        "readers": readers,
    }
    return render(request, "payloads/payload_share_preview.html", context)


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    status = 422 if context["form"].errors else 200
    return render(request, f"payloads/{name}.html", context, status=status)


@require_POST
def payload_favourite(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    membership, found = load.payload_or_404(request, team, payload)
    on = changing.toggle_favourite(membership=membership, payload=found)
    if request.headers.get("HX-Request"):
        context = {**load.frame(membership, mode), "payload": found, "favourite": on}
        return render(request, "payloads/_star.html", context)
    return redirect(load.address_of(membership, mode, found))


@require_POST
def payload_cover(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """The picture on its card: an output of a run that this person sees, or none."""
    membership, found = load.payload_or_404(request, team, payload)
    chosen = request.POST.get("output", "")
    output = None
    if chosen:
        rows = Output.objects.filter(run__in=Run.objects.visible_to(membership), state=Output.State.COPIED)
        output = get_object_or_404(rows, id=load.uuid_or_404(chosen))
    try:
        changing.set_cover(membership=membership, payload=found, output=output)
    except PayloadProblem as problem:
        messages.error(request, str(problem))
    return redirect(load.address_of(membership, mode, found))


@require_POST
def payload_trash(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    membership, found = load.payload_or_404(request, team, payload)
    trash.trash(membership=membership, payload=found, request=request)
    messages.success(request, f"{found.name} is in the trash for 30 days.")
    return redirect("payloads:payload_list", team, mode)


@require_POST
def payload_restore(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    membership, found = load.payload_or_404(request, team, payload)
    trash.restore(membership=membership, payload=found, request=request)
    messages.success(request, f"{found.name} is back.")
    return redirect(load.address_of(membership, mode, found))


@require_POST
def payload_purge(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    membership, found = load.payload_or_404(request, team, payload)
    trash.purge(membership=membership, payload=found, request=request)
    messages.success(request, f"{found.name} is deleted. Its runs stay in the history.")
    return redirect("payloads:payload_list", team, mode)
