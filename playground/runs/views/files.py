"""Files of a team, each through an access check."""

import uuid

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import Ability
from playground.runs import media
from playground.runs.models import File


@require_safe
def file(request: HttpRequest, team: str, file: uuid.UUID) -> HttpResponseBase:
    """The bytes; `?size=thumb` the small version, `?download=1` as an attachment."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_CONTENT)
    found = get_object_or_404(File.objects.visible_to(membership), id=file)
    thumbnail = request.GET.get("size") == "thumb"
    if thumbnail and not found.thumbnail_name:
        raise Http404
    return media.serve(request, found, download=request.GET.get("download") == "1", thumbnail=thumbnail)
