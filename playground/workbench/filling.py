"""What a click on Run sends when the text began from a saved payload: its variables filled in, its tag on the run."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from playground.payloads.models import PayloadVersion
from playground.payloads.variables import Kind, Variable, fill, from_data

PREFIX = "variable-"
WORDS = (Kind.TEXT, Kind.LONG_TEXT)


@dataclass(frozen=True, slots=True)
class Filled:
    """``payload_version`` is None where the text is no longer the saved one: its figures tell of that text alone."""

    text: str
    tag: str = ""
    payload_version: uuid.UUID | None = None


def fill_in(*, payload: PayloadVersion | None, text: str, version: int, posted: Mapping[str, str]) -> Filled:
    """Raises VariableProblem where a value is missing or does not fit its type."""
    if payload is None:
        return Filled(text)
    declared = from_data(payload.variables)
    same = (text, version) == (payload.text, payload.version)
    return Filled(
        fill(text, declared, values_of(declared, posted)),
        payload.payload.run_tag,
        payload.id if same else None,
    )


def values_of(declared: list[Variable], posted: Mapping[str, str]) -> dict[str, str]:
    """The values by name. An emptied field is an empty text where that is a value, else no value at all."""
    values = {}
    for variable in declared:
        value = posted.get(f"{PREFIX}{variable.name}")
        if value is None or (value == "" and not (variable.kind in WORDS and variable.default is not None)):
            continue
        values[variable.name] = value.replace("\r\n", "\n")
    return values
