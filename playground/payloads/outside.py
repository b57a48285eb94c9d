"""Links for people outside: made, changed and revoked by people of the team, opened by whoever has the address.

A link shows a sheet that its maker confirmed and nothing else; it follows nothing and runs nothing. The database holds
only hashes of its token and its password. It works while the team's owners allow such links and its maker could make
it anew.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import access, audit
from accounts.access import Ability
from accounts.models import Membership, Team, User
from playground.payloads import exposure, sheets, stats
from playground.payloads.changing import ChangedMeanwhile
from playground.payloads.models import OutsideLink, OutsideResult, Payload, PayloadVersion
from playground.payloads.saving import PayloadProblem, clean_words
from playground.payloads.sheets import Sheet
from playground.payloads.variables import as_data
from playground.runs.models import Output, RunQuerySet

LONGEST_LIFE = timedelta(days=90)
SHORTEST_PASSWORD = 8
MOST_RESULTS = 12
MOST_OFFERED = 24
# A text may hold a key that no scanner of pictures would look for.
SHOWN_KINDS = ("image", "video", "audio")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a link is held. ``password`` None keeps the one it has; an empty one takes it away."""

    expires_at: datetime
    label: str = ""
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    link: OutsideLink
    address: str  # shown once to its maker, never stored


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def may_make(membership: Membership, payload: Payload) -> bool:
    allowed = membership.team.outside_links_since is not None
    return allowed and payload.trashed_at is None and payload.may_manage(membership)


def may_change(membership: Membership, link: OutsideLink) -> bool:
    """Only its maker: the results it shows are those its maker may see. One that is over for good stays so."""
    mine = link.maker_id == membership.user_id and link.payload.may_manage(membership)
    return mine and link.revoked_at is None and not _is_stopped(link)


def may_revoke(membership: Membership, link: OutsideLink) -> bool:
    """Its maker, whoever manages the payload, and the team's admins, whether they see the payload or not."""
    if link.payload.team_id != membership.team_id:
        return False
    mine = link.maker_id == membership.user_id and access.can(membership, Ability.RUN)
    return mine or link.payload.may_manage(membership) or access.can(membership, Ability.MANAGE_PAYLOADS)


def offered_results(
    *,
    membership: Membership,
    mode: str,
    payload: Payload,
    version: PayloadVersion,
    link: OutsideLink | None = None,
) -> list[Output]:
    """Pictures, films and sounds that this person may show: of runs of this version that they may look into.

    The newest, and those that ``link`` shows already, however old.
    """
    outputs = _shown_outputs(_runs_of(membership, mode, payload, version)).order_by("-run_id", "position")
    offered = list(outputs[:MOST_OFFERED])
    if link is not None:
        held = outputs.filter(id__in=link.results.values("output"))
        offered += held.exclude(id__in=[output.id for output in offered])
    return offered


def mean_cost(
    *, membership: Membership, mode: str, payload: Payload, version: PayloadVersion
) -> Decimal | None:
    """Of the runs whose results this person may show; the price of somebody's private run is theirs to tell."""
    return stats.mean_cost(_runs_of(membership, mode, payload, version))


def sheet(
    *,
    membership: Membership,
    mode: str,
    payload: Payload,
    version: PayloadVersion,
    results: Sequence[Output] = (),
    with_cost: bool = False,
    link: OutsideLink | None = None,
) -> Sheet:
    """What a link would show, or ``link`` from now on.

    Raises Leak, and PayloadProblem for results that this person may not show.
    """
    offered = set(
        offered_results(membership=membership, mode=mode, payload=payload, version=version, link=link)
    )
    if not offered.issuperset(results):
        raise PayloadProblem("results", "One of these results is no longer there. Choose again.")
    if len(results) > MOST_RESULTS:
        raise PayloadProblem("results", f"Choose at most {MOST_RESULTS} results.")
    cost = None
    if with_cost:
        cost = mean_cost(membership=membership, mode=mode, payload=payload, version=version)
    return sheets.for_people_outside(payload=payload, version=version, results=results, cost=cost)


