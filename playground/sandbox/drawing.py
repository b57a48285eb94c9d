"""Pictures from a prompt, a seed and a size: the same three give the same bytes for the same model."""

import hashlib
import io
import random
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from PIL import Image

from playground.sandbox import canvas, palettes, retouch, scenes
from playground.sandbox.catalogue import Model
from playground.sandbox.chance import chance
from playground.sandbox.product import Part

LEAST, MOST = 64, 2048
DRAWN = 1024
"""The longer side scenes are drawn at; larger pictures are enlarged before the grain."""

MOST_OUTPUTS = 4
CACHE_BYTES = 64 * 1024 * 1024
FORMATS = {"jpeg": "JPEG", "jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
NAMED_SIZES = {"512px": 512, "1k": 1024, "2k": 2048, "4k": 2048}
PAIR = re.compile(r"\s*(\d{1,5})\s*[x×*]\s*(\d{1,5})\s*")
RATIO = re.compile(r"\s*(\d{1,3})\s*:\s*(\d{1,3})\s*")


class Cache:
    """The pictures last asked for, up to a number of bytes; safe to share between threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, content: bytes) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = content
            self._bytes += len(content)
            while self._bytes > self._limit:
                self._bytes -= len(self._kept.popitem(last=False)[1])


_cache = Cache(CACHE_BYTES)


def pictures(
    model: Model, given: dict[str, Any], sent: dict[str, Any], seed: int, fetch: Callable[[str], bytes | None]
) -> list[Part]:
    """One part per picture asked for, by whichever parameter the model counts them with; four at most.

    `sent` is the body, `given` the body over the schema's defaults.
    """
    count = 1
    for name in ("samples", "max_images", "num_images", "num_outputs", "n"):
        if isinstance(given.get(name), int):
            count = max(1, min(MOST_OUTPUTS, given[name]))
    sources = retouch.inputs(given, fetch)
    prompt = str(given.get("prompt") or given.get("additional_prompt") or "")
    size = size_of(given, sent)
    kind = format_of(given)
    parts = []
    for index in range(count):
        recipe = repr(
            (model.slug, prompt, seed + index, size, kind, [hashlib.sha256(s).hexdigest() for s in sources])
        )
        key = hashlib.sha256(recipe.encode(errors="surrogatepass")).hexdigest()
        content = _cached(key, partial(_picture, model, prompt, size, kind, sources, key))
        parts.append(Part(content, f"image/{kind.lower()}"))
    return parts


def _cached(key: str, draw: Callable[[], bytes]) -> bytes:
    content = _cache.get(key)
    if content is None:
        content = draw()
        _cache.put(key, content)
    return content


def _picture(
    model: Model, prompt: str, size: tuple[int, int], kind: str, sources: list[bytes], key: str
) -> bytes:
    choice = chance(key)
    opened = retouch.open_all(sources)
    if opened:
        return encode(retouch.retouch(model.slug, opened, prompt, choice), kind)
    return encode(draw(prompt, size, choice), kind)


def draw(prompt: str, size: tuple[int, int], choice: random.Random) -> Image.Image:
    """An RGB picture of exactly this size."""
    scale = min(1.0, DRAWN / max(size))
    small = (max(16, round(size[0] * scale)), max(16, round(size[1] * scale)))
    palette = palettes.choose(prompt, choice)
    image = scenes.choose(prompt, choice)(small, palette, choice)
    image = canvas.vignette(image, choice.uniform(0.25, 0.55))
    if small != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    return canvas.grain(image, choice, choice.randint(5, 9))


def encode(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "JPEG":
        image.convert("RGB").save(out, "JPEG", quality=88)
    elif kind == "WEBP":
        image.save(out, "WEBP", quality=85, method=2)
    else:
        image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def format_of(given: dict[str, Any]) -> str:
    """Pillow's name of the format asked for; JPEG where none or an unknown one is."""
    for name in ("output_format", "image_format", "format"):
        wanted = given.get(name)
        if isinstance(wanted, str) and wanted.lower() in FORMATS:
            return FORMATS[wanted.lower()]
    return "JPEG"


SIZE_NAMES = (
    *(
        "size",
        "image_size",
        "output_resolution",
        "aspect_ratio",
        "width",
        "height",
        "img_width",
        "img_height",
    ),
)


def size_of(given: dict[str, Any], sent: dict[str, Any]) -> tuple[int, int]:
    """Width and height, each from 64 to 2048. A size that was sent counts before the schema's defaults."""
    explicit = {name: value for name, value in sent.items() if name in SIZE_NAMES and value is not None}
    return _size(explicit or given)


def _size(given: dict[str, Any]) -> tuple[int, int]:
    pair = PAIR.fullmatch(str(given.get("size") or given.get("image_size") or ""))
    if pair:
        return _bounded(int(pair[1])), _bounded(int(pair[2]))
    named = NAMED_SIZES.get(str(given.get("size") or given.get("output_resolution") or "").lower())
    side = named or 1024
    ratio = RATIO.fullmatch(str(given.get("aspect_ratio") or ""))
    if ratio and int(ratio[1]) and int(ratio[2]):
        across, down = int(ratio[1]), int(ratio[2])
        scale = side / max(across, down)
        return _bounded(_even(across * scale)), _bounded(_even(down * scale))
    width = _whole(given, "width", "img_width") or side
    height = _whole(given, "height", "img_height") or side
    return _bounded(width), _bounded(height)


def _even(value: float) -> int:
    return round(value / 8) * 8


def _whole(given: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = given.get(name)
        if isinstance(value, bool):
            continue
        if isinstance(value, (int, float)) or (isinstance(value, str) and value.isdigit()):
            try:
                return int(value)
            except (ValueError, OverflowError):
                continue
    return None


def _bounded(value: int) -> int:
    return max(LEAST, min(MOST, value))
