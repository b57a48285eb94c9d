"""What the page of a run says about the payload it was made from."""

from django.urls import reverse

from accounts.models import Membership
from playground.payloads.models import PayloadVersion
from playground.runs.detail import Origin
from playground.runs.models import Run


def origin_of(membership: Membership, run: Run) -> Origin | None:
    """None where it was made from none, or from one that this person may not read."""
    if run.payload_version_id is None:
        return None
    versions = PayloadVersion.objects.visible_to(membership).select_related("payload")
    version = versions.filter(id=run.payload_version_id).first()
    if version is None:
        return None
    url = reverse("payloads:version_show", args=[membership.team.slug, run.mode, version.id])
    return Origin(f"{version.payload.name}, version {version.number}", url)
