"""The playground page and what it posts."""

import uuid
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from uuid_utils.compat import uuid7

from accounts import access, reauth, teams
from accounts.access import Ability
from accounts.models import ApiKey, Membership, User
from playground.catalogue.recents import touch_recent
from playground.ledger.refusals import Explanation, explain
from playground.payloads.opening import find_version
from playground.payloads.variables import VariableProblem
from playground.runs.body import BodyProblem, check
from playground.runs.estimates import estimate
from playground.runs.looks import note_look
from playground.runs.models import File, Run, State
from playground.runs.paid import earlier_success
from playground.runs.presentation import result_context
from playground.runs.submit import SubmitProblem, submit
from playground.workbench import page
from playground.workbench.drafts import DraftConflict, DraftTooLarge, save_draft
from playground.workbench.filling import PREFIX, fill_in
from playground.workbench.forms import DraftForm, HowForm, LeavingForm, RunForm, UploadForm
from playground.workbench.leaving import delete_person, farewell_of, heirs, remove_member
from playground.workbench.uploads import Chip, UploadProblem, keep_upload

EARLIER_RUN = (
    "This run was made by an earlier press of Run, with the text of that moment. "
    "To run the text as it is now, press Run once more."
)


def member_at_work(request: HttpRequest, team: str) -> Membership:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    return membership


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise Http404 from None


