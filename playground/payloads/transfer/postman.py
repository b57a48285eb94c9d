"""A Postman Collection, v2.0 or v2.1, as payloads. Nothing of it is run, and no key in it is kept."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from playground.payloads.pasted import provider_hosts
from playground.payloads.secrets import find_secrets
from playground.payloads.transfer.bodies import read_body
from playground.payloads.transfer.records import (
    LONGEST_WORDS,
    MOST_ENTRIES,
    Found,
    Record,
    TransferProblem,
    check_count,
    shown,
)
from playground.payloads.transfer.requests import (
    Auth,
    has_scripts,
    inherited,
    key_places,
    left_out,
    model_of,
    notes_of,
    raw_body,
)
from playground.payloads.transfer.scope import Scope, described

DEEPEST = 30
MOST_LOOKED_AT = 200_000  # characters of a collection's own variables
_END = object()
_SCHEMA = re.compile(r"/collection/v(\d+)(?:\.(\d+))?")
_VALUES = "It is a Postman environment. Export the collection; its variables that have a value come along."
_ALL = "It is a whole Postman backup. Export one collection at a time, as Collection v2.1."
_OLD = "It is a Postman collection in the old format v1. In Postman, export it again as Collection v2.1."


def looks_like_postman(whole: dict[str, Any]) -> bool:
    return bool(
        {"item", "info", "requests", "collection", "collections", "_postman_variable_scope"} & whole.keys()
    )


def read_collection(whole: dict[str, Any], source: str) -> list[Found]:
    """A finding for each request, and for each folder and the collection itself where they leave something behind.

    Raises TransferProblem for more requests than go at once.
    """
    try:
        collection = _collection(whole)
    except TransferProblem as problem:
        return [Found(source, reason=str(problem))]
    scope = Scope(collection.get("variable"))
    outer = _Place((), (), inherited(collection.get("auth"), "the collection", None), scope)
    entries = list(islice(_entries(collection["item"], outer), MOST_ENTRIES + 1))
    if len(entries) > MOST_ENTRIES:
        raise TransferProblem(f"These are more than {MOST_ENTRIES} folders and requests. Split it up.")
    check_count(sum(1 for entry, _ in entries if not _is_folder(entry)))
    found = [_read(entry, place) for entry, place in entries]
    rest = _of_collection(collection, scope, source)
    return [one for one in (*found, rest) if one is not None]


def _collection(whole: dict[str, Any]) -> dict[str, Any]:
    if isinstance(whole.get("collection"), dict):
        whole = whole["collection"]  # as Postman's own interface answers
    if "_postman_variable_scope" in whole:
        raise TransferProblem(_VALUES)
    if isinstance(whole.get("collections"), list):
        raise TransferProblem(_ALL)
    if "requests" in whole and "item" not in whole:
        raise TransferProblem(_OLD)
    info = whole.get("info")
    schema = info.get("schema") if isinstance(info, dict) else None
    version = _SCHEMA.search(schema) if isinstance(schema, str) else None
    if version is not None and version[1] in ("0", "1"):
        raise TransferProblem(_OLD)
    if version is not None and version[1] != "2":
        raise TransferProblem(f"Its format v{version[1]} is not known here. Export it as Collection v2.1.")
    if not isinstance(whole.get("item"), list):
        raise TransferProblem("It is a broken collection: it has no list of items.")
    return whole


@dataclass(frozen=True, slots=True)
class _Place:
    """What an item inherits from the folders around it. ``shown`` are their names as a report repeats them."""

    folders: tuple[str, ...]
    shown: tuple[str, ...]
    auth: Auth | None
    scope: Scope


def _entries(items: list[Any], outer: _Place) -> Iterator[tuple[Any, _Place]]:
    """Every folder and request in the order of the collection, without recursion: folders may be nested deeply."""
    waiting = [(iter(items), outer)]
    while waiting:
        entries, place = waiting[-1]
        entry: Any = next(entries, _END)
        if entry is _END:
            waiting.pop()
            continue
        yield entry, place
        if _is_folder(entry) and not _why_closed(entry, place):
            # Once for each folder: many requests may stand in one, and looking at a name takes time.
            label = shown(_name(entry), 60)
            inner = _Place(
                (*place.folders, _name(entry)),
                (*place.shown, label),
                inherited(entry.get("auth"), f"the folder {label}", place.auth),
                place.scope.inside(entry.get("variable")),
            )
            waiting.append((iter(entry["item"]), inner))


def _is_folder(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("item"), list)


def _why_closed(folder: dict[str, Any], place: _Place) -> str:
    """Why nothing of a folder is taken; empty for one that is opened."""
    if len(place.folders) >= DEEPEST:
        return f"This folder is nested more than {DEEPEST} deep, so what is in it was left out."
    if len(_name(folder)) > LONGEST_WORDS:
        return f"Its name has more than {LONGEST_WORDS} characters, so what is in it was left out."
    return ""


def _name(entry: dict[str, Any]) -> str:
    name = entry.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else "unnamed"


def _read(item: Any, place: _Place) -> Found | None:
    """What becomes of it; None for a folder that leaves nothing behind."""
    name = _name(item) if isinstance(item, dict) else "unnamed"
    found = Found(" / ".join((*place.shown, shown(name, 60))))
    if _is_folder(item):
        found.reason = _of_folder(item, place)
        return found if found.reason else None
    if not isinstance(item, dict) or "request" not in item:
        found.reason = "It is neither a request nor a folder."
        return found
    try:
        _take(item, place, found)
    except TransferProblem as problem:
        found.drop(str(problem))
    return found


def _of_folder(folder: dict[str, Any], place: _Place) -> str:
    if why := _why_closed(folder, place):
        return why
    parts = ["its description"] if described(folder.get("description")) else []
    parts += ["its scripts"] if has_scripts(folder) else []
    return f"Left out of the folder itself: {', '.join(parts)}." if parts else ""


def _take(item: dict[str, Any], place: _Place, found: Found) -> None:
    if len(_name(item)) > LONGEST_WORDS:
        raise TransferProblem(f"Its name has more than {LONGEST_WORDS} characters.")
    request = item["request"]
    scope = place.scope.inside(item.get("variable"))
    auth = inherited(request.get("auth"), "the request", place.auth) if isinstance(request, dict) else None
    places = key_places(request, auth, scope) if isinstance(request, dict) else []
    found.holds_key = bool(places)
    endpoint, version, changes = model_of(request, scope, provider_hosts())
    body = read_body(raw_body(request), scope)
    found.holds_key |= body.holds_key
    if places:
        found.remarks.append(f"Its key is left out ({', '.join(places)}); runs use a key of the key store.")
    found.changes += [*changes, *body.changes]
    found.remarks += [*body.remarks, *left_out(item, request, scope)]
    steps = [step.replace("/", "-").replace("\\", "-") for step in place.folders]
    if tuple(steps) != place.folders:
        found.changes.append("The / in the name of a folder is a - now.")
    found.record = Record(
        name=_name(item),
        endpoint=endpoint,
        version=version,
        text=body.text,
        folder="/".join(steps),
        notes=notes_of(item, request),
        variables=tuple(body.variables),
    )


def _of_collection(collection: dict[str, Any], scope: Scope, source: str) -> Found | None:
    """What no payload takes along; None where that is nothing."""
    unused = [name for name, _ in scope if name not in scope.met]
    names = ", ".join(shown(name, 40) for name in unused[:20]) + (" and more" if len(unused) > 20 else "")
    parts = [f"variables that no request uses: {names}"] if unused else []
    info = collection.get("info")
    if isinstance(info, dict) and described(info.get("description")):
        parts.append("its description")
    if has_scripts(collection):
        parts.append("its scripts")
    if not parts:
        return None
    found = Found(f"{source}: the collection itself", reason=f"Left out: {'; '.join(parts)}.")
    found.holds_key = bool(find_secrets(json.dumps(_first_values(scope))))
    return found


def _first_values(scope: Scope) -> dict[str, str]:
    """Values by name, as many as may be looked at for a report. None of those that are left out is kept anyway."""
    values, left = {}, MOST_LOOKED_AT
    for name, given in scope:
        left -= len(name) + len(given.value or "")
        if left < 0:
            break
        if given.value:
            values[name] = given.value
    return values
