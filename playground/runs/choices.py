"""What the filter of the history offers: people, endpoints and keys of the runs this membership may see."""

import uuid

from django.db import connection

from accounts import access
from accounts.models import ApiKey, Membership, User
from playground.runs.models import Run

MOST = 500
Choices = list[tuple[str, str]]

# One probe of the index per endpoint instead of a walk over every run.
_ENDPOINTS = """
WITH RECURSIVE used AS (
    (SELECT endpoint FROM playground_run WHERE team_id = %(team)s AND mode = %(mode)s ORDER BY endpoint LIMIT 1)
    UNION ALL
    SELECT (
        SELECT r.endpoint FROM playground_run AS r
        WHERE r.team_id = %(team)s AND r.mode = %(mode)s AND r.endpoint > used.endpoint
        ORDER BY r.endpoint LIMIT 1
    )
    FROM used WHERE used.endpoint IS NOT NULL
)
SELECT endpoint FROM used WHERE endpoint IS NOT NULL LIMIT %(most)s
"""


def people(membership: Membership) -> Choices:
    """The team's members; only oneself where everybody sees just their own runs."""
    if not access.sees_all_runs(membership):
        return [(str(membership.user_id), membership.user.label)]
    members = User.objects.filter(memberships__team=membership.team_id)
    return sorted(
        ((str(user.id), user.label) for user in members[:MOST]), key=lambda choice: choice[1].casefold()
    )


def endpoints(membership: Membership, mode: str) -> Choices:
    """The endpoints that were run."""
    if not access.sees_all_runs(membership):
        own = (
            Run.objects.visible_to(membership).in_mode(mode).newest_first().values_list("endpoint", flat=True)
        )
        return [(slug, slug) for slug in sorted(set(own[:2000]))]
    with connection.cursor() as cursor:
        cursor.execute(_ENDPOINTS, {"team": membership.team_id, "mode": mode, "most": MOST})
        return [(slug, slug) for (slug,) in cursor.fetchall()]


def keys(membership: Membership, mode: str) -> Choices:
    """The team's keys of this mode, deleted ones too, because runs name them."""
    rows = ApiKey.objects.filter(team=membership.team_id, mode=mode).order_by("owner_label", "label", "id")
    if not access.sees_all_runs(membership):
        rows = rows.filter(owner=membership.user_id) | rows.filter(lent=True)
    found = rows.values_list("id", "label", "last_four", "owner_label")[:MOST]
    return [(str(key_id), f"{label} …{last_four} · {owner}") for key_id, label, last_four, owner in found]


def label_of(membership: Membership, mode: str, name: str, value: str) -> str:
    """How the newest visible run with this value names it: a person who left, say. Empty when there is none."""
    column, label = {
        "person": ("person_id", "person_label"),
        "key": ("api_key_id", "key_label"),
        "endpoint": ("endpoint",) * 2,
    }[name]
    if name != "endpoint":
        try:
            uuid.UUID(value)
        except ValueError:
            return ""
    if "\x00" in value:
        return ""
    runs = Run.objects.visible_to(membership).in_mode(mode).filter(**{column: value}).newest_first()
    return str(runs.values_list(label, flat=True).first() or "")
