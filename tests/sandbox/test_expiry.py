"""What goes after a minute, an hour, seven days. It moves the clock, so it has a sandbox of its own."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.conftest import SMALL, Caller, Connect
from tests.sandbox_server import SandboxServer


@pytest.fixture
def own(tmp_path: Path, connect: Connect) -> Iterator[Caller]:
    with SandboxServer(tmp_path) as server:
        yield connect(server, server.new_key(rpm=2))


def test_a_record_lives_an_hour_and_its_file_seven_days(own: Caller) -> None:
    made = own.v2("flux-schnell", SMALL).json()["request_id"]
    own.finish(made)
    address = own.result(made).json()["output"]
    own.server.advance(3590)
    assert own.status(made).status_code == 200
    own.server.advance(20)
    for response in (own.status(made), own.result(made)):
        assert response.status_code == 404
        assert response.json() == {"error": f"Request {made} not found"}
    assert httpx.get(address).status_code == 200
    own.server.advance(7 * 86_400)
    assert httpx.get(address).status_code == 404
    assert own.http.get(f"/inference-request/request-history/{made}").json()["model_status"] == "COMPLETED"


def test_an_upload_outlives_the_seven_days(own: Caller) -> None:
    uri = "data:text/plain;base64,aGVsbG8="
    address = own.http.post("/upload-asset", json={"data_urls": [uri]}).json()["file_urls"][0]
    own.server.advance(365 * 86_400)
    assert httpx.get(address).content == b"hello"


def test_a_rate_limits_window_ends_after_a_minute(own: Caller) -> None:
    assert [own.v1("flux-schnell", SMALL).status_code for _ in range(3)] == [200, 200, 429]
    own.server.advance(61)
    assert own.v1("flux-schnell", SMALL).status_code == 200


def test_expired_files_leave_the_disk_at_the_next_start(own: Caller) -> None:
    made = own.v2("flux-schnell", SMALL).json()["request_id"]
    own.finish(made)
    folder = own.server.data / "files"
    assert len(list(folder.iterdir())) == 1
    stray = folder / "left.part"
    stray.write_bytes(b"half")
    own.server.restart()
    assert len(list(folder.iterdir())) == 1
    assert not stray.exists()
