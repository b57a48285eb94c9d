"""Result files and uploads: public, unguessable, no key asked; results go after seven days."""

import base64
import hashlib
import re
import secrets
from datetime import datetime
from pathlib import Path

from playground.sandbox.books import Record
from playground.sandbox.clock import stamp
from playground.sandbox.state import StoredFile

DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w-]+=[^;,]*)*)(;base64)?,", re.ASCII)

EXTENSIONS = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "model/gltf-binary": "glb",
    "application/json": "json",
    "application/pdf": "pdf",
}


class NotDataUri(ValueError):
    """The text is no data URI that can be decoded."""


def decode_data_uri(text: str) -> tuple[str, bytes]:
    """Content type and bytes of a data URI. Raises NotDataUri."""
    match = DATA_URI.match(text)
    if match is None:
        raise NotDataUri("not a data URI")
    try:
        return match[1] or "text/plain", base64.b64decode(text[match.end() :], validate=False)
    except ValueError as broken:
        raise NotDataUri(str(broken)) from broken


class FileStore:
    """Bytes by their hash under one folder, so that the same picture made twice is stored once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256

    def put(self, content: bytes) -> str:
        """Store bytes, return their sha256 in hex."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if not path.exists():
            part = path.with_name(f"{digest}.{secrets.token_hex(4)}.part")
            part.write_bytes(content)
            part.replace(path)
        return digest

    def read(self, sha256: str) -> bytes:
        return self.path(sha256).read_bytes()

    def purge(self, kept: set[str]) -> None:
        """Delete every file whose hash is not in `kept`."""
        for path in self.folder.iterdir():
            if path.name not in kept:
                path.unlink(missing_ok=True)


def entry(sha256: str, content_type: str, size: int, expires: datetime | None, *, folder: str = "") -> Record:
    """What the books keep of a new public file, under a name nobody can guess."""
    extension = EXTENSIONS.get(content_type, "bin")
    return {
        "name": f"{folder}{secrets.token_hex(16)}.{extension}",
        "sha256": sha256,
        "content_type": content_type,
        "size": size,
        "expires": stamp(expires) if expires else None,
    }


def alive(file: StoredFile | None, now: datetime) -> bool:
    return file is not None and (file.expires is None or file.expires > now)
