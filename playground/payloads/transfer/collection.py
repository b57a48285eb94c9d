"""Payloads as a Postman Collection v2.1. The key is a variable, and what Postman has no place for is named."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from playground.payloads.transfer.masking import without_markers
from playground.payloads.transfer.records import Record
from playground.payloads.variables import BARE, USE, Kind, Variable, strings_in

KEY = "segmind_api_key"
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
        # A name that stands as plain words anywhere would be replaced there, too.
        self._words = {KEY.casefold()} | {name.casefold() for one in records for name in _plain(one)}
        root = _Folder()
        for record in records:
            self._into(root, record)
        note = f"Made by Atelier. A Postman collection has no place for {NOT_KEPT}."
        key = {
            "key": KEY,
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
                    {"key": "value", "value": f"{{{{{KEY}}}}}", "type": "string"},
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
            self._variables.setdefault(name, _row(variable, name, names))
        return names

    def _name(self, variable: Variable, declared: Sequence[Variable]) -> str:
        others = {one.name.casefold() for one in declared if one is not variable}
        name, number = variable.name, 1
        while (
            name.casefold() in self._words
            or (number > 1 and name.casefold() in others)
            or self._differs(variable, name)
        ):
            number += 1
            name = f"{variable.name}_{number}"
        return name

    def _differs(self, variable: Variable, name: str) -> bool:
        there = next((row for key, row in self._variables.items() if key.casefold() == name.casefold()), None)
        if there is None:
            return False
        # Defaults that name others would have to be compared with what those mean.
        row = _row(variable, name, {})
        parts = ("key", "type", "value")
        return bool(USE.search(variable.default or "")) or any(
            there.get(part) != row.get(part) for part in parts
        )


def _plain(record: Record) -> Iterable[str]:
    declared = {variable.name for variable in record.variables}
    texts = [record.text, *(variable.default or "" for variable in record.variables)]
    return (match[1] for text in texts for match in USE.finditer(text) if match[1] not in declared)


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
