"""The storage upload: a file becomes a data URI inside a JSON body, encoded while it is sent."""

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from playground.segmind.exact import parse_json, raw_text
from playground.segmind.reply import Answer
from playground.segmind.wire import Streamed

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")


@dataclass(frozen=True)
class Uploaded:
    """The answer to an upload. `url` is empty if none came back; the answer then says why."""

    url: str
    answer: Answer


async def _encoded(prefix: bytes, chunks: AsyncIterator[bytes], suffix: bytes) -> AsyncIterator[bytes]:
    rest = b""
    yield prefix
    async for chunk in chunks:
        data = rest + chunk
        cut = len(data) - len(data) % 3
        rest = data[cut:]
        if cut:
            yield base64.b64encode(data[:cut])
    yield base64.b64encode(rest) + suffix


def upload_body(media_type: str, file: Streamed) -> Streamed:
    """The JSON body for one file. Raises ValueError for a media type that cannot stand in a data URI."""
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ValueError("not a media type")
    prefix = b'{"data_urls": ["data:' + media_type.encode() + b";base64,"
    suffix = b'"]}'
    length = len(prefix) + 4 * ((file.length + 2) // 3) + len(suffix)
    return Streamed(_encoded(prefix, file.chunks, suffix), length)


def uploaded_url(answer: Answer) -> str:
    """The address in an upload's answer: both documented shapes, `file_urls` and `urls`; empty if there
    is none.
    """
    found = parse_json(answer.head) if answer.status == 200 else None
    for name in ("file_urls", "urls"):
        urls = found.get(name) if isinstance(found, dict) else None
        if isinstance(urls, list) and urls:
            url = raw_text(urls[0], 4096)
            return url if url.startswith(("https://", "http://")) else ""
    return ""
