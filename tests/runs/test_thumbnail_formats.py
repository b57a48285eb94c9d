"""Which pictures the worker decodes."""

import io

import pytest
from PIL import Image

from playground.runs import thumbnails
from tests.personas import People
from tests.runs.factories import make_file

pytestmark = pytest.mark.django_db


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", thumbnails.FORMATS)
def test_what_browsers_show_gets_a_small_version(people: People, kind: str) -> None:
    assert thumbnails.make(file_id=make_file(people.membership("bob"), picture(kind)).id)


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "ICO", "EPS"])
def test_no_other_decoder_is_fed(people: People, kind: str) -> None:
    """Called a picture by the provider, it would reach decoders nobody needs; EPS starts Ghostscript."""
    file = make_file(people.membership("bob"), picture(kind))
    assert not thumbnails.make(file_id=file.id)
    file.refresh_from_db()
    assert (file.thumbnail_name, file.width) == ("", None)