@require_safe
def playground(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """Open the endpoint this person used last."""
    membership = member_at_work(request, team)
    return redirect("workbench:playground_endpoint", team, mode, page.first_endpoint(membership))


@require_safe
def playground_endpoint(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    """One endpoint: editor, run bar, newest result. ``?run=`` opens a past run, ``?result=`` its result."""
    membership = member_at_work(request, team)
    desk = page.set_up(
        membership=membership,
        mode=mode,
        slug=slug,
        opened=_uuid(request.GET.get("run")),
        shown=_uuid(request.GET.get("result")),
        payload=_uuid(request.GET.get("payload")),
    )
    touch_recent(membership=membership, endpoint=desk.endpoint)
    for run in filter(None, (desk.opened, desk.shown)):
        note_look(request, membership, run)
    return render(request, "workbench/playground_endpoint.html", desk_context(desk))


def desk_context(desk: page.Desk) -> dict[str, Any]:
    recent = page.recent_runs(membership=desk.membership, mode=desk.mode, slug=desk.endpoint.slug)
    context = {"desk": desk, "recent": recent, "team": desk.membership.team, "mode": desk.mode}
    if desk.shown is not None:
        context |= result_context(desk.membership, desk.shown)
    return context


@require_POST
def run_start(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    """Submit one run. The token in the form makes a double click or a resent form the same run."""
    membership = member_at_work(request, team)
    form = RunForm(request.POST, membership=membership, mode=mode)
    if not form.is_valid():
        return _run_problems(request, form)
    data = form.cleaned_data
    try:
        filled = fill_in(
            payload=data["payload"], text=data["body"], version=data["version"], posted=request.POST
        )
        paid = _already_paid(request, membership, mode, slug, filled.text, data)
        if paid is not None:
            return _offer(request, membership, mode, form, paid)
        run = submit(
            membership=membership,
            endpoint=slug,
            version=data["version"],
            key=data["key"],
            body_text=filled.text,
            token=data["token"],
            tag=filled.tag,
            payload_version=filled.payload_version,
        )
    except VariableProblem as problem:
        return _run_problems(request, form, wanting=problem)
    except SubmitProblem as problem:
        if problem.refused is not None:
            return _run_problems(request, form, refusal=explain(membership, problem.refused))
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return _run_problems(request, form)
    unsent = EARLIER_RUN if _is_earlier(run, filled.text, data) else ""
    if request.htmx:  # type: ignore[attr-defined]
        context = {**result_context(membership, run), "token": uuid7(), "unsent": unsent}
        return render(request, "workbench/_run_started.html", context)
    if unsent:
        messages.warning(request, unsent)
    # The page has no script to keep a draft: it opens with the text that was sent, or with the payload again.
    opened = f"payload={data['payload'].id}&result={run.id}" if data["payload"] else f"run={run.id}"
    return redirect(f"{reverse('workbench:playground_endpoint', args=[team, mode, slug])}?{opened}")


def _already_paid(
    request: HttpRequest, membership: Membership, mode: str, slug: str, text: str, data: dict[str, Any]
) -> Run | None:
    """The earlier success that this press of Run would pay for once more; None once the person said so."""
    if "again" in request.POST or Run.objects.filter(team=membership.team, token=data["token"]).exists():
        return None
    try:
        check(text, max_bytes=settings.MAX_BODY_BYTES)
    except BodyProblem:
        return None  # submit says what is wrong, at its place
    return earlier_success(
        membership=membership, mode=mode, endpoint=slug, version=data["version"], text=text
    )


def _offer(request: HttpRequest, membership: Membership, mode: str, form: RunForm, paid: Run) -> HttpResponse:
    price = estimate(team=membership.team, mode=mode, endpoint=paid.endpoint)
    context = {
        "form": form,
        "paid": paid,
        "estimate": price,
        "team": membership.team,
        "mode": mode,
        "zone": membership.team.zone,
        "posted": [(name, value) for name, value in request.POST.items() if name.startswith(PREFIX)],
    }
    template = "workbench/_already_paid.html" if request.htmx else "workbench/already_paid.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=422)


def _is_earlier(run: Run, text: str, data: dict[str, Any]) -> bool:
    """Whether the token had made this run before, and the form holds something else by now."""
    posted = (text, data["version"], data["key"].id)
    return (run.text.request_text, run.version, run.api_key_id) != posted


def _run_problems(
    request: HttpRequest,
    form: RunForm,
    *,
    refusal: Explanation | None = None,
    wanting: VariableProblem | None = None,
) -> HttpResponse:
    template = "workbench/_run_problems.html" if request.htmx else "workbench/run_problems.html"  # type: ignore[attr-defined]
    return render(request, template, {"form": form, "refusal": refusal, "wanting": wanting}, status=422)


@require_POST
def draft_save(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    """Keep what was typed. 409 with the other text when another tab has saved since."""
    membership = member_at_work(request, team)
    endpoint = page.visible_endpoint(membership, slug)
    form = DraftForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": "This draft could not be read."}, status=422)
    data = form.cleaned_data
    try:
        revision = save_draft(
            membership=membership,
            endpoint=endpoint.slug,
            text=data["body"],
            version=data["version"],
            base=data["base"],
            payload_version=find_version(membership, data["payload"]) if data["payload"] else None,
        )
    except DraftConflict as conflict:
        theirs = conflict.theirs
        return JsonResponse(
            {"error": str(conflict), "text": theirs.text, "revision": theirs.revision}, status=409
        )
    except DraftTooLarge as problem:
        return JsonResponse({"error": str(problem)}, status=413)
    return JsonResponse({"revision": revision})


@require_safe
def recent_runs(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    """The strip of newest runs, and the price beside Run that follows from them."""
    membership = member_at_work(request, team)
    desk = page.set_up(membership=membership, mode=mode, slug=slug)
    return render(request, "workbench/_recent_runs.html", {**desk_context(desk), "swap_estimate": True})


@require_POST
def file_upload(request: HttpRequest, team: str, mode: str) -> HttpResponse:
    """Keep a file and answer with its marker for the text."""
    membership = member_at_work(request, team)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return JsonResponse({"error": "Choose a file."}, status=422)
    try:
        file = keep_upload(membership=membership, upload=form.cleaned_data["file"])
    except UploadProblem as problem:
        return JsonResponse({"error": str(problem)}, status=413)
    return JsonResponse(Chip(file, form.cleaned_data["how"]).as_json(membership, mode), status=201)


@require_POST
def file_how(request: HttpRequest, team: str, mode: str, file: uuid.UUID) -> HttpResponse:
    """Another way to send the same file: a new marker."""
    membership = member_at_work(request, team)
    found = get_object_or_404(File.objects.visible_to(membership), id=file)
    form = HowForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": "Choose how the file is sent."}, status=422)
    return JsonResponse(Chip(found, form.cleaned_data["how"]).as_json(membership, mode))


@require_safe
def key_open_runs(request: HttpRequest, team: str, key_id: uuid.UUID) -> HttpResponse:
    """How many runs under way could no longer be asked after if this key were wiped now."""
    membership = access.membership_or_404(request, team)
    found = get_object_or_404(ApiKey, id=key_id, team=membership.team_id)
    if not access.may_stop_key(membership, found):
        raise PermissionDenied
    count = Run.objects.filter(api_key=found, state__in=(State.SENDING, State.ACCEPTED)).count()
    return render(request, "workbench/_key_open_runs.html", {"count": count})


@require_POST
def member_remove(request: HttpRequest, team: str, member: uuid.UUID) -> HttpResponse:
    """End a membership: keys, unsent runs, streams and sessions with it."""
    actor = access.membership_or_404(request, team)
    leaving = get_object_or_404(
        Membership.objects.select_related("user", "team"), id=member, team=actor.team_id
    )
    own = leaving.id == actor.id
    if not own:
        access.require(actor, Ability.MANAGE_MEMBERS)
    form = LeavingForm(request.POST, heirs=heirs(leaving))
    if not form.is_valid():
        messages.error(request, "Choose somebody of this team for the payloads.")
        return redirect("accounts:member_list", team)
    try:
        cancelled = remove_member(
            actor=actor, leaving=leaving, heir=form.cleaned_data["heir"], request=request
        )
    except teams.TeamProblem as problem:
        messages.error(request, str(problem))
        return redirect("accounts:member_list", team)
    waiting = f" {cancelled} unsent runs were cancelled." if cancelled else ""
    messages.info(request, f"{leaving.user.label} is no longer in {leaving.team.name}.{waiting}")
    return redirect("/" if own else reverse("accounts:member_list", args=[team]))


@require_http_methods(["GET", "POST"])
def account_delete(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, then delete the account of whoever asks."""
    if response := reauth.ask(request):
        return response
    user = cast("User", request.user)
    if request.method == "POST":
        try:
            delete_person(user=user, actor=user, request=request)
        except teams.TeamProblem as problem:
            messages.error(request, str(problem))
            return redirect("workbench:account_delete")
        # Not the ordinary way out: there is nobody left whose sign-out could be recorded.
        request.session.flush()
        messages.success(request, "Your account is deleted.")
        return redirect("account_login")
    return render(request, "workbench/account_delete.html", {"farewell": farewell_of(user)})
