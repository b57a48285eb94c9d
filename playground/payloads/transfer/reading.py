"""Takes in what a person uploads: tells its kind by what it holds, and never trusts a size or a path in it."""

import io
import json
import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from playground import figures
from playground.payloads.transfer import folder, jsonl
from playground.payloads.transfer.postman import looks_like_postman, read_collection
from playground.payloads.transfer.records import (
    MOST_BYTES,
    MOST_ENTRIES,
    Found,
    TransferProblem,
    check_count,
    shown,
)

_IGNORED = ("__MACOSX/", ".git/")
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error, ValueError,
)  # fmt: skip
# The others give out all that a block holds, whatever was asked of them.
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class Upload(Protocol):
    """What is needed of Django's uploaded file: nothing of it is read before its size is known."""

    name: str | None
    size: int | None

    def read(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Source:
    """One text with the name of the file it came from, or why there is none."""

    name: str
    text: str = ""
    problem: str = ""


def read(upload: Upload) -> list[Found]:
    """Everything that is in the file. Raises TransferProblem where it cannot be read as a whole."""
    _check_size(upload.size or 0)
    found = [one for source in _texts_of(upload) for one in _read_source(source)]
    if not found:
        raise TransferProblem("There is nothing in it.")
    check_count(sum(1 for one in found if one.record is not None))
    return found


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise TransferProblem(
            f"This is {figures.size(size)}, so it was not read; at most {figures.size(MOST_BYTES)} can be imported "
            "at once. Export fewer folders at a time, or leave saved answers out."
        )


def _texts_of(upload: Upload) -> Iterable[Source]:
    name, data = shown(upload.name or "file"), upload.read()
    if data.startswith(b"PK"):
        return _unzipped(name, data)
    return [_source(name, data)]


def _source(name: str, data: bytes) -> Source:
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Source(
            name,
            problem=f"It is not UTF-8 text (byte {error.start + 1}). Save it as UTF-8 and choose it again.",
        )


def _unzipped(name: str, data: bytes) -> Iterator[Source]:
    """The JSON files of an archive. Sizes count what really comes out, whatever the archive says."""
    left = MOST_BYTES
    seen: set[str] = set()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise TransferProblem(f"{name} holds {len(entries)} files; the most is {MOST_ENTRIES}.")
            if sum(entry.compress_size for entry in entries) > len(data):
                raise TransferProblem(f"{name} says that it holds more than it does. Pack the folder again.")
            for entry in entries:
                if entry.is_dir() or _is_ignored(entry.filename):
                    continue
                path = f"{name}: {shown(entry.filename, 160)}"
                _check_entry(entry, path, seen)
                with archive.open(entry) as opened:
                    inner = opened.read(left + 1)
                left -= len(inner)
                if left < 0:
                    raise TransferProblem(
                        f"{name} unpacks to more than {figures.size(MOST_BYTES)}, "
                        "which is the most that can be imported at once."
                    )
                yield _source(path, inner)
    except TransferProblem:
        raise
    except _DAMAGE:
        raise TransferProblem(f"{name} is damaged or packed in a way that cannot be read.") from None


def _is_ignored(path: str) -> bool:
    base = posixpath.basename(path)
    return base.startswith(".") or any(path.startswith(one) or f"/{one}" in path for one in _IGNORED)


def _check_entry(entry: zipfile.ZipInfo, path: str, seen: set[str]) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise TransferProblem(f"{path} is encrypted. Pack the folder without a password.")
    if entry.compress_type not in _PACKINGS:
        raise TransferProblem(f"{path} is packed in an unusual way. Pack the folder as an ordinary zip.")
    plain = entry.orig_filename.replace("\\", "/")
    if plain.startswith("/") or plain[1:2] == ":" or ".." in plain.split("/") or "\x00" in plain:
        raise TransferProblem(f"{path} leads out of the archive. Nothing was taken from it.")
    if plain in seen:
        raise TransferProblem(f"{path} stands twice in the archive. Nothing was taken from it.")
    seen.add(plain)


def _read_source(source: Source) -> list[Found]:
    try:
        return _read_text(source)
    except RecursionError:
        # What could just be parsed may still be too deep for what is done with it.
        return [Found(source.name, reason="It is nested too deeply.")]


def _read_text(source: Source) -> list[Found]:
    """A collection, a file of an exported folder, or lines of JSON."""
    text = source.text
    if source.problem or not text.strip():
        return [Found(source.name, reason=source.problem or "It is empty.")]
    try:
        whole = json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        whole = None
        if not _has_lines(text):
            return [Found(source.name, reason=_why(source, error))]
    except ValueError:
        return [Found(source.name, reason="It is not JSON that can be read.")]
    if whole is None:
        return jsonl.read(text, source.name)
    if not isinstance(whole, dict):
        return [Found(source.name, reason="It is JSON, but neither a collection nor an exported payload.")]
    if isinstance(whole.get("text"), str) and "item" not in whole:
        return [jsonl.read_line(text, source.name)]
    if "body" in whole and "item" not in whole:
        return [folder.read(text, source.name)]
    if looks_like_postman(whole):
        return read_collection(whole, source.name)
    return [Found(source.name, reason="It is JSON, but neither a collection nor an exported payload.")]


def _has_lines(text: str) -> bool:
    """Whether its first line is JSON by itself, which is what JSONL is."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    try:
        return isinstance(json.loads(first, parse_int=str), dict)
    except (ValueError, RecursionError):
        return False


def _why(source: Source, error: json.JSONDecodeError) -> str:
    if not source.name.endswith((".json", ".jsonl")) and source.text.lstrip()[:1] not in ("{", "["):
        return "It is no JSON, so it was left out."
    return f"It is not valid JSON: line {error.lineno}, column {error.colno}."