def make(
    *,
    membership: Membership,
    mode: str,
    payload: Payload,
    terms: Terms,
    results: Sequence[Output] = (),
    with_cost: bool = False,
    seen: str | None = None,
    request: HttpRequest | None = None,
) -> Made:
    """A new link to the newest version; its address is in the answer and nowhere else.

    ``seen`` is the digest of the sheet that was confirmed: raises ChangedMeanwhile. Raises PermissionDenied, Leak,
    PayloadProblem.
    """
    check_terms(terms)
    with transaction.atomic():
        locked = _locked(membership, payload)
        shown = sheet(
            membership=membership,
            mode=mode,
            payload=locked,
            version=locked.versions.get(number=locked.newest),
            results=results,
            with_cost=with_cost,
        )
        _check_seen(shown, seen)
        token = secrets.token_urlsafe(32)
        link = OutsideLink(
            payload=locked,
            maker=membership.user,
            maker_label=membership.user.label,
            mode=mode,
            token_hash=hash_of(token),
            **_columns(shown, terms),
        )
        link.save(force_insert=True)
        _put_results(link, shown.results)
        _record("made", membership, link, None, request)
    return Made(link, settings.SITE_URL + reverse("payloads:outside_show", args=[token]))


def change(
    *,
    membership: Membership,
    link: OutsideLink,
    terms: Terms,
    version: PayloadVersion,
    results: Sequence[Output] = (),
    with_cost: bool = False,
    seen: str | None = None,
    request: HttpRequest | None = None,
) -> None:
    """Another end, password, version or other results; the address stays. Raises as ``make`` does."""
    check_terms(terms)
    with transaction.atomic():
        payload = _locked(membership, link.payload)
        locked = OutsideLink.objects.select_for_update().get(id=link.id, payload=payload)
        readable = payload.versions.visible_to(membership)
        if not may_change(membership, locked) or not readable.filter(id=version.id).exists():
            raise PermissionDenied
        shown = sheet(
            membership=membership,
            mode=locked.mode,
            payload=payload,
            version=version,
            results=results,
            with_cost=with_cost,
            link=locked,
        )
        _check_seen(shown, seen)
        before = facts(locked)
        columns = _columns(shown, terms)
        if terms.password is None:
            del columns["password"]
        for name, value in columns.items():
            setattr(locked, name, value)
        locked.save()
        locked.results.all().delete()
        _put_results(locked, shown.results)
        if terms.password and before["password"]:
            before["password"] = "another one"  # noqa: S105  # words for the record
        _record("changed", membership, locked, before, request)


def revoke(*, membership: Membership, link: OutsideLink, request: HttpRequest | None = None) -> None:
    """Over at once and for good. Safe to repeat."""
    with transaction.atomic():
        locked = OutsideLink.objects.select_for_update().get(id=link.id)
        if not may_revoke(membership, locked):
            raise PermissionDenied
        if locked.revoked_at is None:
            locked.revoked_at, locked.revoked_by = timezone.now(), membership.user.label
            locked.save(update_fields=["revoked_at", "revoked_by"])
            _record("revoked", membership, locked, facts(locked), request)


def end_links_of(*, team_id: UUID, leaving: User, actor: User | None) -> int:
    """Somebody leaves: what they showed to people outside ends with it. How many there were."""
    theirs = OutsideLink.objects.filter(payload__team=team_id, maker=leaving, revoked_at=None)
    ended = theirs.update(revoked_at=timezone.now(), revoked_by=leaving.label)
    if ended:
        audit.record(
            team=Team.objects.get(id=team_id),
            actor=actor or leaving,
            verb="payload.links_ended",
            target=leaving.label,
            after={"links": ended},
        )
    return ended


def why_stopped(link: OutsideLink, members: Mapping[Any, Membership] | None = None) -> str:
    """In a few words why nobody can open it; empty while it works. A list of links asks for ``members`` once."""
    if link.revoked_at is not None:
        return "revoked"
    if link.expires_at <= timezone.now():
        return "expired"
    if _is_stopped(link):
        return "stopped for the team"
    if link.payload.trashed_at is not None:
        return "in the trash"
    members = members_of([link]) if members is None else members
    maker = members.get(link.maker_id)
    if maker is None:
        return "its maker left"
    if not link.payload.may_manage(maker):
        return "its maker may not show it now"
    if link.payload.owner_id not in members:
        return "its owner left"
    return ""


def maker_of(link: OutsideLink) -> Membership | None:
    """The maker's membership, while they could make the link anew."""
    rows = Membership.objects.select_related("team", "user").filter(team=link.payload.team_id)
    found = rows.filter(user=link.maker_id, user__is_active=True).first()
    return found if found is not None and link.payload.may_manage(found) else None


