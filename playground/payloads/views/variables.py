"""Declare the variables of a payload. A declaration is part of a version, so changing it makes one."""

import uuid

from django.contrib import messages
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Membership
from playground.payloads.exposure import Leak
from playground.payloads.forms import VariableForm
from playground.payloads.models import Payload
from playground.payloads.saving import NewerVersion, PayloadProblem, save_version
from playground.payloads.variables import MOST, Variable, from_data, plain_uses
from playground.payloads.views import load

Rows = formset_factory(VariableForm, extra=2, max_num=MOST, absolute_max=2 * MOST)


@require_http_methods(["GET", "POST"])
def payload_variables(request: HttpRequest, team: str, mode: str, payload: uuid.UUID) -> HttpResponse:
    """The newest version's declaration, with a row for each ``{{name}}`` that nobody declared yet."""
    membership, found = load.payload_or_404(request, team, payload)
    newest = found.versions.get(number=found.newest)
    declared = from_data(newest.variables)
    undeclared = plain_uses(newest.text, declared)
    initial = [VariableForm.initial_of(variable) for variable in declared]
    if "take" in request.GET:
        initial += [VariableForm.initial_of(Variable(name)) for name in undeclared]
    rows = Rows(request.POST or None, initial=initial)
    problem = ""
    if request.method == "POST" and rows.is_valid():
        problem = _save(request, membership, found, rows)
        if not problem:
            messages.success(request, "The variables are saved, as a new version.")
            return redirect(load.address_of(membership, mode, found))
    elif request.method == "POST":
        problem = " ".join(map(str, rows.non_form_errors()))
    context = {
        **load.frame(membership, mode),
        "payload": found,
        "newest": newest,
        "rows": rows,
        "undeclared": undeclared,
        "problem": problem,
    }
    bad = problem or (request.method == "POST" and rows.errors)
    return render(request, "payloads/payload_variables.html", context, status=422 if bad else 200)


def _save(
    request: HttpRequest, membership: Membership, payload: Payload, rows: "BaseFormSet[VariableForm]"
) -> str:
    """Empty, or why it was not saved."""
    base = request.POST.get("base", "")
    newest = payload.versions.get(number=payload.newest)
    variables = [found for form in rows if (found := form.variable()) is not None]
    try:
        save_version(
            membership=membership,
            payload=payload,
            base=int(base) if base.isascii() and base.isdigit() and len(base) < 9 else 0,
            version=newest.version,
            text=newest.text,
            variables=variables,
            message="Variables changed",
        )
    except (PayloadProblem, NewerVersion, Leak) as problem:
        return str(problem)
    return ""
