"""A bare fast provider for measurements: it answers after a given time with a given size, and keeps times.

``POST /v1/bench-<ms>-<kib>`` answers after ms with JSON (kib 0) or kib KiB of PNG-typed bytes. ``GET /stats`` tells
in flight, peak and total; ``GET /times`` tells, per ``"n"`` of a body, when it arrived and when its last byte left.
Parsed by hand on uvloop, so that it is never what is measured.
"""

import argparse
import asyncio
import json
import re
import time
from typing import Any

import uvloop

ROUTE = re.compile(rb"POST /v[12]/bench-(\d+)-(\d+) ")
NUMBER = re.compile(rb'"n"\s*:\s*(\d+)')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Upstream(asyncio.Protocol):
    in_flight = peak = total = 0
    times: dict[int, list[float]] = {}
    bodies: dict[int, bytes] = {}

    def __init__(self) -> None:
        self.buffer = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end]
            found = LENGTH.search(head)
            size = int(found[1]) if found else 0
            if len(self.buffer) < end + 4 + size:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + size], self.buffer[end + 4 + size :]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        route = ROUTE.match(head)
        if route is None:
            self.report(head)
            return
        cls = type(self)
        cls.in_flight += 1
        cls.total += 1
        cls.peak = max(cls.peak, cls.in_flight)
        number = NUMBER.search(body)
        n = int(number[1]) if number else -1
        cls.times[n] = [time.time()]
        asyncio.get_running_loop().call_later(int(route[1]) / 1000, self.finish, n, int(route[2]))

    def finish(self, n: int, kib: int) -> None:
        cls = type(self)
        cls.in_flight -= 1
        kind, content = (
            (b"image/png", self.picture(kib)) if kib else (b"application/json", b'{"text": "done"}')
        )
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\nx-cost: 0.0010000000\r\n"
                b"x-remaining-credits: 10.0\r\nx-request-id: bench-%d\r\n\r\n%b"
                % (kind, len(content), n, content)
            )
        cls.times[n].append(time.time())

    def picture(self, kib: int) -> bytes:
        if kib not in self.bodies:
            self.bodies[kib] = b"\x89PNG\r\n\x1a\n" + bytes(kib * 1024 - 8)
        return self.bodies[kib]

    def report(self, head: bytes) -> None:
        cls = type(self)
        if head.startswith(b"GET /stats"):
            found: object = {"in_flight": cls.in_flight, "peak": cls.peak, "total": cls.total}
        elif head.startswith(b"GET /times"):
            found = cls.times
        else:
            cls.in_flight = cls.peak = cls.total = 0
            cls.times = {}
            found = {}
        content = json.dumps(found).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content))


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=4096)
    print(f"Sandbox on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    uvloop.run(main(parser.parse_args().port))
