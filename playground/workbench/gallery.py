"""What runs returned, as pictures: newest first, in pages by keyset, and as a zip that says what each was made from."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef

from accounts.models import Membership
from playground.runs import choices
from playground.runs.models import Output, Run, RunQuerySet

PAGE = 36
BATCH = 50
MOST_IN_ZIP = 1000
KINDS = [("", "Everything"), ("image", "Images"), ("video", "Videos"), ("audio", "Sound")]


class GalleryForm(forms.Form):
    """The filter in the address. What makes no sense filters nothing."""

    person = forms.ChoiceField(required=False, label="Person")
    endpoint = forms.ChoiceField(required=False, label="Model")
    kind = forms.ChoiceField(required=False, label="Kind", choices=KINDS)
    tag = forms.CharField(required=False, max_length=60, label="Tag")
    low = forms.DecimalField(required=False, label="From $", min_value=0, max_digits=12, decimal_places=6)
    high = forms.DecimalField(required=False, label="To $", min_value=0, max_digits=12, decimal_places=6)

    def __init__(self, data: Any, *, membership: Membership, mode: str) -> None:
        super().__init__(data)
        people = choices.people(membership)
        if membership.team.own_runs_only:
            people = [one for one in people if one[0] == str(membership.user_id)]
        self._offer("person", "Anybody", people)
        self._offer("endpoint", "Any model", choices.endpoints(membership, mode))
        for name in ("low", "high"):
            self.fields[name].widget = forms.TextInput(
                attrs={"inputmode": "decimal", "placeholder": self.fields[name].label, "size": 7}
            )
        self.fields["tag"].widget.attrs["placeholder"] = "Tag"

    def _offer(self, name: str, first: str, found: choices.Choices) -> None:
        self.fields[name].choices = [("", first), *found]  # type: ignore[attr-defined]

    def selected(self) -> "Filter":
        self.is_valid()
        data = self.cleaned_data
        return Filter(
            person=uuid.UUID(data["person"]) if data.get("person") else None,
            endpoint=data.get("endpoint") or "",
            kind=data.get("kind") or "",
            tag=(data.get("tag") or "").replace("\x00", "").strip(),
            low=data.get("low"),
            high=data.get("high"),
        )


@dataclass(frozen=True, slots=True)
class Filter:
    person: uuid.UUID | None = None
    endpoint: str = ""
    kind: str = ""
    tag: str = ""
    low: Decimal | None = None
    high: Decimal | None = None


def select(membership: Membership, mode: str, chosen: Filter) -> RunQuerySet:
    """Runs with outputs that are kept. Where runs are private, one's own only, whatever the role: another's are for
    their own pages, where a look is recorded.
    """
    runs = Run.objects.visible_to(membership).in_mode(mode)
    if membership.team.own_runs_only:
        runs = runs.filter(person=membership.user_id)
    kept = Output.objects.filter(run=OuterRef("pk"), state=Output.State.COPIED)
    if chosen.kind:
        kept = kept.filter(file__kind=chosen.kind)
    exact = {"person": chosen.person, "endpoint": chosen.endpoint, "tag": chosen.tag}
    runs = runs.filter(Exists(kept), **{name: value for name, value in exact.items() if value})
    if chosen.low is not None:
        runs = runs.filter(cost__gte=chosen.low)
    if chosen.high is not None:
        runs = runs.filter(cost__lte=chosen.high)
    return runs


@dataclass(frozen=True, slots=True)
class Tile:
    run: Run
    output: Output

    @property
    def file(self) -> Any:
        return self.output.file


@dataclass(frozen=True, slots=True)
class Page:
    tiles: list[Tile]
    older: uuid.UUID | None
    is_first: bool


def page(runs: RunQuerySet, chosen: Filter, *, before: uuid.UUID | None) -> Page:
    """The outputs of the next runs below ``before``."""
    ordered = runs.newest_first().prefetch_related("outputs__file")
    found = list((ordered if before is None else ordered.filter(id__lt=before))[: PAGE + 1])
    shown = found[:PAGE]
    tiles = [
        Tile(run, output)
        for run in shown
        for output in sorted(run.outputs.all(), key=lambda one: one.position)
        if output.file is not None and chosen.kind in ("", output.file.kind)
    ]
    return Page(tiles, shown[-1].id if len(found) > PAGE else None, before is None)


def for_zip(runs: RunQuerySet) -> Iterator[tuple[str, Run]]:
    """The newest runs with what a zip needs, a few at a time."""
    ordered = runs.newest_first().select_related("text").defer("text__search", "text__response_text")
    last: uuid.UUID | None = None
    count = 0
    while count < MOST_IN_ZIP:
        batch = ordered if last is None else ordered.filter(id__lt=last)
        found = list(batch.prefetch_related("outputs__file")[: min(BATCH, MOST_IN_ZIP - count)])
        if not found:
            return
        for run in found:
            count += 1
            yield f"{run.created_at:%Y%m%d-%H%M%S}-{run.endpoint}-{run.id.hex[-6:]}", run
        last = found[-1].id
