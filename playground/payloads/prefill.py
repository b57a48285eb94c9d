"""What the form for a new payload begins with: a run's request, or what stands in the playground."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import Membership
from playground.catalogue.models import Endpoint
from playground.runs.models import Run


def initial(
    membership: Membership, mode: str, asked: Mapping[str, str], posted: Mapping[str, str]
) -> dict[str, Any]:
    """Http404 for a run that this person may not see, or whose words are gone."""
    if asked.get("run"):
        return _of_run(membership, mode, asked["run"])
    slug = posted.get("endpoint") or asked.get("endpoint") or ""
    if "\x00" in slug:
        raise Http404
    endpoint = Endpoint.objects.visible_to(membership).filter(slug=slug).order_by("team").first()
    if endpoint is None:
        raise Http404
    version = posted.get("version") if posted.get("version") in ("1", "2") else "1"
    return {
        "endpoint": endpoint.slug,
        "version": version,
        "of": posted.get("payload", ""),
        "body": posted.get("body", endpoint.sample_text).replace("\r\n", "\n"),
    }


def _of_run(membership: Membership, mode: str, asked: str) -> dict[str, Any]:
    try:
        run_id = uuid.UUID(asked)
    except ValueError:
        raise Http404 from None
    runs = Run.objects.visible_to(membership).in_mode(mode).select_related("text")
    run = get_object_or_404(runs, id=run_id, text__erased_at=None)
    return {
        "endpoint": run.endpoint,
        "version": str(run.version),
        "body": run.text.request_text,
        "run_tag": run.tag,
        "run": run.id,
    }
