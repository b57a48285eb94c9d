from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access, audit
from accounts.access import Ability
from accounts.forms import AuditFilterForm
from accounts.models import AuditEvent

PAGE = 50


@require_safe
def audit_list(request: HttpRequest, team: str) -> HttpResponse:
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_AUDIT)
    form = AuditFilterForm(request.GET, team=membership.team)
    events, newer, older = _page(request, form) if form.is_valid() else ([], None, None)
    context = {
        "membership": membership,
        "form": form,
        "rows": [(event, audit.describe(event)) for event in events],
        "filtered": any(request.GET.get(name) for name in form.fields),
        "newer_url": newer,
        "older_url": older,
    }
    return render(request, "accounts/audit_list.html", context)


def _page(request: HttpRequest, form: AuditFilterForm) -> tuple[list[AuditEvent], str | None, str | None]:
    since, before = form.moments()
    older_than, newer_than = _cursor(request, "older_than"), _cursor(request, "newer_than")
    found = audit.find(
        team=form.team,
        person=form.cleaned_data["person"],
        group=form.cleaned_data["group"],
        since=since,
        before=before,
        older_than=older_than,
        newer_than=newer_than,
    )
    events = list(found[: PAGE + 1])
    more, events = len(events) > PAGE, events[:PAGE]
    if newer_than:
        events.reverse()
    if not events:
        return [], None, None
    has_newer = more if newer_than else older_than is not None
    has_older = True if newer_than else more
    return (
        events,
        _url(request.GET, "newer_than", events[0].id) if has_newer else None,
        _url(request.GET, "older_than", events[-1].id) if has_older else None,
    )


def _cursor(request: HttpRequest, name: str) -> UUID | None:
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def _url(query: QueryDict, name: str, event_id: UUID) -> str:
    copy = query.copy()
    copy.pop("older_than", None)
    copy.pop("newer_than", None)
    copy[name] = str(event_id)
    return f"?{copy.urlencode()}"
