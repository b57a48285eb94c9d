"""The kind of a body and the type under which it may be served."""

from enum import StrEnum


class Kind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    JSON = "json"
    TEXT = "text"
    HTML = "html"
    BINARY = "binary"
    EMPTY = "empty"


_MEDIA = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO)
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_NAMES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-aac": "audio/aac",
    "video/x-m4v": "video/mp4",
}
_SAFE = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "video/mp4",
        "video/webm",
        "video/quicktime",
        "audio/mpeg",
        "audio/wav",
        "audio/ogg",
        "audio/flac",
        "audio/mp4",
        "audio/aac",
        "audio/webm",
    }
)
DOWNLOAD_TYPE = "application/octet-stream"


def sniff(head: bytes) -> str:
    """The media type that the first bytes prove, or an empty text."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "audio/mpeg"
    return ""


def _bare(content_type: str | None) -> str:
    name = (content_type or "").partition(";")[0].strip().lower()
    return _NAMES.get(name, name)


def looks_like_markup(head: bytes) -> bool:
    return (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64]
        .lower()
        .startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<svg", b"<?xml"))
    )


def _claimed(bare: str) -> Kind | None:
    major = bare.partition("/")[0]
    if bare in ("text/html", "application/xhtml+xml"):
        return Kind.HTML
    if bare.endswith(("+xml", "/xml")):
        return Kind.BINARY
    if major in _MEDIA:
        return Kind(major)
    if bare in ("application/json", "text/json") or bare.endswith("+json"):
        return Kind.JSON
    return Kind.TEXT if major == "text" else None


def _by_bytes(head: bytes) -> Kind:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in (b"{", b"["):
        return Kind.JSON
    if looks_like_markup(head):
        return Kind.HTML
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as exc:
        if exc.start < len(head) - 4:
            return Kind.BINARY
    return Kind.BINARY if b"\x00" in head else Kind.TEXT


def classify(content_type: str | None, head: bytes) -> Kind:
    """The kind of a body: Content-Type first, first bytes second, the status never.

    The bytes overrule a type only where they contradict it outright: a known media signature wins over any
    type, and JSON or markup under a media type is JSON or HTML. SVG and XML count as binary: to download
    only.
    """
    if not head:
        return Kind.EMPTY
    if proven := sniff(head):
        return Kind(proven.partition("/")[0])
    claim = _claimed(_bare(content_type))
    if claim is None:
        return _by_bytes(head)
    if claim in _MEDIA and (seen := _by_bytes(head)) in (Kind.JSON, Kind.HTML):
        return seen
    return claim


def media_type(kind: Kind, content_type: str | None, head: bytes) -> str:
    """The type to serve a body under, from a fixed list; application/octet-stream for anything else."""
    if kind is Kind.JSON:
        return "application/json"
    if kind is Kind.TEXT:
        return "text/plain; charset=utf-8"
    if kind not in _MEDIA:
        return DOWNLOAD_TYPE
    for name in (sniff(head), _bare(content_type)):
        if name in _SAFE and name.startswith(f"{kind}/"):
            return name
    return DOWNLOAD_TYPE
