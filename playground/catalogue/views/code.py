import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from accounts import access
from accounts.access import Ability
from accounts.models import Mode
from playground.catalogue.code import deadline_for, snippets
from playground.catalogue.forms import CodeForm
from playground.catalogue.models import Endpoint
from playground.catalogue.versions import preset_version


@require_POST
def code_view(request: HttpRequest, team: str, mode: str, slug: str) -> HttpResponse:
    """The posted payload as programs, for the version asked for or else the preset one."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.RUN)
    endpoint = get_object_or_404(Endpoint.objects.visible_to(membership), slug=slug)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return HttpResponse("This payload can't be shown as code.", status=422, content_type="text/plain")
    version = form.cleaned_data["version"] or preset_version(endpoint)[0]
    body = form.cleaned_data["body"]
    context = {
        "snippets": snippets(
            endpoint.slug,
            version,
            body,
            base_url=address_of(mode),
            deadline_s=deadline_for(endpoint.avg_latency_s),
        ),
        "version": version,
        "endpoint": endpoint,
        "mode": mode,
        "is_object": is_object(body),
    }
    return render(request, "catalogue/_code.html", context)


def address_of(mode: str) -> str:
    """A sandbox key is for the sandbox only, so its code goes there too."""
    return (
        settings.SANDBOX_URL if mode == Mode.SANDBOX and settings.SANDBOX_URL else settings.SEGMIND_BASE_URL
    )


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_int=str), dict)
    except (ValueError, RecursionError):
        return False
