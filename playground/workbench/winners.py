"""What a winner of a sweep is saved as, when it becomes the next version of the payload that the sweep began from."""

from playground.payloads.models import PayloadVersion
from playground.payloads.sent import values_in
from playground.runs.places import PlaceProblem
from playground.workbench import grid
from playground.workbench.models import Sweep, SweepCell


def version_text(origin: PayloadVersion, sweep: Sweep, cell: SweepCell) -> str | None:
    """The text of ``origin`` with the cell's values in it and its other variables kept; None where that is not what
    was sent, because the text was changed before the sweep or a field is inside a variable's value.
    """
    if not sweep.text or values_in(origin, sweep.text) is None:
        return None
    try:
        return grid.text_of(origin.text, grid.from_data(sweep.fields), cell.literals)
    except PlaceProblem:
        return None
