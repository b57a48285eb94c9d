"""Payloads as a Postman Collection v2.1. The key is a variable, and what Postman has no place for is named."""

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from playground.payloads.transfer.masking import without_markers
from playground.payloads.transfer.records import Record, shown
from playground.payloads.variables import BARE, USE, Kind, Variable, strings_in

KEY = "segmind_api_key"
MOST_NAMED = 10
_LIKE_KEY = re.compile(rf"{KEY}(?:_[0-9]+)?", re.IGNORECASE)
# What Postman replaces: more than a name of a variable here can be.
_ANY = re.compile(r"\{\{([^{}]+)\}\}")
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
NOT_KEPT = (
    "tags, cost centres, earlier versions and their messages, covers, who sees a payload, and types and choices of "
    "variables"
)
_TYPES = {Kind.NUMBER: "number", Kind.INTEGER: "number", Kind.BOOLEAN: "boolean", Kind.JSON: "any"}


@dataclass(slots=True)
class _Folder:
    folders: dict[str, "_Folder"] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)


class Collection:
    """``data`` is the collection; ``changes`` name what differs from the payloads, one line each."""

    def __init__(self, records: Sequence[Record], name: str) -> None:
        self.changes: list[str] = []
        self._variables: dict[str, dict[str, Any]] = {}
        self._folded: dict[str, dict[str, Any]] = {}
        self._named: dict[tuple[str, Kind, str | None], str] = {}
        self._numbers: Counter[str] = Counter()
        # A name that stands as plain words anywhere would be replaced there, too.
        self._words = {name.casefold() for one in records for name in _plain(one)}
        self._key = _free_key(records)
        self._words.add(self._key.casefold())
        root = _Folder()
        for record in records:
            self._into(root, record)
        note = f"Made by Atelier. A Postman collection has no place for {NOT_KEPT}."
        key = {
            "key": self._key,
            "value": "",
            "type": "string",
            "description": "Your Segmind key. It is in no export.",
        }
        self.data = {
            "info": {
                "name": name,
                "description": "\n".join([note, *(f"- {change}" for change in self.changes)]),
                "schema": SCHEMA,
            },
            "item": _items(root),
            "auth": {
                "type": "apikey",
                "apikey": [
                    {"key": "key", "value": "x-api-key", "type": "string"},
                    {"key": "value", "value": f"{{{{{self._key}}}}}", "type": "string"},
                    {"key": "in", "value": "header", "type": "string"},
                ],
            },
            "variable": [key, *self._variables.values()],
        }

    def write(self) -> bytes:
        return json.dumps(self.data, ensure_ascii=False, indent=2).encode() + b"\n"

    def _into(self, root: "_Folder", record: Record) -> None:
        place = root
        for step in [step for step in record.folder.split("/") if step]:
            place = place.folders.setdefault(step, _Folder())
        place.requests.append(self._item(record))

    def _item(self, record: Record) -> dict[str, Any]:
        masked = without_markers(record.text, record.variables)
        self.changes += [f"{record.name}: a file stays here ({where})." for where in masked.places]
        declared = [*record.variables, *masked.added]
        names = self._declare(record, declared)
        self.changes += _words_told(record)
        address = f"{settings.SEGMIND_BASE_URL.rstrip('/')}/v{record.version}/{record.endpoint}"
        scheme, _, rest = address.partition("://")
        host, *path = rest.split("/")
        request: dict[str, Any] = {
            "method": "POST",
            "header": [{"key": "Content-Type", "value": "application/json"}],
            "body": {
                "mode": "raw",
                "raw": _with_names(masked.text, declared, names),
                "options": {"raw": {"language": "json"}},
            },
            "url": {"raw": address, "protocol": scheme, "host": host.split("."), "path": path},
        }
        if record.notes:
            request["description"] = record.notes
        return {"name": record.name, "request": request, "response": []}

    def _declare(self, record: Record, declared: Sequence[Variable]) -> dict[str, str]:
        """Our names and those of the collection, which has one list for all: of two that differ one is renamed."""
        names = {one.name: self._name(one, declared) for one in declared}
        for variable in declared:
            name = names[variable.name]
            if name != variable.name:
                self.changes.append(f"{record.name}: the variable {variable.name} is called {name}.")
            if name not in self._variables:
                row = self._variables[name] = _row(variable, name, names)
                self._folded.setdefault(name.casefold(), row)
        return names

    def _name(self, variable: Variable, declared: Sequence[Variable]) -> str:
        others = {one.name.casefold() for one in declared if one is not variable}
        said = (variable.name, variable.kind, variable.default)
        known = None if USE.search(variable.default or "") else self._named.get(said)
        if known is not None and known.casefold() not in others:
            return known
        name = variable.name
        while (
            name.casefold() in self._words
            or (name != variable.name and name.casefold() in others)
            or self._differs(variable, name)
        ):
            # The count goes on: a thousand payloads may have a variable of this name, each with its own default.
            self._numbers[variable.name] += 1
            name = f"{variable.name}_{self._numbers[variable.name] + 1}"
        self._named.setdefault(said, name)
        return name

    def _differs(self, variable: Variable, name: str) -> bool:
        there = self._folded.get(name.casefold())
        if there is None:
            return False
        # Defaults that name others would have to be compared with what those mean.
        row = _row(variable, name, {})
        parts = ("key", "type", "value")
        return bool(USE.search(variable.default or "")) or any(
            there.get(part) != row.get(part) for part in parts
        )


