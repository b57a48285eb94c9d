"""Image to image: what was sent is graded, masked or enlarged; nothing here pretends to understand it."""

import base64
import io
import random
import warnings
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from playground.sandbox import canvas, palettes
from playground.sandbox.files import NotDataUri, decode_data_uri

MOST_INPUTS = 4
MOST_PIXELS = 40_000_000
LEAST, MOST = 64, 2048


def inputs(given: dict[str, Any], fetch: Callable[[str], bytes | None]) -> list[bytes]:
    """The pictures in a body, in its order: data URIs, plain base64, addresses of the sandbox's own files."""
    found: list[bytes] = []
    for name, value in given.items():
        if not any(
            part in name.lower() for part in ("image", "img", "face", "frame", "photo", "picture", "mask")
        ):
            continue
        for text in value if isinstance(value, list) else [value]:
            content = _content(text, fetch)
            if content:
                found.append(content)
    return found[:MOST_INPUTS]


def _content(text: object, fetch: Callable[[str], bytes | None]) -> bytes | None:
    if not isinstance(text, str) or len(text) < 32:
        return None
    if text.startswith("data:"):
        try:
            return decode_data_uri(text)[1]
        except NotDataUri:
            return None
    if text.startswith(("http://", "https://")):
        return fetch(text)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def open_all(sources: list[bytes]) -> list[Image.Image]:
    """The pictures among them that can be decoded, upright, none larger than 2048 on a side."""
    opened = []
    for source in sources:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                found = Image.open(io.BytesIO(source))
                if found.width * found.height > MOST_PIXELS:
                    continue
                image = ImageOps.exif_transpose(found).convert("RGBA")
        except (
            OSError,
            ValueError,
            SyntaxError,
            Image.DecompressionBombError,
            Image.DecompressionBombWarning,
        ):
            continue
        opened.append(_fitted(image))
    return opened


def _fitted(image: Image.Image) -> Image.Image:
    scale = min(1.0, MOST / max(image.size))
    size = (max(LEAST, round(image.width * scale)), max(LEAST, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def retouch(slug: str, opened: list[Image.Image], prompt: str, choice: random.Random) -> Image.Image:
    """Cut out, enlarge, outline or grade the last picture, by what the slug's name says."""
    base = opened[-1]
    if "bg-removal" in slug or "background-removal" in slug or "bg-remove" in slug:
        return _cut_out(base)
    if "mask" in slug or slug.startswith("sam-"):
        return _subject(base.size)
    if "esrgan" in slug or "upscale" in slug:
        return _enlarged(base)
    if "canny" in slug or "sketch" in slug or "lineart" in slug:
        return ImageOps.invert(base.convert("L").filter(ImageFilter.FIND_EDGES)).convert("RGB")
    graded = grade(base.convert("RGB"), prompt, choice)
    for other in opened[:-1]:
        graded = _inset(graded, other.convert("RGB"))
    return graded


def grade(image: Image.Image, prompt: str, choice: random.Random) -> Image.Image:
    """The picture in the colours of a palette, with a light from one side and grain."""
    palette = palettes.choose(prompt, choice)
    toned = ImageOps.colorize(
        ImageOps.autocontrast(image.convert("L")), palette.near, palette.light, palette.far
    )
    mixed = Image.blend(image, toned, choice.uniform(0.45, 0.65))
    side = image.width * choice.choice((0.1, 0.9))
    lit = canvas.glow(mixed, (side, image.height * 0.15), max(image.size) * 0.8, palette.sky[-1], 0.4)
    return canvas.grain(canvas.vignette(lit, 0.5), choice, 7)


def _subject(size: tuple[int, int]) -> Image.Image:
    """A soft oval in the middle, where subjects tend to be."""
    mask = Image.new("L", size)
    width, height = size
    ImageDraw.Draw(mask).ellipse((width * 0.12, height * 0.06, width * 0.88, height * 1.02), fill=255)
    return canvas.soften(mask, min(size) / 60)


def _cut_out(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.putalpha(ImageChops.multiply(image.getchannel("A"), _subject(image.size)))
    return image


def _enlarged(image: Image.Image) -> Image.Image:
    scale = min(2.0, MOST / max(image.size))
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS).filter(ImageFilter.UnsharpMask(2, 80, 2))


def _inset(image: Image.Image, other: Image.Image) -> Image.Image:
    side = max(24, min(image.size) // 4)
    small = ImageOps.fit(other, (side, side))
    image.paste(
        small,
        (image.width - side - side // 8, image.height - side - side // 8),
        canvas.shape_mask((side, side), _rounded(side)),
    )
    return image


def _rounded(side: int) -> list[tuple[float, float]]:
    cut = side * 0.1
    return [
        (cut, 0), (side - cut, 0), (side, cut), (side, side - cut),
        (side - cut, side), (cut, side), (0, side - cut), (0, cut),
    ]  # fmt: skip
