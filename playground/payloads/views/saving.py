"""Keep a payload, a version of it, its variables; take a copy; take over what changed at the source."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Membership
from playground.payloads import diffs, forks, prefill
from playground.payloads.exposure import Leak
from playground.payloads.forms import CreateForm, VersionForm
from playground.payloads.models import Payload, PayloadVersion
from playground.payloads.opening import find_version
from playground.payloads.saving import (
    NewerVersion,
    PayloadProblem,
    best_output,
    restore_version,
    save_payload,
    save_version,
)
from playground.payloads.variables import from_data
from playground.payloads.views import load


@require_http_methods(["GET", "POST"])
def payload_create(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """``?run=`` begins with what a run sent. A post without a name comes from the playground and begins the form."""
    membership = load.member(request, team)
    begins = request.method == "GET" or "name" not in request.POST
    if begins:
        form = CreateForm(initial=prefill.initial(request, membership, mode))
    else:
        form = CreateForm(request.POST)
        if form.is_valid() and (made := _create(membership, form)) is not None:
            messages.success(request, f"{made.name} is saved.")
            return _led_to(request, membership, mode, made, form.cleaned_data["result"])
    if form.errors and request.headers.get("HX-Request"):
        return render(request, "payloads/_not_saved.html", {"form": form}, status=422)
    context = {**load.frame(membership, mode), "form": form, "endpoint": form["endpoint"].value()}
    return render(request, "payloads/payload_create.html", context, status=422 if form.errors else 200)


def _create(membership: Membership, form: CreateForm) -> Payload | None:
    data = dict(form.cleaned_data)
    run, result, of, text = (data.pop(name) for name in ("run", "result", "of", "body"))
    origin = find_version(membership, of) if of else None
    try:
        cover = best_output(membership, endpoint=data["endpoint"], text=text, runs=(run, result))
        return save_payload(
            membership=membership,
            text=text,
            cover=cover,
            variables=from_data(origin.variables) if origin is not None else (),
            keeps_files_of=origin,
            **data,
        )
    except PayloadProblem as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
    except Leak as leak:
        form.add_error(None, str(leak))
    return None


@require_POST
def version_save(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """Another version from the playground. 409 with what was saved meanwhile, where somebody did."""
    membership, found = load.payload_or_404(request, team, payload)
    form = VersionForm(request.POST)
    if not form.is_valid():
        return _not_saved(request, membership, mode, found, form, "This could not be read. Reload the page.")
    data = form.cleaned_data
    seen = found.versions.visible_to(membership)
    opened = seen.filter(number=data["base"]).first() or found.versions.get(number=found.newest)
    try:
        saved = save_version(
            membership=membership,
            payload=found,
            base=data["base"],
            version=data["version"],
            text=data["body"],
            variables=from_data(opened.variables),
            message=data["message"],
        )
    except NewerVersion as newer:
        return _not_saved(request, membership, mode, found, form, str(newer), theirs=newer.theirs)
    except (PayloadProblem, Leak) as problem:
        return _not_saved(request, membership, mode, found, form, str(problem))
    messages.success(request, f"Saved as version {saved.number} of {found.name}.")
    return _led_to(request, membership, mode, found, data["result"])


def _led_to(
    request: HttpRequest, membership: Membership, mode: str, payload: Payload, result: uuid.UUID | None
) -> HttpResponse:
    """Back into the playground with what was saved opened, where it came from there; else to its page."""
    if not request.headers.get("HX-Request"):
        return redirect(load.address_of(membership, mode, payload))
    newest = payload.versions.get(number=payload.newest)
    address = load.desk_of(membership, mode, payload, newest.id)
    address += f"&result={result}" if result else ""
    return HttpResponse(status=204, headers={"HX-Redirect": address})


def _not_saved(
    request: HttpRequest,
    membership: Membership,
    mode: str,
    payload: Payload,
    form: VersionForm,
    why: str,
    *,
    theirs: PayloadVersion | None = None,
) -> HttpResponse:
    part = bool(request.headers.get("HX-Request"))
    context: dict[str, Any] = {**load.frame(membership, mode), "payload": payload, "form": form, "why": why}
    if theirs is not None:
        mine = PayloadVersion(
            version=form.cleaned_data["version"], text=form.cleaned_data["body"], variables=theirs.variables
        )
        context |= {"theirs": theirs, "difference": diffs.between(theirs, mine), "mine": form.cleaned_data}
    template = "payloads/_version_conflict.html" if part else "payloads/version_conflict.html"
    answer = render(request, template, context, status=409 if theirs is not None else 422)
    if theirs is not None:
        answer["X-Newest-Version"] = str(theirs.number)
    return answer


@require_POST
def version_restore(
    request: HttpRequest, team: str, mode: str, payload: uuid.UUID, number: int
) -> HttpResponse:
    membership, found = load.payload_or_404(request, team, payload)
    old = get_object_or_404(found.versions.visible_to(membership), number=number)
    try:
        made = restore_version(membership=membership, payload=found, old=old)
    except (PayloadProblem, NewerVersion, Leak) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"Version {old.number} is back, as version {made.number}.")
    return redirect(load.address_of(membership, mode, found))


@require_POST
def payload_fork(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """A private copy of the newest version that knows where it comes from."""
    membership, found = load.payload_or_404(request, team, payload)
    try:
        copy = forks.fork(membership=membership, version=found.versions.get(number=found.newest))
    except PayloadProblem as problem:
        messages.error(request, str(problem))
        return redirect(load.address_of(membership, mode, found))
    messages.success(request, "This is your own copy. Only you see it.")
    return redirect(load.address_of(membership, mode, copy))


@require_http_methods(["GET", "POST"])
def payload_pull(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """What changed at the source, and the button that takes it over."""
    membership, found = load.payload_or_404(request, team, payload)
    source = forks.source_of(membership=membership, payload=found)
    if source is None or source.newer is None:
        messages.info(request, "There is nothing new to take over.")
        return redirect(load.address_of(membership, mode, found))
    mine = found.versions.get(number=found.newest)
    if request.method == "POST":
        shown = (request.POST.get("base", ""), request.POST.get("newer", ""))
        if shown == (str(mine.number), str(source.newer.id)):
            return _pull(request, membership, mode, found, source.newer)
        messages.warning(request, "Something was saved meanwhile. This is how it differs now.")
    context = {
        **load.frame(membership, mode),
        "payload": found,
        "source": source,
        "mine": mine,
        "difference": diffs.between(mine, source.newer),
    }
    return render(request, "payloads/payload_pull.html", context)


def _pull(
    request: HttpRequest, membership: Membership, mode: str, payload: Payload, newer: PayloadVersion
) -> HttpResponse:
    try:
        made = forks.pull(membership=membership, payload=payload, newer=newer, base=payload.newest)
    except (PayloadProblem, NewerVersion, Leak) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"Taken over as version {made.number}. What you had is still a version.")
    return redirect(load.address_of(membership, mode, payload))
