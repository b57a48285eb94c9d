"""One run for each row of a table: read, filled and priced before anything is sent, then submitted one by one."""

import csv
import hashlib
import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from accounts.models import ApiKey, Membership
from playground import figures
from playground.payloads.models import PayloadVersion
from playground.payloads.variables import Variable, VariableProblem, fill, from_data, used
from playground.runs import body
from playground.runs.estimates import Estimate, estimate
from playground.runs.models import Run, Source
from playground.runs.submit import SubmitProblem, submit

MOST_ROWS = 500
PREVIEW = 20
MOST_CHARACTERS = 2 * 1024 * 1024


class TableProblem(ValueError):
    """A table that cannot be run; nothing was sent. The message is fit for the person."""


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` are the values of each line by variable; ``unused`` are columns that name no variable."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be sent: one filled text for each row."""

    table: Table
    texts: tuple[str, ...]
    estimate: Estimate

    @property
    def count(self) -> int:
        return len(self.texts)

    @property
    def price(self) -> str:
        """``$ 1.2000 to 3.4000`` for all rows together; empty where the price is not known."""
        low, high = self._times(self.estimate.low), self._times(self.estimate.high)
        middle = self._times(self.estimate.median)
        if low is not None and high is not None and low != high:
            return f"$ {figures.money(low)} to {figures.money(high)}"
        known = middle if middle is not None else low
        return "" if known is None else f"$ {figures.money(known)}"

    @property
    def shown(self) -> list[list[str]]:
        """The cells of the first rows, in the order of the columns that are used."""
        return [[row.get(name, "") for name in self.columns] for row in self.table.rows[:PREVIEW]]

    @property
    def columns(self) -> list[str]:
        return [name for name in self.table.columns if name not in self.table.unused]

    @property
    def hidden(self) -> int:
        return max(0, self.count - PREVIEW)

    def _times(self, value: Decimal | None) -> Decimal | None:
        return None if value is None else value * self.count


@dataclass(frozen=True, slots=True)
class Sent:
    """``runs`` were made, in the order of the rows. ``problem`` is why the next one was refused and the rest stayed."""

    runs: tuple[Run, ...]
    left: int
    problem: SubmitProblem | None = None


def read(text: str, declared: Sequence[Variable]) -> Table:
    """The table in ``text``: comma, semicolon or tab, the first line naming the columns. Raises TableProblem."""
    if len(text) > MOST_CHARACTERS:
        raise TableProblem("This table is larger than 2 MB. Split it into several.")
    text = text.removeprefix("\ufeff").replace("\x00", "")
    if not text.strip():
        raise TableProblem(
            "The table is empty. Its first line names the variables, each further line is one run."
        )
    lines = _parsed(text)
    columns = tuple(cell.strip() for cell in lines[0])
    _check_columns(columns)
    names = {variable.name for variable in declared}
    if not names.intersection(columns):
        wanted = ", ".join(variable.name for variable in declared) or "none are declared"
        raise TableProblem(f"No column names a variable of this payload ({wanted}).")
    if len(lines) == 1:
        raise TableProblem("The table has a first line only. Each further line is one run.")
    if len(lines) - 1 > MOST_ROWS:
        raise TableProblem(f"The table has {len(lines) - 1} rows; the most is {MOST_ROWS} at a time.")
    rows = []
    for number, cells in enumerate(lines[1:], 1):
        if len(cells) != len(columns):
            count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            raise TableProblem(f"Row {number} has {count} where the first line has {len(columns)}.")
        rows.append({name: cell for name, cell in zip(columns, cells, strict=True) if name in names})
    return Table(columns, tuple(rows), tuple(name for name in columns if name not in names))


def _parsed(text: str) -> list[list[str]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise TableProblem(f"This is no table that can be read: {error}.") from None
    return [cells for cells in lines if any(cell.strip() for cell in cells)]


def _check_columns(columns: Sequence[str]) -> None:
    seen: set[str] = set()
    for place, name in enumerate(columns, 1):
        if not name:
            raise TableProblem(f"Column {place} has no name.")
        if name in seen:
            raise TableProblem(f"Two columns are called {name}. Rename one of them.")
        seen.add(name)


def plan(*, membership: Membership, mode: str, version: PayloadVersion, table: Table) -> Plan:
    """Every row filled and checked, and what all of them will probably cost. Raises TableProblem at the first bad row.

    An empty cell is no value: the variable's default stands in for it.
    """
    declared = from_data(version.variables)
    texts = []
    for number, row in enumerate(table.rows, 1):
        values = {name: cell for name, cell in row.items() if cell != ""}
        try:
            text = fill(version.text, declared, values)
            body.check(text, max_bytes=settings.MAX_BODY_BYTES)
        except (VariableProblem, body.BodyProblem) as problem:
            raise TableProblem(f"Row {number}: {problem}") from problem
        texts.append(text)
    price = estimate(team=membership.team, mode=mode, endpoint=version.payload.endpoint)
    return Plan(table, tuple(texts), price)


def send(
    *,
    membership: Membership,
    version: PayloadVersion,
    api_version: int,
    key: ApiKey,
    texts: Sequence[str],
    token: uuid.UUID,
) -> Sent:
    """One run for each text, until one is refused. ``token`` is the form's: sent again, it makes none anew."""
    runs: list[Run] = []
    for number, text in enumerate(texts):
        digest = hashlib.sha256(text.encode()).hexdigest()
        try:
            run = submit(
                membership=membership,
                endpoint=version.payload.endpoint,
                version=api_version,
                key=key,
                body_text=text,
                token=uuid.uuid5(token, f"{number}:{api_version}:{digest}"),
                source=Source.ROWS,
                tag=version.payload.run_tag,
                payload_version=version.id if api_version == version.version else None,
            )
        except SubmitProblem as problem:
            return Sent(tuple(runs), len(texts) - len(runs), problem)
        runs.append(run)
    return Sent(tuple(runs), 0)


def example(version: PayloadVersion) -> str:
    """A first line and one row to begin with."""
    declared = used(version.text, from_data(version.variables))
    cells = [variable.default or "" for variable in declared]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([variable.name for variable in declared])
    if any(cells):
        writer.writerow(cells)
    return out.getvalue()
