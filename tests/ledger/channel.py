"""A channel that takes alerts: an https server on the loopback interface, with a certificate of its own authority."""

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from playground.ledger.outgoing import Address

HOST = "hooks.example.com"


@dataclass
class Channel:
    """What was posted, by path; ``status`` and ``headers`` are what the next message is answered with."""

    port: int
    context: ssl.SSLContext
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    posts: list[tuple[str, str, Any]] = field(default_factory=list)

    def url(self, path: str = "/services/secret", host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    async def resolve(self, host: str, port: int) -> list[Address]:
        """In the place of the resolver and its check: every name is this server."""
        return [ipaddress.ip_address("127.0.0.1")]


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, secret


@contextmanager
def serving(folder: Path) -> Iterator[Channel]:
    certificate, secret = _certificate(folder)
    seen: list[Channel] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            channel = seen[0]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            channel.posts.append((self.path, self.headers["Host"], json.loads(body)))
            self.send_response(channel.status)
            for header, value in {"Content-Length": "0", **channel.headers}.items():
                self.send_header(header, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(certificate, secret)
    server.socket = serves.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    trusts = ssl.create_default_context(cafile=str(certificate))
    seen.append(Channel(server.server_address[1], trusts))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield seen[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
