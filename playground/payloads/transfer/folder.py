"""Payloads as a folder of JSON files that a diff reads well: one file for each, its body as the person wrote it.

A file begins with what is said about the payload and ends with ``body``, whose value is the exact text. File names are
for people; what counts is inside. The zip is the same bytes whenever it holds the same payloads.
"""

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from playground.payloads.transfer.records import Found, Record, TransferProblem, record_of, shown

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+')
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE
)
_SPACE = re.compile(r"[ \t\r\n]*+")
_END = "\n}\n"
LONGEST = 120  # bytes of one step of a path
MOST_STEPS = 12


def write_zip(records: Iterable[Record]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, record in sorted(named(records).items()):
            entry = zipfile.ZipInfo(path)  # of 1980: the time of writing would change the bytes
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, write(record))
    return made.getvalue()


def write(record: Record) -> bytes:
    about = json.dumps(record.about(), ensure_ascii=False, indent=2).removesuffix("\n}")
    return f'{about},\n  "body": {record.text}{_END}'.encode()


def named(records: Iterable[Record]) -> dict[str, Record]:
    """Each with a path that every file system takes. Of two that clash, the older keeps the plain name."""
    found: dict[str, Record] = {}
    taken: set[str] = set()
    ordered = sorted(records, key=lambda one: (one.id, one.folder, one.name))
    folders = {
        record.folder: [step(part) for part in record.folder.split("/") if part][:MOST_STEPS]
        for record in ordered
    }
    for steps in folders.values():
        # No file stands where a folder has to.
        taken |= {"/".join(steps[:count]).casefold() for count in range(1, len(steps) + 1)}
    for record in ordered:
        steps, name, tried = folders[record.folder], step(record.name), 0
        while (path := "/".join([*steps, f"{name}.json"])).casefold() in taken:
            tried += 1
            # The end of the id: unlike a count, it stays when others come and go.
            suffix = record.id.replace("-", "")[-6:] if tried == 1 and record.id else str(tried + 1)
            name = f"{step(record.name)}~{suffix}"
        taken.add(path.casefold())
        found[path] = record
    return found


def step(name: str) -> str:
    """One step of a path from any name."""
    plain = _FORBIDDEN.sub("-", unicodedata.normalize("NFC", name))
    plain = plain.encode()[:LONGEST].decode(errors="ignore").strip(" .-")
    if not plain:
        return "unnamed"
    return f"_{plain}" if _RESERVED.fullmatch(plain) else plain


def read(text: str, path: str) -> Found:
    """One file. ``path`` is where it stands, as the report names it."""
    try:
        about, inner = _parts(text)
        record = record_of(about, inner)
    except TransferProblem as problem:
        return Found(path, reason=str(problem))
    return Found(f"{path}: {shown(record.name)}", record)


def _parts(text: str) -> tuple[Mapping[str, Any], str]:
    """The members before the body, and the body's exact text."""
    text = text.removeprefix("\ufeff")
    about: dict[str, Any] = {}
    inner = None
    try:
        for name, start, end, value in _members(text):
            if name in about or (name == "body" and inner is not None):
                raise TransferProblem(f"“{shown(name)}” stands twice in it.")
            if name == "body":
                inner = _exact(text, start, end)
            else:
                about[name] = value
    except TransferProblem:
        raise
    except RecursionError:
        raise TransferProblem("It is nested too deeply.") from None
    except (ValueError, IndexError, StopIteration):
        raise TransferProblem("It is not valid JSON.") from None
    if inner is None:
        raise TransferProblem("It is not a payload of an export: it has no “body”.")
    return about, inner


def _members(text: str) -> Iterator[tuple[str, int, int, Any]]:
    """Name, place of the value and value of each member of the object that ``text`` is."""
    decoder = json.JSONDecoder(parse_int=_number)
    at = _skip(text, 0)
    if text[at] != "{":
        raise TransferProblem("It is not a payload of an export: it is no JSON object.")
    at = _skip(text, at + 1)
    while text[at] != "}":
        if text[at] != '"':
            raise ValueError(text[at])
        name, at = scanstring(text, at + 1, True)
        at = _skip(text, at)
        if text[at] != ":":
            raise ValueError(text[at])
        start = at + 1
        value, end = decoder.raw_decode(text, _skip(text, start))
        yield name, start, end, value
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
            if text[at] == "}":
                raise ValueError("}")
        elif text[at] != "}":
            raise ValueError(text[at])
    if text[at + 1 :].strip():
        raise ValueError(text[at + 1 :])


def _number(digits: str) -> int | str:
    # Of the body's numbers only the text counts, and there is no end to their length.
    return int(digits) if len(digits) < 19 else digits


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _exact(text: str, start: int, end: int) -> str:
    """The value with the spaces around it that were the person's; those of the file are left off."""
    start += text.startswith(" ", start)
    if text.endswith(_END) and not text[end:].strip(" \t\r\n}") and text[end:].count("}") == 1:
        return text[start : -len(_END)]
    return text[_skip(text, start) : end]
