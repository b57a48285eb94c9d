"""Links for people outside, as the team holds them: made after a look at what leaves, changed, revoked, listed."""

import contextlib
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.payloads import link_list, outside
from playground.payloads.changing import CHANGED, ChangedMeanwhile
from playground.payloads.exposure import Leak
from playground.payloads.link_forms import ChangeLinkForm, LinkForm
from playground.payloads.models import OutsideLink, Payload
from playground.payloads.saving import PayloadProblem
from playground.payloads.views import load
from playground.runs import prose


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def link_create(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """The form; a post shows what people outside will see; one that has seen it makes the link."""
    membership, found = load.payload_or_404(request, team, payload)
    if not outside.may_make(membership, found):
        raise PermissionDenied
    version = found.versions.get(number=found.newest)
    offered = outside.offered_results(membership=membership, mode=mode, payload=found, version=version)
    form = LinkForm(request.POST or None, offered=offered)
    context = load.frame(membership, mode) | {
        "payload": found,
        "version": version,
        "form": form,
        "offered": offered,
    }

    def make(seen: str) -> HttpResponse:
        made = outside.make(
            membership=membership,
            mode=mode,
            payload=found,
            terms=form.terms(),
            seen=seen,
            request=request,
            **form.shows(),
        )
        return render(request, "payloads/link_made.html", {**context, "made": made})

    return _after_a_look(request, context, make)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def link_change(
    request: HttpRequest, team: str, mode: str, payload: uuid.UUID, link: uuid.UUID
) -> HttpResponse:
    """What it shows and until when; the address stays. The same two steps as making one."""
    membership, found = load.payload_or_404(request, team, payload)
    links = OutsideLink.objects.select_related("payload__team", "version")
    held = get_object_or_404(links, id=link, payload=found)
    if held.maker_id != membership.user_id or not outside.may_make(membership, found):
        raise PermissionDenied
    if held.mode != mode:
        # Its results and cost are of one world; a page of the other would name the wrong one.
        return redirect("payloads:link_change", team, held.mode, found.id, held.id)
    if not outside.may_change(membership, held):
        messages.info(request, "This link is over for good. Make a new one instead.")
        return redirect(share_page(membership, mode, found))
    # What it shows may have been kept back since, when the payload was shared anew.
    readable = found.versions.visible_to(membership)
    versions = list(readable.filter(number__in={held.version.number, found.newest}).order_by("number"))
    wanted = request.POST.get("version", str(held.version.number))
    version = next((one for one in versions if str(one.number) == wanted), versions[-1])
    offered = outside.offered_results(
        membership=membership, mode=mode, payload=found, version=version, link=held
    )
    form = ChangeLinkForm(
        request.POST or None,
        initial=ChangeLinkForm.initial_of(held) | {"version": str(version.number)},
        link=held,
        versions=versions,
        offered=offered,
    )
    context = load.frame(membership, mode) | {
        "payload": found,
        "version": version,
        "form": form,
        "offered": offered,
    }

    def change(seen: str) -> HttpResponse:
        outside.change(
            membership=membership,
            link=held,
            terms=form.terms(),
            version=version,
            seen=seen,
            request=request,
            **form.shows(),
        )
        messages.success(request, "The link is changed. Its address stays.")
        return redirect(share_page(membership, mode, found))

    return _after_a_look(request, context | {"link": held}, change)


@require_POST
def link_revoke(request: HttpRequest, team: str, link: uuid.UUID) -> HttpResponse:
    """Over at once. Back to the payload's page where the click came from there, else to the team's list."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    held = get_object_or_404(
        OutsideLink.objects.select_related("payload__team", "version"),
        id=link,
        payload__team=membership.team_id,
    )
    outside.revoke(membership=membership, link=held, request=request)
    messages.success(request, "The link is revoked. Nobody can open it any more.")
    if request.POST.get("from") in ("live", "sandbox"):
        return redirect(share_page(membership, request.POST["from"], held.payload))
    return redirect("payloads:outside_list", team)


@never_cache
@require_safe
def outside_list(request: HttpRequest, team: str) -> HttpResponse:
    """Every link of the team, for whoever answers for what leaves it."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.MANAGE_PAYLOADS)
    rows = link_list.of_team(membership)
    context = {"membership": membership, "team": membership.team, "rows": rows, "in_list": True}
    return render(request, "payloads/outside_list.html", context)


def share_page(membership: Membership, mode: str, payload: Payload) -> str:
    return reverse("payloads:payload_share", args=[membership.team.slug, mode, payload.id])


def _after_a_look(
    request: HttpRequest, context: dict[str, Any], deed: Callable[[str], HttpResponse]
) -> HttpResponse:
    """The form, then what will be seen, then ``deed``, which is told what was seen."""
    form: LinkForm = context["form"]
    if not form.is_valid() or "back" in request.POST:
        return _form(request, context)
    try:
        outside.check_terms(form.terms())
        if "seen" in request.POST:
            with contextlib.suppress(ChangedMeanwhile):
                return deed(request.POST["seen"])
            messages.warning(request, CHANGED)
        return _preview(request, context)
    except PayloadProblem as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
    except Leak as leak:
        form.add_error(None, str(leak))
    return _form(request, context)


def _form(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    form: LinkForm = context["form"]
    chosen = set(form["results"].value() or ())
    choices = [(output, str(output.id) in chosen) for output in context["offered"]]
    bad = request.method == "POST" and form.errors
    return render(
        request, "payloads/link_form.html", context | {"choices": choices}, status=422 if bad else 200
    )


def _preview(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Raises PayloadProblem, Leak."""
    form, mode, team = context["form"], context["mode"], context["team"]
    sheet = outside.sheet(
        membership=context["membership"],
        mode=mode,
        payload=context["payload"],
        version=context["version"],
        link=context.get("link"),
        **form.shows(),
    )
    kept = ((name, value) for name in request.POST for value in request.POST.getlist(name))
    more = {
        "sheet": sheet,
        "terms": form.terms(),
        "endpoint": sheet.endpoint,
        "variables": list(sheet.variables),
        "notes": prose.to_html(sheet.notes) if sheet.notes else "",
        "results_mode": mode,
        "results": [
            {
                "position": position,
                "url": reverse("runs:file", args=[team.slug, output.file_id]),
                "file": output.file,
            }
            for position, output in enumerate(sheet.results, 1)
        ],
        "kept": [
            (name, value) for name, value in kept if name not in ("csrfmiddlewaretoken", "seen", "back")
        ],
    }
    return render(request, "payloads/link_preview.html", context | more)