def _is_stopped(link: OutsideLink) -> bool:
    since = link.payload.team.outside_links_since
    return since is None or link.created_at < since


def members_of(links: Sequence[OutsideLink]) -> dict[Any, Membership]:
    """By person, who of the makers and owners is still in the team. All links are of one team."""
    people = {person for link in links for person in (link.maker_id, link.payload.owner_id)}
    rows = Membership.objects.filter(team__in={link.payload.team_id for link in links}, user__in=people)
    return {row.user_id: row for row in rows.filter(user__is_active=True)}


def results_of(link: OutsideLink) -> list[OutsideResult]:
    """What it shows and its maker may still look into, in order; what was erased or lost is left out."""
    maker = maker_of(link)
    if maker is None:
        return []
    visible = _shown_outputs(stats.runs_of(membership=maker, mode=link.mode, payload=link.payload))
    rows = link.results.filter(output__in=visible.values("id"))
    return list(rows.select_related("output__file").order_by("position"))


def facts(link: OutsideLink) -> dict[str, Any]:
    """What the record says of it: no secret, no content."""
    return {
        "for": link.label or "nobody named",
        "until": link.expires_at.isoformat(timespec="minutes"),
        "password": bool(link.password),
        "version": link.version.number,
        "results": link.results.count(),
        "cost": link.cost is not None,
    }


def _runs_of(membership: Membership, mode: str, payload: Payload, version: PayloadVersion) -> RunQuerySet:
    return stats.runs_of(membership=membership, mode=mode, payload=payload).filter(payload_version=version)


def _shown_outputs(runs: RunQuerySet) -> "QuerySet[Output]":
    outputs = Output.objects.filter(run__in=runs.order_by().values("id"), state=Output.State.COPIED)
    return outputs.filter(file__kind__in=SHOWN_KINDS).select_related("file", "run")


def check_terms(terms: Terms) -> None:
    """Raise PayloadProblem or Leak for an end, a password or a name that cannot be."""
    now = timezone.now()
    if terms.expires_at <= now:
        raise PayloadProblem("days", "It has ended. Choose how long it lives from now on.")
    if terms.expires_at > now + LONGEST_LIFE:
        raise PayloadProblem("days", f"A link ends within {LONGEST_LIFE.days} days.")
    exposure.check_words({"for whom": terms.label})
    if terms.password and len(terms.password) < SHORTEST_PASSWORD:
        raise PayloadProblem("password", f"A password has at least {SHORTEST_PASSWORD} characters.")


def _check_seen(shown: Sheet, seen: str | None) -> None:
    if seen is not None and seen != shown.digest:
        raise ChangedMeanwhile


def _columns(shown: Sheet, terms: Terms) -> dict[str, Any]:
    return {
        "version": shown.version,
        "name": shown.name,
        "notes": shown.notes,
        "text": shown.text,
        "variables": as_data(shown.variables),
        "slots": [slot.as_data() for slot in shown.slots],
        "cost": shown.cost,
        "label": clean_words(terms.label)[:80],
        "expires_at": terms.expires_at,
        "password": make_password(terms.password) if terms.password else "",
    }


def _put_results(link: OutsideLink, outputs: Sequence[Output]) -> None:
    OutsideResult.objects.bulk_create(
        OutsideResult(link=link, position=position, output=output)
        for position, output in enumerate(outputs, 1)
    )


def _locked(membership: Membership, payload: Payload) -> Payload:
    visible = Payload.objects.visible_to(membership).select_related("team")
    locked = visible.select_for_update(of=("self",)).get(id=payload.id)
    # Read again: whoever opened the form may have done so before an owner stopped all links.
    membership.team = Team.objects.get(id=membership.team_id)
    if locked.trashed_at is not None:
        raise PayloadProblem("payload", "This payload is in the trash. Restore it first.")
    if not may_make(membership, locked):
        raise PermissionDenied
    return locked


def _record(
    word: str,
    membership: Membership,
    link: OutsideLink,
    before: dict[str, Any] | None,
    request: HttpRequest | None,
) -> None:
    after = None if word == "revoked" else facts(link)
    if before is not None and after is not None:
        changed = [name for name in after if after[name] != before[name]]
        before, after = {name: before[name] for name in changed}, {name: after[name] for name in changed}
    audit.record(
        team=link.payload.team,
        actor=membership.user,
        verb=f"payload.link_{word}",
        target=link.name,
        before=before,
        after=after,
        request=request,
    )
