"""What a winner of a sweep is saved as, when it becomes the next version of the payload that the sweep began from."""

from playground.payloads.models import PayloadVersion
from playground.payloads.sent import values_in
from playground.payloads.variables import from_data, used_in_text
from playground.runs.places import PlaceProblem
from playground.workbench import grid
from playground.workbench.models import Sweep, SweepCell


def version_text(origin: PayloadVersion, sweep: Sweep, cell: SweepCell) -> str | None:
    """The text of ``origin`` with the cell's values in it and its other variables kept; None where that is not what
    was sent, because the text was changed before the sweep, a field is inside a variable's value, or a value names a
    variable itself; and where what was sent is gone.
    """
    fields = grid.from_data(sweep.fields)
    if not sweep.text or len(cell.literals) != len(fields) or values_in(origin, sweep.text) is None:
        return None
    if any(used_in_text(literal, from_data(origin.variables)) for literal in cell.literals):
        return None
    try:
        return grid.text_of(origin.text, fields, cell.literals)
    except PlaceProblem:
        return None
