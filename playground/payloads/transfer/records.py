"""What travels: a payload as a file carries it, and what a reader says about each thing that it found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from playground.payloads.secrets import find_secrets
from playground.payloads.variables import Variable, VariableProblem, as_data, from_data

# Every text is looked through for keys while the page waits; what is exported at once can be imported at once.
MOST_TEXT = 4_000_000
MOST_ITEMS = 1000
MOST_ENTRIES = 4 * MOST_ITEMS  # files of a zip; folders and requests of a collection
# A collection may be large for its saved answers, which are left out.
MOST_BYTES = 20_000_000
LONGEST_WORDS = 1000  # of a name as it comes: a longer one is no name, and takes long to look through
FORMAT = 1


class TransferProblem(ValueError):
    """A whole file, or one record of it, that cannot be read. The message is fit for the person and holds no key."""


def check_count(number: int) -> None:
    """Raise TransferProblem for more than go at once; asked before any of them is looked at."""
    if number > MOST_ITEMS:
        raise TransferProblem(
            f"These are {number} payloads; the most is {MOST_ITEMS} at a time. Nothing was taken: split it up."
        )


class Outcome(StrEnum):
    TAKEN = "taken"
    CHANGED = "changed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Record:
    """The newest version of a payload with all that is said about it. ``id`` and ``number`` say where it came from."""

    name: str
    endpoint: str
    version: int
    text: str
    folder: str = ""
    tags: tuple[str, ...] = ()
    run_tag: str = ""
    notes: str = ""
    variables: tuple[Variable, ...] = ()
    message: str = ""
    id: str = ""
    number: int = 0

    @property
    def size(self) -> int:
        """Characters of all that has to be looked through."""
        return len(self.text) + len(json.dumps(self.about(), ensure_ascii=False))

    def about(self) -> dict[str, Any]:
        """Everything but the text, in the order in which files have it."""
        return {
            "atelier": FORMAT,
            "name": self.name,
            "folder": self.folder,
            "endpoint": self.endpoint,
            "version": self.version,
            "tags": list(self.tags),
            "run_tag": self.run_tag,
            "notes": self.notes.split("\n"),
            "variables": as_data(self.variables),
            "message": self.message,
            "id": self.id,
            "number": self.number,
        }


@dataclass(slots=True)
class Found:
    """One thing of a file and what becomes of it. Without a record it is dropped, and ``reason`` says why.

    ``changes`` are differences from what the file says; ``remarks`` are only worth knowing. ``holds_key`` says that a
    key stood there, never which.
    """

    path: str
    record: Record | None = None
    reason: str = ""
    changes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    holds_key: bool = False
    # Its name is taken: what it is called instead, unless it is left out.
    renamed: str = ""

    @property
    def outcome(self) -> Outcome:
        if self.record is None:
            return Outcome.DROPPED
        return Outcome.CHANGED if self.changes or self.renamed else Outcome.TAKEN

    def drop(self, reason: str) -> None:
        self.record, self.reason = None, reason

    def scrub(self) -> None:
        """Makes every line of the report fit to be shown: names may have brought keys and halves of characters."""
        lines = [_whole(line) for line in (self.path, self.reason, *self.changes, *self.remarks)]
        if find_secrets("\n".join(lines)):
            self.holds_key = True
            lines = ["Something like a key stood here." if find_secrets(line) else line for line in lines]
        self.path, self.reason, *rest = lines
        self.changes, self.remarks = rest[: len(self.changes)], rest[len(self.changes) :]


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()


def shown(text: str, most: int = 80) -> str:
    """A name as a report may repeat it: never one that looks like a key, or is too long to be looked through."""
    if len(text) > LONGEST_WORDS or find_secrets(text):
        return "…"
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def record_of(data: Mapping[str, Any], text: str) -> Record:
    """The record that ``about`` wrote. Raises TransferProblem at the first member that is none of its kind."""
    if data.get("atelier", FORMAT) != FORMAT:
        raise TransferProblem("It was written by a newer Atelier, in a format that is not known here.")
    version, number = data.get("version"), data.get("number", 0)
    if version not in (1, 2) or isinstance(version, bool):
        raise TransferProblem("“version” has to be 1 or 2.")
    return Record(
        name=_text(data, "name", needed=True),
        endpoint=_text(data, "endpoint", needed=True),
        version=version,
        text=text,
        folder=_text(data, "folder"),
        tags=tuple(_texts(data, "tags")),
        run_tag=_text(data, "run_tag"),
        notes="\n".join(_texts(data, "notes"))
        if isinstance(data.get("notes"), list)
        else _text(data, "notes"),
        variables=_variables(data),
        message=_text(data, "message"),
        id=_text(data, "id"),
        number=number if isinstance(number, int) and 0 <= number < 10**6 else 0,
    )


def _text(data: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise TransferProblem(f"“{name}” has to be text.")
    if needed and not value.strip():
        raise TransferProblem(f"“{name}” is missing.")
    return _storable(value, name)


def _storable(value: str, name: str) -> str:
    if "\x00" in value:
        raise TransferProblem(f"“{name}” has a character that cannot be kept (NUL).")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TransferProblem(f"“{name}” has half of a character.") from None
    return value


def _texts(data: Mapping[str, Any], name: str) -> Sequence[str]:
    value = data.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TransferProblem(f"“{name}” has to be a list of texts.")
    return [_storable(one, name) for one in value]


def _variables(data: Mapping[str, Any]) -> tuple[Variable, ...]:
    rows = data.get("variables", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TransferProblem("“variables” has to be a list of objects.")
    for row in rows:
        _text(row, "name", needed=True)
        _text(row, "description")
        _texts(row, "choices")
        if not isinstance(row.get("default"), str | None):
            raise TransferProblem(f"The default of the variable {shown(row['name'])} has to be text.")
        _storable(row.get("default") or "", "default")
    try:
        return tuple(from_data(rows))
    except VariableProblem as problem:
        raise TransferProblem(str(problem)) from problem
