"""How often a person may have the same costly thing done."""

from datetime import timedelta
from uuid import UUID

from django.core.cache import cache

APART = timedelta(seconds=10)


def is_too_soon(what: str, team_id: UUID) -> bool:
    """Whether the team asked for ``what`` less than ``APART`` ago; if not, the time counts from now."""
    return not cache.add(f"ledger:pace:{what}:{team_id}", 1, APART.total_seconds())
