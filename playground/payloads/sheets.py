"""What leaves when a payload is shown to others: computed once, shown before it is confirmed, and then exactly that."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from playground.payloads import exposure, slots
from playground.payloads.exposure import Leak
from playground.payloads.models import Payload, PayloadFile, PayloadVersion
from playground.payloads.slots import Slot
from playground.payloads.variables import Kind, Variable, VariableProblem, as_data, check_declared, from_data
from playground.runs import body, prose
from playground.runs.models import File, Output

LONGEST = 500_000  # characters of a text that a link's page shows


class TooLong(Leak):
    """A text that is too long for a page. It goes with the leaks: nothing is shown to anybody."""

    def __init__(self) -> None:
        super().__init__([])
        self.args = (f"The text is longer than {LONGEST} characters, which is too long for a link.",)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version as others will see it. ``slots`` are among the ``variables``, asked for before each run."""

    name: str
    notes: str
    endpoint: str
    version: PayloadVersion
    text: str
    variables: tuple[Variable, ...]
    slots: tuple[Slot, ...]
    results: tuple[Output, ...] = ()
    cost: Decimal | None = None

    @property
    def digest(self) -> str:
        """Names this very content: a confirmation holds only for what was on the page."""
        said = [
            self.name, self.notes, self.endpoint, str(self.version.id), self.text, as_data(self.variables),
            [str(output.id) for output in self.results], str(self.cost),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def for_people_outside(
    *,
    payload: Payload,
    version: PayloadVersion,
    results: Sequence[Output] = (),
    cost: Decimal | None = None,
) -> Sheet:
    """What a link shows. Nothing in it names anything of this house. Raises Leak."""
    text, variables, found = _emptied(version, files=True)
    sheet = Sheet(
        name=slots.without(payload.name, files=True)[:254],
        notes=slots.without(payload.notes, files=True),
        endpoint=payload.endpoint,
        version=version,
        text=text,
        variables=variables,
        slots=found,
        results=tuple(results),
        cost=cost,
    )
    if len(text) > LONGEST:
        raise TooLong
    exposure.check_texts(text=text, variables=as_data(variables))
    exposure.check_words({"name": sheet.name, "notes": sheet.notes, "endpoint": sheet.endpoint})
    return sheet


def for_the_team(*, payload: Payload, keep_files: bool = False) -> Sheet:
    """The newest version as teammates will see it. Raises Leak where any version or word holds a key.

    The team's own files go along, unless ``keep_files`` makes slots of them, too.
    """
    exposure.check_words(exposure.words_of(payload))
    for version in payload.versions.order_by("-number").iterator(chunk_size=20):
        place = "" if version.number == payload.newest else f"version {version.number}, "
        # Data inside a text is not shown to anybody, so it is not looked through either.
        text = slots.take_out(version.text, files=False).text
        exposure.check_texts(text=text, variables=version.variables, message=version.message, place=place)
    newest = payload.versions.get(number=payload.newest)
    text, variables, found = _emptied(newest, files=keep_files)
    return Sheet(payload.name, payload.notes, payload.endpoint, newest, text, variables, found)


def first_shown(payload: Payload, *, keep_files: bool = False) -> int:
    """The number from which on no version carries files inside: earlier ones stay with whoever wrote them.

    What was kept back once stays so.
    """
    first = payload.newest + 1
    for version in payload.versions.order_by("-number").iterator(chunk_size=20):
        try:
            exposure.check_carries_nothing(text=version.text, variables=version.variables, files=keep_files)
        except exposure.CarriesFiles:
            if version.number == payload.newest:
                raise
            break
        first = version.number
    return max(first, payload.shared_from)


def seen_by_the_team(*, payload: Payload, keep_files: bool) -> dict[str, Any]:
    """The context of the page that shows a sheet before teammates see it. Raises Leak."""
    sheet = for_the_team(payload=payload, keep_files=keep_files)
    changed = sheet.text != sheet.version.text or as_data(sheet.variables) != sheet.version.variables
    first = sheet.version.number + 1 if changed else first_shown(payload, keep_files=keep_files)
    versions = payload.versions.defer("text", "variables").order_by("-number")
    return {
        "sheet": sheet,
        "endpoint": sheet.endpoint,
        "variables": list(sheet.variables),
        "notes": prose.to_html(sheet.notes) if sheet.notes else "",
        "files": _files_of(sheet, first),
        "new_version": sheet.version.number + 1 if changed else None,
        "versions": list(versions.filter(number__gte=first)),
        "keep_files": keep_files,
        "kept_back": versions.filter(number__lt=first).count(),
    }


def _files_of(sheet: Sheet, first: int) -> list[File]:
    """The team's files that go along with what is shown, and are sent by whoever runs it."""
    payload = sheet.version.payload
    wanted = {marker.file_id for marker in body.markers(sheet.text, team_id=payload.team_id)}
    newest = Q(version=sheet.version, file__in=wanted)
    shown = PayloadFile.objects.filter(newest | Q(version__payload=payload, version__number__gte=first))
    return list(File.objects.filter(id__in=shown.values("file")).order_by("id"))


def _emptied(version: PayloadVersion, *, files: bool) -> tuple[str, tuple[Variable, ...], tuple[Slot, ...]]:
    """Text and variables of a version with slots in the place of what is somebody's own. Raises Leak."""
    declared = [_without_files(variable, files=files) for variable in from_data(version.variables)]
    emptied = slots.take_out(version.text, taken=[variable.name for variable in declared], files=files)
    if slots.in_names(emptied.text, files=files):
        raise exposure.CarriesFiles(["the name of a field"])
    how = "Give your own." if files else "Give your own, or attach a file at its field."
    variables = [*declared, *(_as_variable(slot, how) for slot in emptied.slots)]
    if emptied.slots:
        try:
            check_declared(variables, emptied.text)
        except VariableProblem as problem:
            raise exposure.CarriesFiles([f"more files than can be asked for ({problem})"]) from problem
    return emptied.text, tuple(variables), emptied.slots


def _as_variable(slot: Slot, how: str) -> Variable:
    return Variable(slot.name, Kind.LONG_TEXT, description=f"{how} Here stood {slot.what}."[:200])


def _without_files(variable: Variable, *, files: bool) -> Variable:
    """A default that is a file is asked for instead; a choice that is one is left out."""

    def clean(words: str) -> bool:
        return slots.without(words, files=files) == words

    return Variable(
        name=variable.name,
        kind=variable.kind,
        default=variable.default if clean(variable.default or "") else None,
        choices=tuple(choice if clean(choice) else "[left out]" for choice in variable.choices),
        description=slots.without(variable.description, files=files),
    )