def _plain(record: Record) -> Iterable[str]:
    """What stands in double braces and is no variable here. Postman replaces it in all that it sends."""
    declared = {variable.name for variable in record.variables}
    texts = [record.text, *(variable.default or "" for variable in record.variables)]
    return (match[1] for text in texts for match in _ANY.finditer(text) if match[1] not in declared)


def _words_told(record: Record) -> list[str]:
    names = list(dict.fromkeys(_plain(record)))
    told = [
        f"{record.name}: {{{{{shown(name, 40)}}}}} is plain words here; Postman puts a value there if you have one "
        "of that name."
        for name in names[:MOST_NAMED]
    ]
    if len(names) > MOST_NAMED:
        told.append(f"{record.name}: so it is with {len(names) - MOST_NAMED} more names in double braces.")
    return told


def _free_key(records: Sequence[Record]) -> str:
    """A name for the receiver's key that no text can name, so that none takes the key along to somebody."""
    if any(_ANY.sub("", text).count("{") for one in records for text in _replaced(one)):
        # Postman replaces again and again: values that are halves of a name would put one together.
        return f"{KEY}_{secrets.token_hex(6)}"
    named = {
        match[0].casefold() for one in records for text in _texts(one) for match in _LIKE_KEY.finditer(text)
    }
    name, number = KEY, 1
    while name in named:
        number += 1
        name = f"{KEY}_{number}"
    return name


def _replaced(record: Record) -> Iterable[str]:
    yield from (place.inside for place in strings_in(record.text))
    yield from (one.default or "" for one in record.variables)


def _texts(record: Record) -> Iterable[str]:
    yield from (record.text, record.name, record.notes, record.folder)
    for one in record.variables:
        yield from (one.name, one.default or "", one.description)


def _row(variable: Variable, name: str, names: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {"key": name, "type": _TYPES.get(variable.kind, "string")}
    if variable.default is not None:
        default = USE.sub(lambda match: f"{{{{{names.get(match[1], match[1])}}}}}", variable.default)
        # Postman puts a value into the JSON as it is.
        row["value"] = default if variable.kind in BARE else json.dumps(default, ensure_ascii=False)[1:-1]
    if variable.description:
        row["description"] = variable.description
    return row


def _with_names(text: str, declared: Sequence[Variable], names: dict[str, str]) -> str:
    """The body with the collection's names. A whole value that is no text loses its quotes: so Postman sends it."""
    bare = {one.name for one in declared if one.kind in BARE}
    pieces, position = [], 0
    for place in strings_in(text):
        if place.is_name or "{{" not in place.inside:
            continue
        whole = USE.fullmatch(place.inside)
        put = USE.sub(lambda match: f"{{{{{names.get(match[1], match[1])}}}}}", place.inside)
        pieces += [text[position : place.start], put if whole and whole[1] in bare else f'"{put}"']
        position = place.end
    return "".join([*pieces, text[position:]])


def _items(place: _Folder) -> list[dict[str, Any]]:
    folders = [{"name": step, "item": _items(inner)} for step, inner in place.folders.items()]
    return [*folders, *place.requests]
