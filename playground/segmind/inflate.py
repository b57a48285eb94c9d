"""Decoding of compressed bodies in small pieces, so that a limit on decoded bytes is met before memory is
spent.
"""

import zlib
from collections.abc import Iterator

PIECE = 64 * 1024
_GZIP, _ZLIB, _RAW = 31, 15, -15


class Inflater:
    """Decodes gzip or deflate. `feed` yields pieces of at most PIECE bytes and raises zlib.error for
    broken data.
    """

    def __init__(self, encoding: str) -> None:
        self._wbits = _GZIP if encoding in ("gzip", "x-gzip") else _ZLIB
        self._inner = zlib.decompressobj(self._wbits)
        self._started = False

    @property
    def finished(self) -> bool:
        return self._inner.eof or not self._started

    def feed(self, data: bytes) -> Iterator[bytes]:
        if data and not self._started:
            self._started = True
            if self._wbits == _ZLIB and not _is_zlib(data):
                # Some servers call a bare deflate stream "deflate".
                self._inner = zlib.decompressobj(_RAW)
        going = bool(data)
        while going:
            if self._inner.eof:
                if self._wbits != _GZIP or not data.startswith(b"\x1f"):
                    return
                self._inner = zlib.decompressobj(_GZIP)
            piece = self._inner.decompress(data, PIECE)
            data = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail
            # A full piece may leave decoded bytes behind with no input left to push them out.
            going = bool(data) or (len(piece) == PIECE and not self._inner.eof)
            if piece:
                yield piece


def _is_zlib(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and (len(data) < 2 or int.from_bytes(data[:2], "big") % 31 == 0)


def inflater_for(encoding: str) -> Inflater | None:
    """The decoder for a Content-Encoding, None for none. Raises LookupError for one that is not known."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip", "deflate"):
        return Inflater(name)
    raise LookupError(name[:40])
