"""Small versions of pictures, made in the worker: lists never load an original."""

import io
import logging
import uuid
import warnings

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from playground.runs import live
from playground.runs.models import File, Run

logger = logging.getLogger(__name__)

EDGE = 512


def make(*, file_id: uuid.UUID) -> bool:
    """Store a WebP of at most 512 pixels and note the original's size; False when the picture cannot be read.

    A picture above MAX_IMAGE_PIXELS is never decoded: a small file can claim to be enormous.
    """
    file = File.objects.filter(id=file_id, kind="image", thumbnail_name="").first()
    if file is None:
        return False
    try:
        width, height, data = _render(file)
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError, SyntaxError) as error:
        logger.info("No thumbnail for file %s: %s", file_id, type(error).__name__)
        return False
    name = ""
    if data:
        name = default_storage.save(f"{file.storage_name}.thumb.webp", ContentFile(data))
    with transaction.atomic():
        File.objects.filter(id=file.id).update(thumbnail_name=name, width=width, height=height)
        runs = list(Run.objects.filter(outputs__file=file).distinct()[:20])
        transaction.on_commit(lambda: live.publish([live.Change.of(run) for run in runs]))
    return bool(name)


def _render(file: File) -> tuple[int, int, bytes]:
    with warnings.catch_warnings(), default_storage.open(file.storage_name) as stored:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(stored) as image:
            width, height = image.size
            if width * height > settings.MAX_IMAGE_PIXELS:
                return width, height, b""
            image.draft("RGB", (EDGE * 2, EDGE * 2))
            small = ImageOps.exif_transpose(image)
            small.thumbnail((EDGE, EDGE))
            if small.mode not in ("RGB", "RGBA"):
                small = small.convert(
                    "RGBA" if "A" in small.getbands() or "transparency" in small.info else "RGB"
                )
            buffer = io.BytesIO()
            small.save(buffer, "WEBP", quality=80)
            return width, height, buffer.getvalue()
