"""What a winner of a sweep is saved as, when it becomes the next version of the payload that the sweep began from."""

from playground.payloads.models import PayloadVersion
from playground.payloads.variables import USE, from_data
from playground.runs import places
from playground.runs.places import PlaceProblem
from playground.workbench import grid
from playground.workbench.models import Sweep, SweepCell


def version_text(origin: PayloadVersion, sweep: Sweep, cell: SweepCell) -> str | None:
    """The text of ``origin`` with the cell's values in it and its other variables kept; None where that is not what
    was sent, because the text was changed before the sweep or a field is inside a variable's value.
    """
    if not _is_filled(origin, sweep.text):
        return None
    try:
        return grid.text_of(origin.text, grid.from_data(sweep.fields), cell.literals)
    except PlaceProblem:
        return None


def _is_filled(origin: PayloadVersion, sent: str) -> bool:
    """Whether ``sent`` is the text of ``origin`` with values in the places of its variables."""
    names = {variable.name for variable in from_data(origin.variables)}
    parts = {path: _between(literal, names) for path, literal in places.scalars(origin.text)}
    whole = {path for path, around in parts.items() if around == ['"', '"']}
    after = {
        path: literal
        for path, literal in places.scalars(sent)
        if not any(path[: len(one)] == one for one in whole)
    }
    fixed = {path: around for path, around in parts.items() if path not in whole}
    return after.keys() == fixed.keys() and all(_fits(after[path], around) for path, around in fixed.items())


def _between(literal: str, names: set[str]) -> list[str]:
    """What stands around the variables of a literal; the literal alone where it has none."""
    around, end = [], 0
    for match in USE.finditer(literal):
        if match[1] in names:
            around.append(literal[end : match.start()])
            end = match.end()
    return [*around, literal[end:]]


def _fits(literal: str, around: list[str]) -> bool:
    first, *rest = around
    if not rest:
        return literal == first
    if not literal.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        at = literal.find(part, at) + len(part)
        if at < len(part):
            return False
    return literal.endswith(rest[-1]) and at <= len(literal) - len(rest[-1])
