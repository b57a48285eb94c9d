"""Long answers in little memory: pieces are made in a thread, one at a time, and only when the browser takes them."""

from collections.abc import AsyncIterator, Callable, Iterator

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse

_END = object()


class PiecewiseResponse(StreamingHttpResponse):
    """Streams a plain generator under ASGI without loading it whole, as Django would.

    Each piece is made in the request's thread. With ``uses_database`` the connection goes back to the pool between
    pieces, so that a slow reader holds none. Under WSGI and in the test client it is an ordinary streaming response.
    """

    def __init__(self, pieces: Iterator[bytes], *, uses_database: bool = False, **more: object) -> None:
        super().__init__(pieces, **more)
        self._pieces = pieces
        self._uses_database = uses_database

    def _next(self) -> object:
        try:
            return next(self._pieces, _END)
        finally:
            if self._uses_database:
                connections.close_all()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        step: Callable[[], object] = self._next
        while (piece := await sync_to_async(step)()) is not _END:
            yield piece  # type: ignore[misc]
