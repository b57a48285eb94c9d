"""What an export says about itself."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone

from accounts.models import Membership
from playground.ledger import sealing


def writer(
    membership: Membership,
    mode: str,
    *,
    what: str,
    selected: Mapping[str, Any],
    rows: Callable[[], int],
    totals: Callable[[], Mapping[str, str | int]],
) -> Callable[[], Mapping[str, Any]]:
    """For ``archive.zipped``: ``rows`` and ``totals`` are asked once everything is written."""
    began, head = timezone.now(), sealing.head_line()

    def about() -> Mapping[str, Any]:
        return {
            "what": what,
            "team": membership.team.slug,
            "mode": mode,
            "time_zone": str(membership.team.zone),
            "filter": dict(selected),
            "rows": rows(),
            "totals": dict(totals()),
            "ledger_head": head,
            "made_at": began.isoformat(),
            "made_by": membership.user.label,
        }

    return about
