"""The routes for tests: who may use them and what they change."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.conftest import SMALL, Connect
from tests.sandbox_server import ROOT, SandboxServer


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path, options=("--credits", "3", "--free-credits", "0", "--rpm", "5")) as server:
        yield server


CONTROL = ["books", "stats", "faults"]


@pytest.mark.parametrize("path", CONTROL)
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "127.0.0.1.nip.io"])
def test_another_host_name_is_refused(server: SandboxServer, path: str, host: str) -> None:
    response = httpx.get(f"{server.url}/_sandbox/{path}", headers={"Host": host})
    assert response.status_code == 403
    assert httpx.get(f"{server.url}/_sandbox/{path}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_page_of_another_site_is_refused(server: SandboxServer, headers: dict[str, str]) -> None:
    """A page may post plain text to localhost without asking; the browser names its site."""
    told = {"Content-Type": "text/plain", **headers}
    response = httpx.post(f"{server.url}/_sandbox/clock", content='{"advance": 90000}', headers=told)
    assert response.status_code == 403


def test_another_machine_is_refused(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, options=("--host", "0.0.0.0")) as server:
        address = _outer_address()
        url = server.url.replace("0.0.0.0", address)
        response = httpx.get(f"{url}/_sandbox/books", headers={"Host": "127.0.0.1"}, trust_env=False)
        assert response.status_code == 403
        assert httpx.get(f"{url}/v1/get-user-credits", trust_env=False).status_code == 401


def _outer_address() -> str:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def test_options_set_what_a_key_starts_with_and_its_limit(own: SandboxServer, connect: Connect) -> None:
    caller = connect(own, "SGTEST_0123456789abcdef")
    assert caller.balance() == {"credits": 3.0, "free-credits": 0.0}
    statuses = [caller.v1("flux-schnell", SMALL).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_a_key_can_be_changed_and_tells_how_it_stands(own: SandboxServer) -> None:
    key = own.new_key("1.25", free="0.5")
    stands = own.change_key(key, credits="-0.5", revoked=True)
    assert stands["key"] == key
    assert (stands["credits"], stands["free"], stands["revoked"], stands["spent"]) == (-0.5, 0.5, True, 0.0)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("keys", {"key": "SG_0123456789abcdef"}),
        ("keys", {"credits": "much"}),
        ("keys", {"credits": "NaN"}),
        ("keys", {"rpm": "five"}),
        ("clock", {"advance": "soon"}),
        ("faults", {"slug": "flux-schnell"}),
        ("faults", []),
    ],
)
def test_odd_commands_are_400(server: SandboxServer, path: str, body: object) -> None:
    response = httpx.post(f"{server.url}/_sandbox/{path}", json=body)
    assert response.status_code == 400
    assert response.json()["error"]


def test_stats_count_by_slug_and_status(own: SandboxServer, connect: Connect) -> None:
    caller = connect(own, own.new_key())
    caller.v1("flux-schnell", SMALL)
    caller.http.post("/v1/flux-schnell", json={})
    caller.v1("nope")
    stats = own.stats()
    assert (stats["posts"], stats["in_flight"], stats["peak"]) == (3, 0, 1)
    assert stats["by_slug"] == {"flux-schnell": {"200": 1, "400": 1}, "nope": {"404": 1}}
    assert stats["by_status"] == {"200": 1, "400": 1, "404": 1}


def test_reset_forgets_and_the_file_does_not(own: SandboxServer, connect: Connect) -> None:
    caller = connect(own, own.new_key("1"))
    caller.v1("flux-schnell", SMALL)
    made = caller.v2("flux-schnell", SMALL).json()["request_id"]
    own.fault("*", "status_500")
    own.advance(100)
    own.reset()
    assert own.stats()["posts"] == 0
    assert caller.finish(made).status_code == 200
    own.reset(books=True)
    assert caller.status(made).status_code == 404
    assert caller.balance() == {"credits": 3.0, "free-credits": 0.0}
    lines = (own.data / "books.jsonl").read_text().splitlines()
    assert sum('"kind": "charge"' in line for line in lines) == 2
    own.restart()
    assert own.books(kind="charge") == []


def test_a_taken_port_is_one_clear_line(server: SandboxServer, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    command = [sys.executable, "-m", "playground.sandbox", "--port", port, "--data", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.splitlines()[-1].startswith(f"The sandbox cannot listen on 127.0.0.1:{port}:")
    assert len(ended.stderr.splitlines()) == 1


def test_it_imports_nothing_else_of_the_project() -> None:
    code = (
        "import sys, playground.sandbox.__main__;"
        "print([name for name in sys.modules if name.split('.')[0] in ('django', 'accounts', 'config')"
        " or (name.startswith('playground.') and not name.startswith('playground.sandbox'))])"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_key_may_share_the_account_of_another(tmp_path: Path, connect: Connect) -> None:
    with SandboxServer(tmp_path) as server:
        first = server.new_key("10")
        second = server.new_key("3")
        server.change_key(second, shares=first)
        assert connect(server, second).v1("flux-schnell", SMALL).status_code == 200
        left = connect(server, first).balance()
        assert connect(server, second).balance() == left
        assert left["credits"] < 10
        # The books are read again after a restart, and the key still shares.
        server.restart()
        assert connect(server, second).balance() == connect(server, first).balance() == left
        with pytest.raises(httpx.HTTPStatusError):
            server.change_key(first, shares=first)
