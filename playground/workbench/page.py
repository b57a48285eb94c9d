"""What the playground page shows: text, keys, price and the runs around it."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from uuid_utils.compat import uuid7

from accounts import access, keys
from accounts.models import ApiKey, Membership, Mode
from playground.catalogue.models import Endpoint, Favourite, RecentEndpoint
from playground.catalogue.versions import preset_version, v1_warning
from playground.payloads.models import PayloadVersion
from playground.payloads.opening import find_version, open_version
from playground.payloads.variables import Variable, from_data
from playground.runs.estimates import Estimate, estimate
from playground.runs.models import Run, RunQuerySet, State
from playground.runs.presentation import pinnable_seed
from playground.workbench import uploads
from playground.workbench.drafts import find_draft
from playground.workbench.models import Draft

FIRST_ENDPOINT = "seedream-4.5"
RECENT = 8


@dataclass(frozen=True, slots=True)
class Brought:
    """A text from elsewhere, opened over the draft without replacing it."""

    text: str
    version: int


@dataclass(frozen=True, slots=True)
class Desk:
    """One endpoint opened by one person: ``text`` is what the editor starts with, ``draft_text`` what was kept."""

    membership: Membership
    mode: str
    endpoint: Endpoint
    draft: Draft | None
    opened: Run | None
    shown: Run | None
    keys: list[ApiKey]
    estimate: Estimate
    token: uuid.UUID
    brought: Brought | None = None
    # The saved payload that stands in the editor: just opened, or the one the draft began from.
    payload: PayloadVersion | None = None
    payload_opened: bool = False

    @property
    def text(self) -> str:
        if self.brought is not None:
            return self.brought.text
        if self.opened is not None:
            return self.opened.text.request_text
        if self.payload is not None and self.payload_opened:
            return self.payload.text
        return self.draft_text

    @property
    def variables(self) -> list[Variable]:
        return from_data(self.payload.variables) if self.payload is not None else []

    @property
    def draft_text(self) -> str:
        return self.draft.text if self.draft is not None else self.endpoint.sample_text

    @property
    def version(self) -> int:
        if self.brought is not None:
            return self.brought.version
        if self.opened is not None:
            return self.opened.version
        if self.payload is not None and self.payload_opened:
            return self.payload.version
        return (self.draft and self.draft.version) or preset_version(self.endpoint)[0]

    @property
    def version_reason(self) -> str:
        return preset_version(self.endpoint)[1]

    @property
    def v1_warning(self) -> str:
        return v1_warning(self.endpoint)

    @property
    def files(self) -> dict[str, Any]:
        known = uploads.chips(self.text, membership=self.membership, mode=self.mode)
        if self.text != self.draft_text:
            known |= uploads.chips(self.draft_text, membership=self.membership, mode=self.mode)
        return known

    @property
    def facts(self) -> dict[str, Any]:
        """What the page's script needs beside the markup."""
        return {
            "draft": self.draft_text,
            "revision": self.draft.revision if self.draft is not None else 0,
            "opened": self.opened is not None or self.payload_opened or self.brought is not None,
            "seed": pinnable_seed(self.shown) if self.shown is not None else "",
        }

    @property
    def add_key_url(self) -> str:
        return reverse("accounts:key_add", args=[self.membership.team.slug])

    @property
    def sandbox_url(self) -> str:
        """The same endpoint in the sandbox, for those who have no live key; empty where there is no sandbox."""
        if not settings.SANDBOX_URL:
            return ""
        place = [self.membership.team.slug, Mode.SANDBOX.value, self.endpoint.slug]
        return reverse("workbench:playground_endpoint", args=place)

    @property
    def max_upload(self) -> int:
        """The most bytes that one attached file may have."""
        size: int = settings.MAX_UPLOAD_BYTES
        return size

    @property
    def sandbox_possible(self) -> bool:
        return self.mode == Mode.SANDBOX and bool(settings.SANDBOX_URL)

    @property
    def favourite(self) -> bool:
        return Favourite.objects.filter(
            person=self.membership.user_id, team=self.membership.team_id, endpoint=self.endpoint
        ).exists()


