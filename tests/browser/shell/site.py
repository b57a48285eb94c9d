"""A few pages in the real shell, with the real security policy, served without a database."""

import json
import mimetypes
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.template import engines

ROOT = Path(__file__).resolve().parents[3]
PAGE = """
{% extends "base.html" %}
{% block title %}Shell{% endblock %}
{% block topbar_money %}{% endblock %}
{% block page_header %}<h1>Shell</h1>{% endblock %}
{% block content %}
<label for="search">Search</label>
<input id="search" data-shortcut="/" data-shortcut-label="Search">
<button class="button" id="run" data-shortcut="mod+Enter" data-shortcut-label="Run" data-command="Run it">Run</button>
<button class="button" id="off" disabled data-shortcut="x" data-shortcut-label="Not now">Off</button>
<output id="ran"></output>
<button class="button" id="revoke" data-dialog-open="confirm">Revoke</button>
{% include "_dialog_confirm.html" with id="confirm" action="/posted" title="Revoke?" text="It stops." confirm="Go" %}
{% include "_copy.html" with text="7be1" what="request id" %}
<time id="ends" datetime="{{ ends }}" data-time="countdown" data-done="over">…</time>
{% endblock %}
{% block scripts %}<script type="module" src="/probe.js"></script>{% endblock %}
"""
PROBE = """
import { flash } from "/static/js/flash.js";
window.flash = flash;
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
const [run, ran] = ["run", "ran"].map((id) => document.getElementById(id));
run.addEventListener("click", () => ran.append("ran "));
document.documentElement.dataset.ready = "true";
"""


def policy() -> str:
    """The policy of the settings, but for the nonce of an answer."""
    directives: Mapping[str, object] = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    parts = []
    for name, values in directives.items():
        assert isinstance(values, list)
        parts.append(" ".join([name, *(value for value in values if isinstance(value, str))]))
    return "; ".join(parts)


def page(mode: str, cookies: dict[str, str]) -> str:
    def item(label: str, icon: str, shortcut: str) -> dict[str, Any]:
        return {
            "label": label,
            "icon": icon,
            "url": f"/{label.lower()}",
            "shortcut": shortcut,
            "current": False,
        }

    shell = SimpleNamespace(
        membership=True,
        team=SimpleNamespace(name="Film unit"),
        teams=[("Film unit", "/film"), ("Brand studio", "/brand")],
        mode=mode,
        mode_urls={"live": "/?mode=live", "sandbox": "/?mode=sandbox"},
        nav=[[item("Playground", "playground", "g p"), item("History", "history", "g h")]],
        search_url="/found",
    )
    person = SimpleNamespace(is_authenticated=True, label="Alice Lind", email="alice@example.com")
    request = SimpleNamespace(COOKIES=cookies, user=person)
    context = {"shell": shell, "request": request, "ends": "2020-01-01T00:00:00Z"}
    return engines["django"].from_string(PAGE.strip()).render(context)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        file = ROOT / address.path.lstrip("/")
        if address.path == "/probe.js":
            self.answer("text/javascript", PROBE.encode())
        elif address.path == "/found":
            hit = {"label": f"Model {query['q']}", "url": "/model", "hint": "Model"}
            self.answer("application/json", json.dumps({"results": [hit]}).encode())
        elif address.path.startswith("/static/") and file.is_file():
            kind = "text/javascript" if file.suffix == ".js" else mimetypes.guess_type(file.name)[0]
            self.answer(kind or "application/octet-stream", file.read_bytes())
        else:
            sent = self.headers.get("Cookie", "")
            cookies = dict(part.strip().split("=", 1) for part in sent.split(";") if "=" in part)
            self.answer("text/html; charset=utf-8", page(query.get("mode", "live"), cookies).encode())

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The tests look at the page, not at a log."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of the site while it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
