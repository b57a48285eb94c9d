"""The history: which runs a filter selects, in pages that never count and never skip."""

import contextlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts import access
from accounts.access import Ability
from accounts.models import Membership, Team
from playground.runs import evidence, presentation
from playground.runs.models import OPEN_STATES, Run, RunQuerySet, RunText

PAGE = 50
SEARCHED = timedelta(days=90)
# An id is made a moment before or after the time of its row.
_SLACK = timedelta(minutes=1)
_ID_LIKE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{7,199}")


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show. Empty values select everything; ``start`` is included, ``end`` is not."""

    words: str = ""
    person: uuid.UUID | None = None
    endpoint: str = ""
    key: uuid.UUID | None = None
    billing: str = ""
    needs_person: bool = False
    state: str = ""
    status: int | None = None
    source: str = ""
    tag: str = ""
    start: datetime | None = None
    end: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing but the period is chosen: the ledger's sums answer for all of it."""
        return self == Filter(start=self.start, end=self.end)

    @property
    def is_limited(self) -> bool:
        """Whether only the last 90 days are looked through: no index answers words and sources over years."""
        return bool(self.words or self.source) and (
            self.start is None or self.start < timezone.now() - SEARCHED
        )


def lowest_id(moment: datetime) -> uuid.UUID:
    """The smallest uuid7 of this millisecond: ids sort by time, so a range of days is a range of ids."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))


def between(runs: RunQuerySet, start: datetime | None, end: datetime | None) -> RunQuerySet:
    """``runs`` of the period: found by id, made exact by the time of the row."""
    if start is not None:
        runs = runs.filter(id__gte=lowest_id(start - _SLACK), created_at__gte=start)
    if end is not None:
        runs = runs.filter(id__lt=lowest_id(end + _SLACK), created_at__lt=end)
    return runs


def select(membership: Membership, mode: str, chosen: Filter) -> RunQuerySet:
    """The visible runs of this mode that the filter selects, in no order.

    Its words are a request id or run id, else words of prompt and error text. An auditor finds ids only.
    """
    runs = Run.objects.visible_to(membership).in_mode(mode)
    exact = {
        "person": chosen.person,
        "endpoint": chosen.endpoint,
        "api_key": chosen.key,
        "billing": chosen.billing,
        "state": chosen.state,
        "status": chosen.status,
        "source": chosen.source,
        "tag": chosen.tag,
    }
    runs = runs.filter(**{name: value for name, value in exact.items() if value})
    if chosen.needs_person:
        runs = runs.needing_a_person()
    if chosen.words:
        by_id = between(runs.filter(_named(chosen.words)), chosen.start, chosen.end)
        if not access.can(membership, Ability.SEE_CONTENT):
            return by_id
        if _ID_LIKE.fullmatch(chosen.words) and by_id.exists():
            return by_id
        query = SearchQuery(chosen.words, config="simple", search_type="websearch")
        runs = runs.filter(text__search=query)
    start = max(chosen.start or _long_ago(), _long_ago()) if chosen.is_limited else chosen.start
    if chosen.words and start is not None:
        # The planner carries no range over a join.
        runs = runs.filter(text__run_id__gte=lowest_id(start - _SLACK))
    return between(runs, start, chosen.end)


def _long_ago() -> datetime:
    return timezone.now() - SEARCHED


def _named(words: str) -> Q:
    """Runs whose request id or own id this is."""
    named = Q(request_id=words)
    with contextlib.suppress(ValueError):
        named |= Q(id=uuid.UUID(words))
    return named


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 50 runs, newest first; ``newer`` and ``older`` are the ids to page from, None at the ends."""

    runs: list[Run]
    newer: uuid.UUID | None
    older: uuid.UUID | None

    @property
    def is_first(self) -> bool:
        return self.newer is None


def page(runs: RunQuerySet, *, before: uuid.UUID | None = None, after: uuid.UUID | None = None) -> Page:
    """The page below ``before``, above ``after``, or the first one. Keyset only: no OFFSET, no count."""
    runs = runs.prefetch_related("api_key")  # few keys; a join costs as much as the page
    if after is not None:
        found = list(runs.filter(id__gt=after).order_by("id")[: PAGE + 1])
        if len(found) > PAGE:
            shown = found[:PAGE][::-1]
            return Page(shown, shown[0].id, shown[-1].id)
        # Fewer than a page above: the newest page shows them, and some of what was seen before.
    elif before is not None:
        found = list(runs.filter(id__lt=before).newest_first()[: PAGE + 1])
        if found:
            return Page(found[:PAGE], found[0].id, found[PAGE - 1].id if len(found) > PAGE else None)
    found = list(runs.newest_first()[: PAGE + 1])
    return Page(found[:PAGE], None, found[PAGE - 1].id if len(found) > PAGE else None)


@dataclass(frozen=True, slots=True)
class Row:
    run: Run
    evidence: str
    url: str

    @property
    def is_live(self) -> bool:
        return self.run.state in OPEN_STATES

    @property
    def began(self) -> datetime:
        return self.run.claimed_at or self.run.created_at


def rows(membership: Membership, runs: Sequence[Run]) -> list[Row]:
    """``runs`` with their evidence in words: at most one query, whatever their number."""
    sees_content = access.can(membership, Ability.SEE_CONTENT)
    texts = _texts(runs)
    zone = membership.team.zone
    made = []
    for run in runs:
        error_text, headers = texts.get(run.id, ("", []))
        words = evidence.words(
            run,
            error_text=error_text,
            resets_at=presentation.reset_of(run, headers),
            zone=zone,
            sees_content=sees_content,
            sees_balance=access.may_see_balance(membership, run.api_key),
        )
        made.append(Row(run, words, address_of(membership.team, run)))
    return made


def _texts(runs: Iterable[Run]) -> dict[uuid.UUID, tuple[str, list[Any]]]:
    refused = [run.id for run in runs if run.error_kind]
    found = RunText.objects.filter(run__in=refused).values_list("run_id", "error_text", "response_headers")
    return {run_id: (text, headers) for run_id, text, headers in found} if refused else {}


def address_of(team: Team, run: Run) -> str:
    return reverse("runs:run_detail", args=[team.slug, run.mode, run.id])


def frame(membership: Membership, mode: str) -> dict[str, Any]:
    """What every fragment of the history needs."""
    return {
        "membership": membership,
        "team": membership.team,
        "zone": membership.team.zone,
        "mode": mode,
        "sees_content": access.can(membership, Ability.SEE_CONTENT),
        "may_run": access.can(membership, Ability.RUN),
    }
