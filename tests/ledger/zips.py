"""Reads an export as whoever receives it would: from the zip alone."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any, cast

from django.http import StreamingHttpResponse

from tests.personas import Persona


def fetch(persona: Persona, path: str) -> zipfile.ZipFile:
    response = persona.client().get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert response["Cache-Control"] == "no-store"
    pieces = cast(Iterable[bytes], cast(StreamingHttpResponse, response).streaming_content)
    return zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


def unpack(found: zipfile.ZipFile) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(manifest, rows), with the hash and the number of rows checked."""
    assert found.testzip() is None
    manifest = json.loads(found.read("manifest.json"))
    data = found.read(manifest["file"])
    assert sorted(found.namelist()) == sorted(["manifest.json", manifest["file"]])
    assert hashlib.sha256(data).hexdigest() == manifest["sha256"]
    assert len(data) == manifest["bytes"]
    text = data.decode()
    if manifest["file"].endswith(".csv"):
        rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(text)))
    else:
        rows = [json.loads(line) for line in text.splitlines()]
    assert len(rows) == manifest["rows"]
    return manifest, rows
