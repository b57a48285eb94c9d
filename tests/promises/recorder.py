"""A provider on loopback that writes down every request it gets and answers as the request's body asks."""

import abc
import base64
import http.server
import json
import threading
from dataclasses import dataclass, field
from typing import Any, Self

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# A picture as far as its first bytes go, larger than what is kept as words.
LARGE = PIXEL + bytes(range(256)) * 3000


@dataclass(frozen=True)
class Seen:
    """One request as it arrived. ``words`` is all of it, to search for what must not be there."""

    method: str
    path: str
    key: str
    body: bytes
    words: str


@dataclass
class Recorder:
    """Answers like the provider. A model's body says how, under ``do``: see ``_Handler._post``."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def keys(self) -> set[str]:
        return {one.key for one in self.seen if one.key}

    @property
    def paths(self) -> set[str]:
        return {one.path for one in self.seen}


def _handler(recorder: Recorder) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(_Handler):
        def note(self) -> bytes:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key = self.headers.get("x-api-key") or ""
            words = f"{self.path}\n{self.headers}\n{body.decode(errors='replace')}"
            recorder.seen.append(Seen(self.command, self.path, key, body, words))
            return body

    return Handler


class _Handler(http.server.BaseHTTPRequestHandler, abc.ABC):
    protocol_version = "HTTP/1.1"

    @abc.abstractmethod
    def note(self) -> bytes:
        """Write down the request that is being answered; its body."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (name given by the library)
        """Nothing: the tests read ``seen``."""

    def _answer(
        self,
        status: int,
        body: object,
        *,
        type_: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    @property
    def _base(self) -> str:
        return f"http://{self.headers['Host']}"

    def do_GET(self) -> None:
        self.note()
        key = self.headers.get("x-api-key") or ""
        if self.path.endswith("/get-user-credits"):
            self._answer(200, {"credits": 12.5, "free-credits": 0.25})
        elif self.path.endswith("/status"):
            self._answer(200, {"status": "COMPLETED", "request_id": self.path.split("/")[-2], "echo": key})
        elif self.path.startswith("/v2/requests/"):
            output = f"{self._base}/files/{key or 'nobody'}.png"
            metrics = {"cost": 0.05, "remaining_credits": 9}
            self._answer(200, {"status": "COMPLETED", "output": output, "metrics": metrics, "echo": key})
        elif self.path.startswith("/files/"):
            self._answer(200, PIXEL, type_="image/png")
        else:
            self._answer(404, {"error": f"No such route for {key}"})

    def do_POST(self) -> None:
        body = self.note()
        key = self.headers.get("x-api-key") or ""
        if self.path == "/upload-asset":
            self._answer(200, {"file_urls": [f"{self._base}/files/upload.png"], "message": f"Thanks, {key}"})
            return
        if self.path.startswith("/v2/"):
            self._answer(200, {"request_id": "job-of-the-recorder", "status": "QUEUED", "echo": key})
            return
        self._post(json.loads(body).get("do", "good"), key)

    def _post(self, deed: str, key: str) -> None:
        money = {"x-cost": "0.0123", "x-remaining-credits": "9.9"}
        echo = {"x-echo": key, "x-request-id": f"r-{key}", "x-seed-value": key, "set-cookie": f"k={key}"}
        if deed == "refuse":
            self._answer(406, {"error": f"Rejected for {key}", "key": key}, headers=echo)
        elif deed == "drop":
            self.close_connection = True
        elif deed == "html":
            self._answer(500, f"<h1>{key}</h1>".encode(), type_=f"text/html; note={key}", headers=echo)
        elif deed == "odd-200":
            self._answer(200, {"error": f"Polling with {key}"}, headers=echo)
        elif deed == "echo":
            url = f"{self._base}/files/x.png?key={key}"
            self._answer(
                200,
                {"text": f"You are {key}", "output": url, "pad": "x" * 40_000 + key},
                headers=money | echo,
            )
        elif deed == "text":
            self._answer(200, f"Key: {key}".encode(), type_="text/plain", headers=money | echo)
        elif deed == "base64":
            self._answer(200, {"image": base64.b64encode(LARGE).decode(), "seed": 7}, headers=money)
        elif deed in ("large-text", "large-bytes"):
            # Beyond what is kept as words, with the key across every border between two reads.
            type_ = "text/plain" if deed == "large-text" else "application/octet-stream"
            self._answer(200, b"\x01" * 11 + key.encode() * 40_000, type_=type_, headers=money)
        else:
            self._answer(200, PIXEL, type_="image/png", headers=money)
