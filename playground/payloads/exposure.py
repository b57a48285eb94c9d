"""What others will see is looked through first: a key inside a value goes to nobody."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from playground.payloads import slots
from playground.payloads.models import Payload
from playground.payloads.readings import Budget
from playground.payloads.secret_shapes import secret_member
from playground.payloads.secrets import find_secrets
from playground.payloads.variables import Kind, Variable, VariableProblem, fill, from_data

_EMPTY = dict.fromkeys(Kind, "") | {
    Kind.NUMBER: "0", Kind.INTEGER: "0", Kind.BOOLEAN: "true", Kind.JSON: "null",
}  # fmt: skip
MOST_FILLINGS = 30  # of the choices of variables
LONGEST_FILLED = 300_000  # characters of a text whose fillings are looked through


class Leak(ValueError):
    """Something that looks like a key stands in what others would see. The message names each place."""

    def __init__(self, places: list[str]) -> None:
        super().__init__(f"Not shared, because this looks like a key: {'; '.join(places)}.")
        self.places = places


class CarriesFiles(Leak):
    """A text that others see holds data, or an address of a stored file, where a file or a slot belongs."""

    def __init__(self, places: list[str]) -> None:
        super().__init__(places)
        self.args = (
            f"Not done, because the text that others see carries {'; '.join(places)}. "
            "Attach it as a file, or put a variable in its place.",
        )


def check_texts(
    *,
    text: str,
    variables: Iterable[Mapping[str, Any]] = (),
    message: str = "",
    place: str = "",
) -> None:
    """Raise Leak unless all of a version may be seen by others. ``place`` goes before each place that is named."""
    variables = list(variables)
    found = [
        *_found(text, place),
        *_found(_as_json(variables), f"{place}variables "),
        *(f"{place}{one}" for one in _named(variables)),
        *_found(message, f"{place}message "),
    ]
    _refuse(found or [f"{place}{one}" for one in _put_together(text, variables)])


def check_words(words: Mapping[str, Any]) -> None:
    """Raise Leak unless the name, the notes and the rest may be seen by others."""
    _refuse([place for name, value in words.items() for place in _found(_as_text(value), f"{name} ")])


def words_of(payload: Payload) -> dict[str, Any]:
    """Everything said about a payload beside its versions."""
    return {
        "name": payload.name,
        "notes": payload.notes,
        "folder": payload.folder,
        "tags": payload.tags,
        "run_tag": payload.run_tag,
        "forked_from": payload.forked_label,
    }


def check_carries_nothing(
    *, text: str, variables: Iterable[Mapping[str, Any]] = (), files: bool = False
) -> None:
    """Raise CarriesFiles where a text that the team sees holds data or addresses of stored files.

    ``files`` says whether the team's own files count, too.
    """
    found = [f"{slot.name} ({slot.what})" for slot in slots.take_out(text, files=files).slots]
    if slots.in_names(text, files=files):
        found.append("the name of a field")
    for variable in variables:
        said = [
            variable.get("default") or "",
            *variable.get("choices", ()),
            variable.get("description") or "",
        ]
        if any(slots.without(one, files=files) != one for one in said):
            found.append(f"the variable {variable['name']}")
    if found:
        raise CarriesFiles(found)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else _as_json(value)


def _as_json(value: Any) -> str:
    return json.dumps(value if isinstance(value, dict) else list(value), ensure_ascii=False)


def _found(text: str, place: str) -> list[str]:
    """Where in ``text`` something looks like a secret, and what kind of one."""
    return [f"{place}{one.path} ({one.what})" for one in find_secrets(text)]


def _named(variables: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Variables that are called like a secret and say one."""
    for variable in variables:
        for value in (variable.get("default") or "", *variable.get("choices", ())):
            if secret_member(str(variable["name"]), value):
                yield f"variable {variable['name']} (a secret by its name)"
                break


def _put_together(text: str, variables: Sequence[Mapping[str, Any]]) -> list[str]:
    """What only shows once the variables are in their places: a key cut in two, a password as a default."""
    if not variables or len(text) > LONGEST_FILLED:
        return []
    seen = set()
    fillings = list(_fillings(text, from_data(variables)))
    budget = Budget(sum(map(len, fillings)))
    for filled in fillings:
        seen |= {f"{one.path}, filled in ({one.what})" for one in find_secrets(filled, budget)}
        if seen:
            break
    return sorted(seen)


def _fillings(text: str, declared: Sequence[Variable]) -> Iterator[str]:
    """``text`` with its defaults, then with each choice in turn; what would be asked for is left empty."""
    most = max((len(one.choices) for one in declared), default=0)
    for turn in range(min(MOST_FILLINGS, most) + 1):
        values = {one.name: value for one in declared if (value := _value(one, turn)) is not None}
        try:
            filled = fill(text, declared, values)
        except VariableProblem:
            # One choice may not fit; the others may.
            continue
        if len(filled) <= LONGEST_FILLED:
            yield filled


def _value(variable: Variable, turn: int) -> str | None:
    """What stands for a variable in this turn; None where its default does."""
    if variable.choices and (turn > 0 or variable.default is None):
        return variable.choices[min(max(turn, 1), len(variable.choices)) - 1]
    return None if variable.default is not None else _EMPTY[variable.kind]


def _refuse(places: list[str]) -> None:
    if places:
        raise Leak(places)
