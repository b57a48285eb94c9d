"""Stored bytes to the browser: with a type from a fixed list, in a sandbox, in ranges.

What the provider returned is hostile. Only pictures, video, sound, JSON and plain text keep their type; everything
else, SVG, HTML and XML above all, is a download of unknown type.
"""

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header

from playground.ledger.streaming import PiecewiseResponse
from playground.runs.models import File

PIECE = 256 * 1024
DOWNLOAD = "application/octet-stream"
INLINE = frozenset(
    {
        "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif",
        "video/mp4", "video/webm", "video/quicktime",
        "audio/mpeg", "audio/wav", "audio/ogg", "audio/flac", "audio/mp4", "audio/aac", "audio/webm",
        "application/json", "text/plain", "text/plain; charset=utf-8",
    }
)  # fmt: skip
# A browser shows a bare picture or video in a page of its own making: it needs its own styles and the file itself.
POLICY = "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "audio/mpeg": ".mp3",
    "text/plain": ".txt",
    "audio/wav": ".wav",
    "image/webp": ".webp",
    "image/avif": ".avif",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes in the media store: ``tag`` names their content."""

    name: str
    size: int
    media_type: str
    tag: str


class Unsatisfiable(ValueError):
    """The wanted range begins after the last byte."""


def serve(
    request: HttpRequest, file: File, *, download: bool = False, thumbnail: bool = False
) -> HttpResponseBase:
    """The answer with ``file``'s bytes. The caller has checked the access.

    Answers 304, 206 or 416 where the request asks for it, and 404 when the bytes are gone from the store.
    """
    stored = _thumbnail_of(file) if thumbnail and file.thumbnail_name else _original(file)
    if stored is None:
        return HttpResponse(
            "The bytes of this file are gone.", status=404, content_type="text/plain; charset=utf-8"
        )
    tag = f'"{stored.tag}"'
    inline = stored.media_type in INLINE and not download
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponseBase = HttpResponse(status=304)
    else:
        response = _ranged(request, stored, tag)
        response["Content-Type"] = stored.media_type if stored.media_type in INLINE else DOWNLOAD
        disposition = content_disposition_header(not inline, _file_name(file, stored))
        if disposition:
            response["Content-Disposition"] = disposition
    response["ETag"] = tag
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _original(file: File) -> Stored | None:
    if not default_storage.exists(file.storage_name):
        return None
    return Stored(file.storage_name, file.size, file.media_type, file.sha256)


def _thumbnail_of(file: File) -> Stored | None:
    if not default_storage.exists(file.thumbnail_name):
        return _original(file)
    return Stored(
        file.thumbnail_name, default_storage.size(file.thumbnail_name), "image/webp", f"{file.sha256}-thumb"
    )


def _file_name(file: File, stored: Stored) -> str:
    if file.name:
        return file.name
    return f"{file.kind}-{file.sha256[:12]}{suffix_of(stored.media_type)}"


def suffix_of(media_type: str) -> str:
    """``.png`` and so on; ``.bin`` for what no list knows."""
    bare = media_type.partition(";")[0]
    return _EXTENSIONS.get(bare) or (mimetypes.guess_extension(bare) if bare != DOWNLOAD else "") or ".bin"


def _ranged(request: HttpRequest, stored: Stored, tag: str) -> HttpResponseBase:
    try:
        part = _wanted(request, stored.size, tag)
    except Unsatisfiable:
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{stored.size}"
        return response
    start, end = part or (0, stored.size - 1)
    length = end - start + 1
    if request.method == "HEAD":
        response = HttpResponse(status=206 if part else 200)
    else:
        response = PiecewiseResponse(pieces(stored.name, start, length), status=206 if part else 200)
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    if part:
        response["Content-Range"] = f"bytes {start}-{end}/{stored.size}"
    return response


def _wanted(request: HttpRequest, size: int, tag: str) -> tuple[int, int] | None:
    """(first, last) byte of a single range; None for the whole. Several ranges or an odd header mean the whole."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    condition = request.headers.get("If-Range")
    if match is None or (condition is not None and condition != tag) or match.group() == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size - 1
    start, end = int(first), int(last) if last else size - 1
    if start >= size:
        raise Unsatisfiable
    return None if end < start else (start, min(end, size - 1))


def pieces(name: str, start: int, length: int) -> Iterator[bytes]:
    """``length`` bytes of a stored file from ``start`` on, a little at a time."""
    with default_storage.open(name) as stored:
        stored.seek(start)
        while length > 0 and (piece := stored.read(min(PIECE, length))):
            length -= len(piece)
            yield piece
