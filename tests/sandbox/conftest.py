"""One sandbox for all tests of a process; each test has a key, and so an account, of its own."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox_server import SandboxServer

END_SECONDS = 20.0


class Caller:
    """A client with one key; paths are the sandbox's."""

    def __init__(self, server: SandboxServer, key: str) -> None:
        self.server = server
        self.key = key
        self.http = httpx.Client(
            base_url=server.url,
            headers={"x-api-key": key},
            timeout=30,
            trust_env=False,
            verify=False,
        )

    def v1(self, slug: str, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        return self.http.post(f"/v1/{slug}", json=body or {"prompt": "a hill"}, headers=headers)

    def v2(self, slug: str, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        return self.http.post(f"/v2/{slug}", json=body or {"prompt": "a hill"}, headers=headers)

    def status(self, request_id: str) -> httpx.Response:
        return self.http.get(f"/v2/requests/{request_id}/status")

    def result(self, request_id: str) -> httpx.Response:
        return self.http.get(f"/v2/requests/{request_id}")

    def finish(self, request_id: str) -> httpx.Response:
        """Poll until the job is over; the last status answer."""
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            response = self.status(request_id)
            if response.json().get("status") in ("COMPLETED", "FAILED"):
                return response
            time.sleep(0.02)
        raise TimeoutError(f"job {request_id} did not end")

    def balance(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/v1/get-user-credits").json()
        return found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def key(server: SandboxServer) -> Iterator[str]:
    yield server.new_key("25")
    server.clear_faults()


Connect = Callable[[SandboxServer, str], Caller]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """More callers, each with a key that the test chose; closed when the test ends, however it ends."""
    made: list[Caller] = []

    def make(server: SandboxServer, key: str) -> Caller:
        made.append(Caller(server, key))
        return made[-1]

    yield make
    for caller in made:
        caller.http.close()


@pytest.fixture
def caller(server: SandboxServer, key: str, connect: Connect) -> Caller:
    return connect(server, key)


SMALL = {"prompt": "a hill", "width": 64, "height": 64, "seed": 7}
"""The cheapest picture to draw."""
