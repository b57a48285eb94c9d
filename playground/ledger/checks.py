"""Keep what checks of the record found, for the page that shows it."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from playground.ledger.models import LedgerCheck

_SHOWN = 20
_KEPT = timedelta(days=400)

logger = logging.getLogger(__name__)


def note(
    *,
    kind: str,
    summary: str,
    agrees: bool,
    differences: Sequence[str] = (),
    team_id: UUID | None = None,
    mode: str = "",
) -> LedgerCheck:
    """Record one result; one that does not agree is logged as an error, too."""
    if not agrees:
        logger.error("The money record does not agree (%s): %s", kind, summary)
    return LedgerCheck.objects.create(
        kind=kind,
        summary=summary[:300],
        agrees=agrees,
        differences=[words[:300] for words in differences[:_SHOWN]],
        team_id=team_id,
        mode=mode,
    )


def newest(kind: str, *, team_id: UUID | None = None, mode: str = "") -> LedgerCheck | None:
    return LedgerCheck.objects.filter(kind=kind, team_id=team_id, mode=mode).order_by("-id").first()


def forget() -> None:
    """Results older than a year are nobody's question any more."""
    LedgerCheck.objects.filter(checked_at__lt=timezone.now() - _KEPT).delete()
