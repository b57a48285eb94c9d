"""Adding a key, or a new text for one: enter, have it tested, save."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, candidates, keys, reauth, vault
from accounts.access import Ability
from accounts.forms import KeyForm, KeyTextForm
from accounts.models import ApiKey
from accounts.shown import is_fragment


@sensitive_post_parameters("text")
@require_http_methods(["GET", "POST"])
def key_add(request: HttpRequest, team: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    form = KeyForm(request.POST or None, initial={"label": request.GET.get("label", "")[:80]})
    if request.method == "POST" and form.is_valid():
        candidate = candidates.hold(
            membership=membership, label=form.cleaned_data["label"], text=form.cleaned_data["text"]
        )
        return redirect("accounts:key_test", team, candidate.id)
    return render(request, "accounts/key_add.html", {"membership": membership, "form": form})


@sensitive_post_parameters("text")
@require_http_methods(["GET", "POST"])
def key_replace(request: HttpRequest, team: str, key_id: UUID) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    key = get_object_or_404(ApiKey.objects.visible_to(membership), id=key_id)
    if not access.may_manage_key(membership, key) or not key.active:
        raise PermissionDenied
    access.require(membership, Ability.RUN)
    if response := reauth.ask(request):
        return response
    form = KeyTextForm(request.POST or None, mode=key.mode)
    if request.method == "POST" and form.is_valid():
        candidate = candidates.hold(
            membership=membership, label=key.label, text=form.cleaned_data["text"], replaces=key
        )
        return redirect("accounts:key_test", team, candidate.id)
    return render(request, "accounts/key_replace.html", {"membership": membership, "key": key, "form": form})


@require_http_methods(["GET", "POST"])
def key_test(request: HttpRequest, team: str, candidate_id: UUID) -> HttpResponse:
    """GET shows how the test stands, POST has it done once more."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    try:
        candidate = candidates.find(membership=membership, candidate_id=candidate_id)
    except candidates.CandidateGone as problem:
        messages.error(request, str(problem))
        back = redirect("accounts:key_list", team)
        return HttpResponse(headers={"HX-Redirect": back.url}) if is_fragment(request) else back
    if request.method == "POST":
        candidates.ask(candidate)
        return redirect("accounts:key_test", team, candidate_id)
    context = {"membership": membership, "candidate": candidate, "answer": candidates.answer_to(candidate)}
    template = "accounts/_key_test.html" if is_fragment(request) else "accounts/key_test.html"
    return render(request, template, context)


@require_POST
def key_save(request: HttpRequest, team: str, candidate_id: UUID) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    test_page = reverse("accounts:key_test", args=[team, candidate_id])
    try:
        candidate = candidates.find(membership=membership, candidate_id=candidate_id)
        if candidate.replaces and (response := reauth.ask(request, back=test_page)):
            return response
        key = candidates.save(membership=membership, candidate=candidate, request=request)
    except (keys.KeyProblem, vault.Unreadable) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"{key} is saved.")
    return redirect("accounts:key_list", team)
