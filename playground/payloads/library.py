"""The list of payloads as one person sees it: search, filters, covers, figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.models import Membership
from playground.payloads import stats
from playground.payloads.models import Payload, PayloadFavourite, PayloadQuerySet, PayloadVersion
from playground.payloads.stats import Stats
from playground.runs.models import File, Output, Run

PAGE = 30


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; empty fields filter nothing. ``words`` all have to occur in name, notes, tags or text."""

    words: str = ""
    folder: str = ""
    tag: str = ""
    endpoint: str = ""
    owner: str = ""
    favourite: bool = False
    trash: bool = False

    @property
    def is_set(self) -> bool:
        return bool(self.words or self.folder or self.tag or self.endpoint or self.owner or self.favourite)


@dataclass(frozen=True, slots=True)
class Card:
    payload: Payload
    stats: Stats
    cover: File | None
    favourite: bool


def find(membership: Membership, chosen: Filter) -> PayloadQuerySet:
    """The payloads that fit, the one that changed last first."""
    found = Payload.objects.visible_to(membership)
    found = found.trashed() if chosen.trash else found.kept()
    if chosen.folder:
        found = found.filter(Q(folder=chosen.folder) | Q(folder__startswith=f"{chosen.folder}/"))
    if chosen.tag:
        found = found.filter(tags__contains=[chosen.tag])
    if chosen.endpoint:
        found = found.filter(endpoint=chosen.endpoint)
    if chosen.owner:
        found = found.filter(owner_label=chosen.owner)
    if chosen.favourite:
        found = found.filter(_starred(membership))
    for word in chosen.words.replace("\x00", "").split()[:8]:
        # The newest text alone: what an older version said is found by looking into the payload.
        newest = PayloadVersion.objects.filter(
            payload=OuterRef("pk"), number=OuterRef("newest"), text__icontains=word
        )
        found = found.filter(
            Q(name__icontains=word)
            | Q(notes__icontains=word)
            | Q(endpoint__icontains=word)
            | Q(tags__icontains=word)
            | Exists(newest)
        )
    return found.order_by("-trashed_at" if chosen.trash else "-updated_at", "-id")


def _starred(membership: Membership) -> Exists:
    return Exists(PayloadFavourite.objects.filter(payload=OuterRef("pk"), person=membership.user_id))


def cards(membership: Membership, mode: str, payloads: Sequence[Payload]) -> list[Card]:
    """Each with its figures over the runs this person may see, and a cover only where they may see the file."""
    figures = stats.of_payloads(membership=membership, mode=mode, payloads=payloads)
    covers = covers_of(membership, mode, payloads)
    starred = set(
        PayloadFavourite.objects.filter(person=membership.user_id, payload__in=payloads).values_list(
            "payload_id", flat=True
        )
    )
    return [
        Card(
            payload,
            figures.get(payload.id, Stats()),
            covers.get(payload.id),
            payload.id in starred,
        )
        for payload in payloads
    ]


def covers_of(membership: Membership, mode: str, payloads: Sequence[Payload]) -> dict[Any, File]:
    """By payload: the cover that was chosen, else its newest picture. Only of this mode, and of runs this person sees
    without leave: where runs are private, an admin looks at one by opening it, which is recorded.
    """
    seen = Run.objects.visible_to(membership).in_mode(mode)
    if membership.team.own_runs_only:
        seen = seen.filter(person=membership.user_id)
    pictures = Output.objects.filter(
        run__payload_version__payload=OuterRef("pk"),
        run__in=seen,
        state=Output.State.COPIED,
        file__kind="image",
    )
    newest = Subquery(pictures.order_by("-run_id", "position").values("id")[:1])
    bare = [payload.id for payload in payloads if payload.cover_id is None]
    covers = dict(Payload.objects.filter(id__in=bare).annotate(picture=newest).values_list("id", "picture"))
    covers |= {payload.id: payload.cover_id for payload in payloads if payload.cover_id is not None}
    outputs = Output.objects.filter(
        id__in=covers.values(), run__in=seen, file__in=File.objects.visible_to(membership)
    )
    files = {output.id: output.file for output in outputs.select_related("file")}
    return {payload: file for payload, output in covers.items() if (file := files.get(output)) is not None}


def choices(membership: Membership) -> dict[str, list[str]]:
    """What the filters offer: the folders, tags, endpoints and owners of the payloads this person sees."""
    rows = list(
        Payload.objects.visible_to(membership).kept().values_list("folder", "tags", "endpoint", "owner_label")
    )
    folders = {
        "/".join(steps[: depth + 1])
        for steps in (folder.split("/") for folder, *_ in rows if folder)
        for depth in range(len(steps))
    }
    return {
        "folder": sorted(folders, key=str.casefold),
        "tag": sorted({tag for _, tags, *_ in rows for tag in tags}, key=str.casefold),
        "endpoint": sorted({endpoint for *_, endpoint, _ in rows}),
        "owner": sorted({owner for *_, owner in rows}, key=str.casefold),
    }
