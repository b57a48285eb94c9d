"""Small versions of pictures, made in the worker: lists never load an original."""

import io
import logging
import struct
import uuid
import warnings
import zlib

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps

from playground.runs import live
from playground.runs.models import File, Run

logger = logging.getLogger(__name__)

EDGE = 512
# What browsers show. Others would be read by decoders that nobody needs, PostScript by a program of its own.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
# What Pillow's decoders raise on bytes that are not the picture they claim to be.
BROKEN = (
    *(OSError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, SyntaxError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)
_SIDEWAYS = (5, 6, 7, 8)
_ORIENTATION = 0x0112


def make(*, file_id: uuid.UUID) -> bool:
    """Store a WebP of at most 512 pixels and note the original's size; False when the picture cannot be read.

    A picture above MAX_IMAGE_PIXELS is never decoded: a small file can claim to be enormous.
    """
    file = File.objects.filter(id=file_id, kind="image", thumbnail_name="").first()
    if file is None:
        return False
    try:
        width, height, data = _render(file)
    except BROKEN as error:
        logger.info("No thumbnail for file %s: %s", file_id, type(error).__name__)
        return False
    name = ""
    if data:
        name = default_storage.save(f"{file.storage_name}.thumb.webp", ContentFile(data))
    with transaction.atomic():
        kept = File.objects.filter(id=file.id).update(thumbnail_name=name, width=width, height=height)
        if name and not kept:
            # Erased while it was drawn: its small version must not stay behind.
            default_storage.delete(name)
            return False
        runs = list(Run.objects.filter(outputs__file=file).distinct()[:20])
        transaction.on_commit(lambda: live.publish([live.Change.read(run) for run in runs]))
    return bool(name)


def _render(file: File) -> tuple[int, int, bytes]:
    with warnings.catch_warnings(), default_storage.open(file.storage_name) as stored:
        warnings.simplefilter("ignore")
        with Image.open(stored, formats=FORMATS) as image:
            width, height = image.size
            if image.getexif().get(_ORIENTATION) in _SIDEWAYS:
                width, height = height, width
            if width * height > settings.MAX_IMAGE_PIXELS:
                return width, height, b""
            image.draft("RGB", (EDGE * 2, EDGE * 2))
            small = ImageOps.exif_transpose(image)
            small.thumbnail((EDGE, EDGE))
            buffer = io.BytesIO()
            _plain(small).save(buffer, "WEBP", quality=80)
            return width, height, buffer.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """The picture in 8 bits of red, green, blue and perhaps alpha, which is all that WebP holds."""
    transparent = "A" in image.getbands() or "transparency" in image.info
    if image.mode.startswith("I"):
        # 16 bits of grey in a wider number: cutting them at 255 would leave a white page.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if transparent else "RGB")
