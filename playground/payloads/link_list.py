"""Links for people outside as the team sees them: state, opens, and who of the signed-in opened them."""

from dataclasses import dataclass

from django.db.models import F, QuerySet

from accounts.models import Membership
from playground.payloads import outside
from playground.payloads.models import OutsideLink, OutsideOpen, Payload

MOST = 200


@dataclass(frozen=True, slots=True)
class LinkRow:
    """``stopped`` is empty while the link works. ``payload_shown`` says whether this person may open the payload."""

    link: OutsideLink
    stopped: str
    results: int
    names: list[OutsideOpen]
    may_change: bool
    may_revoke: bool
    payload_shown: bool

    @property
    def named(self) -> int:
        return sum(one.count for one in self.names)


def of_payload(membership: Membership, payload: Payload) -> list[LinkRow]:
    """Those that are over stay in the list, so that it is known what was out."""
    links = OutsideLink.objects.filter(payload=payload)
    return _rows(membership, links)


def of_team(membership: Membership) -> list[LinkRow]:
    """Every link, also of payloads that this person does not see: what left the house is the team's concern."""
    return _rows(membership, OutsideLink.objects.filter(payload__team=membership.team_id))


def _rows(membership: Membership, links: "QuerySet[OutsideLink]") -> list[LinkRow]:
    rows = links.select_related("payload__team", "version").prefetch_related("named_opens", "results")
    # Those that may still be open come first, however many there ever were.
    found = list(rows.order_by(F("revoked_at").asc(nulls_first=True), "-expires_at", "-id")[:MOST])
    visible = set(
        Payload.objects.visible_to(membership)
        .filter(id__in=[link.payload_id for link in found])
        .values_list("id", flat=True)
    )
    members = outside.members_of(found)
    return [
        _row(membership, link, outside.why_stopped(link, members), link.payload_id in visible)
        for link in found
    ]


def _row(membership: Membership, link: OutsideLink, stopped: str, payload_shown: bool) -> LinkRow:
    return LinkRow(
        link=link,
        stopped=stopped,
        results=len(link.results.all()),
        names=sorted(link.named_opens.all(), key=lambda one: one.label.casefold()),
        may_change=payload_shown and outside.may_change(membership, link),
        may_revoke=link.revoked_at is None and outside.may_revoke(membership, link),
        payload_shown=payload_shown,
    )
