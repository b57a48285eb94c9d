"""Files that are made while they are downloaded."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from playground.ledger import archive
from playground.ledger.streaming import PiecewiseResponse


def plain(pieces: Iterator[bytes], *, name: str, media_type: str) -> PiecewiseResponse:
    response = PiecewiseResponse(pieces, uses_database=True, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def packed(
    pieces: Iterator[bytes], *, name: str, suffix: str, about: Callable[[], Mapping[str, Any]]
) -> PiecewiseResponse:
    """A zip of the rows and their manifest, called ``<name>.zip``."""
    made = archive.zipped(pieces, suffix=suffix, about=about)
    return plain(made, name=f"{name}.zip", media_type="application/zip")
