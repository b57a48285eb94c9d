"""Exports as a zip: the rows as CSV or JSON lines, and a manifest that says what they are and proves them.

A zip is written while it is read, so that an export of a year costs no more memory than one of a day.
"""

import csv
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

Value = str | int | bool | Decimal | datetime | date | uuid.UUID | None
# The first characters that a spreadsheet takes for the beginning of a formula.
_DEFUSED = ("=", "+", "-", "@", "\t", "\r", "\n")
LEVEL = 6


def as_text(value: Value) -> str:
    """Amounts with all their digits, times with their zone; nothing for what is not known."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def cell(value: Value) -> str:
    """A cell that no spreadsheet takes for a formula; amounts and numbers stay as they are."""
    text = as_text(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_DEFUSED) else text


def csv_lines(rows: Iterable[Sequence[Value]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue().encode()


def json_line(row: Mapping[str, Value]) -> bytes:
    """One object. Amounts are texts, so that no reader rounds them; what is not known is null."""
    plain = {
        name: value if value is None or isinstance(value, bool | int) else as_text(value)
        for name, value in row.items()
    }
    return json.dumps(plain, ensure_ascii=False).encode() + b"\n"


class _Pipe(io.RawIOBase):
    """Where a zip is written to: it keeps what was written until it is taken, and cannot go back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def zipped(
    pieces: Iterator[bytes], *, suffix: str, about: Callable[[], Mapping[str, Any]]
) -> Iterator[bytes]:
    """A zip of ``rows.<suffix>``, made of ``pieces``, and ``manifest.json``.

    ``about`` is asked after the last piece, so that it can name totals of exactly the rows that were written. The
    manifest adds the file's name, size and SHA-256.
    """
    pipe, digest, size = _Pipe(), hashlib.sha256(), 0
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as file:
        rows = _entry(f"rows.{suffix}")
        with file.open(rows, "w", force_zip64=True) as opened:
            for piece in pieces:
                opened.write(piece)
                digest.update(piece)
                size += len(piece)
                yield pipe.take()
        proof = {"file": rows.filename, "bytes": size, "sha256": digest.hexdigest()}
        manifest = {**about(), **proof}
        file.writestr(_entry("manifest.json"), json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
    yield pipe.take()


def bundled(
    files: Iterable[tuple[str, Iterator[bytes]]], *, about: Callable[[], Mapping[str, Any]]
) -> Iterator[bytes]:
    """A zip of files as (name, pieces), and ``manifest.json``, which ``about`` makes after the last of them.

    Files are not packed tighter: pictures and films are packed already.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w") as made:
        for name, pieces in files:
            with made.open(_entry(name, packed=False), "w", force_zip64=True) as opened:
                for piece in pieces:
                    opened.write(piece)
                    yield pipe.take()
        made.writestr(_entry("manifest.json"), json.dumps(about(), ensure_ascii=False, indent=2) + "\n")
    yield pipe.take()


def _entry(name: str, *, packed: bool = True) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
    made.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    made.external_attr = 0o600 << 16
    return made
