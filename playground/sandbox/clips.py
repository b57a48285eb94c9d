"""The bundled clips: one is chosen by the seed. media/README.md says how they were made."""

import functools
from pathlib import Path

from playground.sandbox.product import Part

MEDIA = Path(__file__).resolve().parent / "media"


@functools.cache
def _load(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(MEDIA.glob(pattern))]


def video(seed: int) -> Part:
    found = _load("*.mp4")
    return Part(found[seed % len(found)], "video/mp4")


def music(seed: int) -> Part:
    found = _load("*.mp3")
    return Part(found[seed % len(found)], "audio/mpeg")
