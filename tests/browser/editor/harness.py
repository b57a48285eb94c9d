"""Serves the editor's page with the real Content-Security-Policy, and stands in for the upload endpoints."""

import html
import json
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PAGES = Path(__file__).parent / "pages"
NONCE = "nonce-of-this-answer"
# As strict as the server's, and stricter with pictures: the editor needs none from data: or blob: addresses.
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{NONCE}'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
TOKEN = "token-of-the-page"
FILE_ID = "0190aaaa-bbbb-7ccc-8ddd-{:012d}"


@dataclass
class Answer:
    """What the next upload gets: a status and a JSON body, or a connection that is dropped (status 0)."""

    status: int
    body: dict[str, Any] | None = None


@dataclass
class Harness:
    """The page's content, the answers the upload endpoint will give first, and what it received."""

    url: str = ""
    text: str = "{}"
    schema: dict[str, Any] | None = None
    files: dict[str, Any] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    received: list[dict[str, str]] = field(default_factory=list)

    def page(self) -> str:
        template = (PAGES / "editor.html").read_text()
        values = {
            "__NONCE__": NONCE,
            "__TEXT__": html.escape(self.text),
            "__SCHEMA__": json.dumps(self.schema).replace("<", "\\u003c"),
            "__FILES__": json.dumps(self.files).replace("<", "\\u003c"),
        }
        for name, value in values.items():
            template = template.replace(name, value)
        return template

    def info(self, *, name: str, how: str, size: int = 1_300_000, number: int = 1) -> dict[str, Any]:
        file_id = FILE_ID.format(number)
        return {
            "marker": f"atelier-file:{file_id}:{how}:{'ab' * 16}",
            "id": file_id,
            "name": name,
            "size": size,
            "sha256": "9f2c" + "0" * 60,
            "media_type": "image/png",
            "thumbnail_url": "/static/img/favicon.svg",
            "url": f"/files/{file_id}",
            "how_url": f"/how/{number}/{name}",
        }


def _form_value(body: bytes, name: str) -> str:
    head = f'name="{name}"'.encode()
    part = next((part for part in body.split(b"\r\n--") if head in part), b"")
    return part.partition(b"\r\n\r\n")[2].decode(errors="replace")


class PageHandler(BaseHTTPRequestHandler):
    """Answers for one harness, which a subclass made in ``serving`` names."""

    harness: Harness

    def do_GET(self) -> None:
        if self.path == "/":
            return self._send(200, "text/html; charset=utf-8", self.harness.page().encode())
        folder = PAGES if self.path.startswith("/pages/") else ROOT
        path = folder / self.path.removeprefix("/pages/").lstrip("/").partition("?")[0]
        if not path.is_file():
            return self._send(404, "text/plain", b"")
        kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
        return self._send(200, kind or "text/plain", path.read_bytes())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/code":
            known = self.headers["X-CSRFToken"] == TOKEN and b"body=" in body
            return self._send(200 if known else 403, "text/html", b"<pre>curl for this text</pre>")
        if self.path.startswith("/how/"):
            return self._change_how(body.decode().removeprefix("how="))
        return self._upload(body)

    def _change_how(self, how: str) -> None:
        number, name = self.path.split("/")[2:4]
        self.harness.received.append({"how": how, "csrf": self.headers["X-CSRFToken"]})
        self._json(200, self.harness.info(name=name, how=how, number=int(number)))

    def _upload(self, body: bytes) -> None:
        harness = self.harness
        if harness.answers:
            answer = harness.answers.pop(0)
            if answer.status:
                self._json(answer.status, answer.body or {})
            else:
                self.connection.close()
            return
        name = body.partition(b'filename="')[2].partition(b'"')[0].decode()
        how = _form_value(body, "how")
        harness.received.append({"name": name, "how": how, "csrf": self.headers["X-CSRFToken"]})
        self._json(201, harness.info(name=name, how=how, size=len(body), number=len(harness.received)))

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Tests read what was received, not a log."""


@contextmanager
def serving() -> Iterator[Harness]:
    harness = Harness()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (PageHandler,), {"harness": harness}))
    server.daemon_threads = True
    harness.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield harness
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
