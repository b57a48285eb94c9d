"""One run for each row of a table: read, filled and priced before anything is sent, then submitted one by one."""

import csv
import hashlib
import io
import uuid
from collections.abc import Iterator, Sequence
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
    """What would be sent: one filled text for each row, made one after another when it is needed."""

    table: Table
    version: PayloadVersion
    estimate: Estimate

    @property
    def count(self) -> int:
        return len(self.table.rows)

    @property
    def texts(self) -> Iterator[str]:
        """The text of each row. All of them at once would take hundreds of times the payload."""
        return _filled(self.version, self.table)

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
    lines, count = _parsed(text)
    if not lines:
        raise TableProblem(
            "The table is empty. Its first line names the variables, each further line is one run."
        )
    columns = tuple(cell.strip() for cell in lines[0])
    _check_columns(columns)
    names = {variable.name for variable in declared}
    if not names.intersection(columns):
        wanted = ", ".join(variable.name for variable in declared) or "none are declared"
        raise TableProblem(f"No column names a variable of this payload ({wanted}).")
    if count == 1:
        raise TableProblem("The table has a first line only. Each further line is one run.")
    if count - 1 > MOST_ROWS:
        raise TableProblem(f"The table has {count - 1} rows; the most is {MOST_ROWS} at a time.")
    rows = []
    for number, cells in enumerate(lines[1:], 1):
        if len(cells) != len(columns):
            found = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            raise TableProblem(f"Row {number} has {found} where the first line has {len(columns)}.")
        rows.append({name: cell for name, cell in zip(columns, cells, strict=True) if name in names})
    return Table(columns, tuple(rows), tuple(name for name in columns if name not in names))


def _parsed(text: str) -> tuple[list[list[str]], int]:
    """The lines that hold anything, as far as they could be run, and how many there are."""
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    lines: list[list[str]] = []
    count = 0
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if any(cell.strip() for cell in cells):
                count += 1
                if count <= MOST_ROWS + 1:
                    lines.append(cells)
    except csv.Error as error:
        raise TableProblem(f"This is no table that can be read: {error}.") from None
    return lines, count


def _check_columns(columns: Sequence[str]) -> None:
    seen: set[str] = set()
    for place, name in enumerate(columns, 1):
        if not name:
            raise TableProblem(f"Column {place} has no name.")
        if name in seen:
            raise TableProblem(f"Two columns are called {name}. Rename one of them.")
        seen.add(name)


def plan(*, membership: Membership, mode: str, version: PayloadVersion, table: Table) -> Plan:
    """Every row filled and checked, and what all of them will probably cost.

    Raises TableProblem at the first bad row.
    """
    for number, text in enumerate(_filled(version, table), 1):
        try:
            body.check(text, max_bytes=settings.MAX_BODY_BYTES)
        except body.BodyProblem as problem:
            raise TableProblem(f"Row {number}: {problem}") from problem
    price = estimate(team=membership.team, mode=mode, endpoint=version.payload.endpoint)
    return Plan(table, version, price)


def _filled(version: PayloadVersion, table: Table) -> Iterator[str]:
    """Each row's text. An empty cell is no value: the variable's default stands in for it."""
    declared = from_data(version.variables)
    for number, row in enumerate(table.rows, 1):
        values = {name: cell for name, cell in row.items() if cell != ""}
        try:
            yield fill(version.text, declared, values)
        except VariableProblem as problem:
            raise TableProblem(f"Row {number}: {problem}") from problem


def send(
    *,
    membership: Membership,
    plan: Plan,
    api_version: int,
    key: ApiKey,
    token: uuid.UUID,
) -> Sent:
    """One run for each row, until one is refused. ``token`` is the form's: sent again, it makes none anew."""
    runs: list[Run] = []
    version = plan.version
    for number, text in enumerate(plan.texts):
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
            return Sent(tuple(runs), plan.count - len(runs), problem)
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