def visible_endpoint(membership: Membership, slug: str) -> Endpoint:
    """The endpoint of that name as this team sees it; Http404 when there is none."""
    return get_object_or_404(Endpoint.objects.visible_to(membership).filter(slug=slug).order_by("team")[:1])


def set_up(
    *,
    membership: Membership,
    mode: str,
    slug: str,
    opened: uuid.UUID | None = None,
    shown: uuid.UUID | None = None,
    payload: uuid.UUID | None = None,
    brought: Brought | None = None,
) -> Desk:
    """Everything of the page. Http404 for an endpoint, a run or a payload that this person may not see."""
    endpoint = visible_endpoint(membership, slug)
    runs = Run.objects.visible_to(membership).in_mode(mode).filter(endpoint=slug)
    draft = find_draft(membership=membership, endpoint=slug)
    version = _payload(membership, slug, payload, draft if opened is None and brought is None else None)
    of = version.payload_id if payload is not None and version is not None else None
    return Desk(
        membership=membership,
        mode=mode,
        endpoint=endpoint,
        draft=draft,
        opened=get_object_or_404(runs.select_related("text"), id=opened, text__erased_at=None)
        if opened
        else None,
        shown=_shown(runs, membership, shown or opened, of),
        keys=list(keys.usable_keys(membership, mode)),
        estimate=estimate(team=membership.team, mode=mode, endpoint=slug),
        token=uuid7(),
        brought=brought,
        payload=version,
        payload_opened=payload is not None,
    )


def _payload(
    membership: Membership, slug: str, wanted: uuid.UUID | None, draft: Draft | None
) -> PayloadVersion | None:
    if wanted is not None:
        version = open_version(membership=membership, version_id=wanted)
        if version.payload.endpoint != slug:
            raise Http404
        return version
    if draft is None or draft.payload_version_id is None:
        return None
    return find_version(membership, draft.payload_version_id)


def _shown(
    runs: RunQuerySet, membership: Membership, wanted: uuid.UUID | None, of: uuid.UUID | None
) -> Run | None:
    """The run that is asked for, else one's own newest; of a payload that was just opened, what it last made."""
    runs = runs.select_related("api_key", "team")
    if wanted is not None:
        return get_object_or_404(runs, id=wanted)
    if of is not None:
        runs = runs.filter(payload_version__payload=of, state=State.SUCCEEDED)
        if not membership.team.own_runs_only:
            return runs.newest_first().first()
    return runs.filter(person=membership.user_id).newest_first().first()


def recent_runs(*, membership: Membership, mode: str, slug: str) -> list[Run]:
    """The newest runs of the endpoint, with their first output's file; one's own only where runs are private."""
    runs = Run.objects.visible_to(membership).in_mode(mode).filter(endpoint=slug).newest_first()
    if membership.team.own_runs_only:
        # Pictures of others' private runs are for their pages, where a look is recorded.
        runs = runs.filter(person=membership.user_id)
    return list(runs.prefetch_related("outputs__file")[:RECENT])


def first_endpoint(membership: Membership) -> str:
    """Where the playground opens: the endpoint this person used last, else a good first one."""
    listed = Endpoint.objects.visible_to(membership).listed()
    recent = RecentEndpoint.objects.filter(
        person=membership.user_id, team=membership.team_id, endpoint__in=listed
    ).order_by("-used_at")
    slug = recent.values_list("endpoint__slug", flat=True).first()
    if slug is None:
        slug = listed.filter(slug=FIRST_ENDPOINT).values_list("slug", flat=True).first()
    return slug or listed.order_by("slug").values_list("slug", flat=True).first() or FIRST_ENDPOINT


def may_open(membership: Membership) -> bool:
    return access.can(membership, access.Ability.RUN)
