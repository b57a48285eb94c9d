"""What every page of a payload begins with."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts import access
from accounts.access import Ability
from accounts.models import Membership
from playground.payloads.models import Payload


def member(request: HttpRequest, team: str) -> Membership:
    """Whoever reads payloads also runs them; auditors do neither."""
    membership = access.membership_or_404(request, team)
    access.require(membership, Ability.SEE_CONTENT)
    access.require(membership, Ability.RUN)
    return membership


def payload_or_404(request: HttpRequest, team: str, payload: uuid.UUID) -> tuple[Membership, Payload]:
    membership = member(request, team)
    rows = Payload.objects.visible_to(membership).select_related("forked_version", "team")
    return membership, get_object_or_404(rows, id=payload)


def frame(membership: Membership, mode: str) -> dict[str, Any]:
    return {"membership": membership, "team": membership.team, "mode": mode, "zone": membership.team.zone}


def address_of(membership: Membership, mode: str, payload: Payload) -> str:
    return reverse("payloads:payload_detail", args=[membership.team.slug, mode, payload.id])


def desk_of(membership: Membership, mode: str, payload: Payload, version_id: uuid.UUID) -> str:
    """The playground with this version opened."""
    page = reverse("workbench:playground_endpoint", args=[membership.team.slug, mode, payload.endpoint])
    return f"{page}?payload={version_id}"


def uuid_or_404(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def asked(request: HttpRequest, *, without: Sequence[str]) -> dict[str, str]:
    """What stands behind the question mark of the address."""
    return {name: str(value) for name, value in request.GET.items() if name not in without and value}
