import io
import struct
import zlib
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image
from pytest_django import Settings

from accounts.models import Membership
from playground.runs import thumbnails
from playground.runs.models import File
from tests.personas import People
from tests.runs.factories import make_file


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def made(membership: Membership, data: bytes) -> tuple[File, Image.Image | None]:
    """The file after its thumbnail was asked for, and the thumbnail."""
    file = make_file(membership, data)
    done = thumbnails.make(file_id=file.id)
    file.refresh_from_db()
    assert done == bool(file.thumbnail_name)
    if not file.thumbnail_name:
        return file, None
    with default_storage.open(file.thumbnail_name) as stored:
        small = Image.open(io.BytesIO(stored.read()))
    assert small.format == "WEBP"
    return file, small


def gradient(mode: str, size: tuple[int, int] = (1200, 600)) -> Image.Image:
    return Image.radial_gradient("L").resize(size).convert(mode)


def test_the_longer_edge_is_512_and_the_original_size_is_noted(bob: Membership) -> None:
    file, small = made(bob, encoded(gradient("RGB")))
    assert small is not None
    assert small.size == (512, 256)
    assert (file.width, file.height) == (1200, 600)


def test_a_small_picture_is_not_enlarged(bob: Membership) -> None:
    _, small = made(bob, encoded(gradient("RGB", (40, 30))))
    assert small is not None
    assert small.size == (40, 30)


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("CMYK", "JPEG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("RGBA", "PNG"), ("RGB", "WEBP"),
        ("P", "GIF"), ("YCbCr", "JPEG"), ("RGB", "AVIF"),
    ],
)  # fmt: skip
def test_every_way_to_store_colours_becomes_a_small_picture(bob: Membership, mode: str, form: str) -> None:
    _, small = made(bob, encoded(gradient(mode), form))
    assert small is not None
    assert small.mode in ("RGB", "RGBA")
    # Still a gradient: neither black nor white all over.
    tones = small.convert("L").tobytes()
    assert max(tones) - min(tones) > 100


@pytest.mark.parametrize("form", ["BMP", "TIFF", "PPM", "ICO", "TGA", "PCX", "EPS"])
def test_a_form_that_no_browser_shows_is_not_decoded(bob: Membership, form: str) -> None:
    _, small = made(bob, encoded(gradient("RGB", (64, 48)), form))
    assert small is None


def test_sixteen_bits_of_grey_keep_their_tones(bob: Membership) -> None:
    grey = Image.linear_gradient("L").convert("I").point(lambda value: value * 257)
    _, small = made(bob, encoded(grey.convert("I;16")))
    assert small is not None
    assert 100 < small.convert("L").tobytes()[128 * 256 + 128] < 156


def test_transparency_stays(bob: Membership) -> None:
    for data in (
        encoded(Image.new("RGBA", (64, 64), (255, 0, 0, 0))),
        encoded(Image.new("P", (64, 64), 0), transparency=0),
        encoded(Image.new("P", (64, 65), 0), transparency=bytes([0] * 256)),
        encoded(Image.new("RGB", (64, 64), (9, 9, 9)), transparency=(9, 9, 9)),
    ):
        _, small = made(bob, data)
        assert small is not None
        assert small.convert("RGBA").tobytes()[3] == 0


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_a_moving_picture_the_first_frame_is_shown(bob: Membership, form: str) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    _, small = made(bob, encoded(frames[0], form, save_all=True, append_images=frames[1:]))
    assert small is not None
    assert getattr(small, "n_frames", 1) == 1
    red, green, blue = small.convert("RGB").tobytes()[:3]
    assert red > 200
    assert max(green, blue) < 60


def test_a_picture_taken_sideways_stands_upright(bob: Membership) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file, small = made(bob, encoded(gradient("RGB", (600, 300)), "JPEG", exif=exif))
    assert small is not None
    assert small.size == (256, 512)
    assert (file.width, file.height) == (300, 600)


def test_a_very_long_picture_keeps_a_pixel_of_width(bob: Membership) -> None:
    _, small = made(bob, encoded(Image.new("RGB", (4000, 2), "red")))
    assert small is not None
    assert small.size == (512, 1)


def claimed(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_picture_with_too_many_pixels_is_never_decoded(bob: Membership, settings: Settings) -> None:
    settings.MAX_IMAGE_PIXELS = 1_000_000
    file, small = made(bob, encoded(Image.new("1", (2000, 1000))))
    assert small is None
    assert (file.width, file.height) == (2000, 1000)


@pytest.mark.parametrize("size", [(12_000, 10_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_small_file_that_claims_to_be_enormous_is_left_alone(
    bob: Membership, size: tuple[int, int]
) -> None:
    _, small = made(bob, claimed(*size))
    assert small is None


def test_a_picture_that_ends_too_early_is_left_alone(bob: Membership) -> None:
    data = encoded(gradient("RGB"))
    _, small = made(bob, data[: len(data) // 2])
    assert small is None


@pytest.mark.parametrize(
    "data",
    [
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><img src=x>",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a" + b"\xff" * 40,
        b"\xff\xd8\xff\xe0" + b"\x00" * 40,
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\x00" * 40,
        b"BM" + b"\xff" * 60,
        b"II*\x00" + b"\xff" * 60,
        b"qoif" + b"\x00\x00\x00\x10" * 4,
        b"icns" + b"\x00\x00\x00\x40" * 8,
        b"P6\n99999 99999\n255\n",
        b"",
    ],
)
def test_bytes_that_are_no_picture_are_left_alone(bob: Membership, data: bytes) -> None:
    _, small = made(bob, data)
    assert small is None


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_damaged_picture_never_ends_the_task(bob: Membership, form: str) -> None:
    whole = encoded(gradient("RGB", (64, 48)).convert("RGB"), form)
    for number in range(40):
        damaged = bytearray(whole)
        for place in range(number, len(damaged), 41):
            damaged[place] ^= 0xA5
        made(bob, bytes(damaged) + bytes([number]))


def test_it_is_made_once(bob: Membership) -> None:
    file, small = made(bob, encoded(gradient("RGB", (64, 48))))
    assert small is not None
    assert thumbnails.make(file_id=file.id) is False


def test_other_kinds_of_files_have_none(bob: Membership) -> None:
    file = make_file(
        bob, encoded(gradient("RGB", (64, 48))), kind="binary", media_type="application/octet-stream"
    )
    assert thumbnails.make(file_id=file.id) is False


def test_a_file_that_was_erased_leaves_no_small_version(bob: Membership) -> None:
    file = make_file(bob, encoded(gradient("RGB", (65, 49))))
    default_storage.delete(file.storage_name)
    assert thumbnails.make(file_id=file.id) is False
