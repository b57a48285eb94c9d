"""Where an answer's bytes go: memory while they are few, then a file of this node's spool."""

import hashlib
import uuid
from pathlib import Path
from typing import IO

from playground.runs import store

IN_MEMORY = 64 * 1024


class Landing:
    """A sink for one answer. It hashes as it goes; ``keep`` or ``drop`` ends it."""

    def __init__(self) -> None:
        self.name = str(uuid.uuid4())
        self._secret = b""
        self._held = b""
        self._size = 0
        self._digest = hashlib.sha256()
        self._memory = bytearray()
        self._file: IO[bytes] | None = None

    def blot(self, secret: str) -> None:
        """From here on ``secret`` is overwritten wherever it stands in the bytes, which keep their number."""
        self._secret = secret.encode()

    def __call__(self, piece: bytes) -> None:
        if self._secret:
            piece = (self._held + piece).replace(self._secret, b"*" * len(self._secret))
            # The rest may be the beginning of another one.
            cut = max(0, len(piece) - len(self._secret) + 1)
            piece, self._held = piece[:cut], piece[cut:]
        self._take(piece)

    def _take(self, piece: bytes) -> None:
        self._size += len(piece)
        self._digest.update(piece)
        if self._file is None and len(self._memory) + len(piece) <= IN_MEMORY:
            self._memory += piece
            return
        self._spill().write(piece)

    def _release(self) -> None:
        held, self._held = self._held, b""
        if held:
            self._take(held)

    def _spill(self) -> IO[bytes]:
        if self._file is None:
            self._file = self.path.open("wb")
            self._file.write(self._memory)
            self._memory.clear()
        return self._file

    @property
    def path(self) -> Path:
        return store.spool_path(self.name)

    @property
    def size(self) -> int:
        return self._size + len(self._held)

    @property
    def sha256(self) -> str:
        self._release()
        return self._digest.hexdigest()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def keep(self) -> Path:
        """The bytes as a file."""
        self._release()
        self._spill().close()
        return self.path

    def read(self) -> bytes:
        """All of it; for answers that are known to be small."""
        self._release()
        if self._file is None:
            return bytes(self._memory)
        self._file.close()
        return self.path.read_bytes()

    def drop(self) -> None:
        self.close()
        if self._file is not None:
            self.path.unlink(missing_ok=True)
