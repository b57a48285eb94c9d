"""Segmind's own SDK, unmodified, against the sandbox: it answers as the real thing does."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import segmind
from PIL import Image
from segmind.exceptions import SegmindError
from segmind.files import Files
from segmind.v2 import InferenceFailed, InferenceTimeout

from tests.sandbox.conftest import SMALL
from tests.sandbox_server import SandboxServer


@pytest.fixture
def client(server: SandboxServer, key: str) -> Iterator[segmind.SegmindClient]:
    made = segmind.SegmindClient(api_key=key, base_url=f"{server.url}/v1")
    yield made
    made._client.close()


def test_the_version_is_the_one_we_claim() -> None:
    assert segmind.__version__ == "1.3.0"


def test_run_sync_hands_back_the_picture(client: segmind.SegmindClient) -> None:
    response = client.run_sync("flux-schnell", **SMALL)
    assert Image.open(io.BytesIO(response.content)).size == (64, 64)
    assert response.headers["x-cost"] == "0.0078544346"


def test_run_submits_polls_and_returns_the_result(client: segmind.SegmindClient) -> None:
    body = client.run("flux-schnell", **SMALL)
    assert body["status"] == "COMPLETED"
    assert body["output"] == body["images"][0]["url"]
    assert body["metrics"]["cost"] == 0.0078544346


def test_submit_async_gives_a_handle(client: segmind.SegmindClient) -> None:
    job = client.submit_async("flux-schnell", **SMALL, _sandbox={"duration": 0.4})
    assert job.submit_response["status"] == "QUEUED"
    assert job.status()["status"] in ("QUEUED", "PROCESSING")
    body = job.wait(timeout=10, interval=0.05)
    assert body["seed"] == 7
    assert job.status()["status"] == "COMPLETED"
    assert job.result() == body


def test_the_sdks_own_test_slug(client: segmind.SegmindClient) -> None:
    body = client.submit_async("mock-inference", sleep=0.2, credits=0.05).wait(interval=0.05)
    assert body["metrics"]["cost"] == 0.05
    assert {"reasoning", "partial"} <= set(body)


@pytest.mark.parametrize("slug", ["gpt-5.5", "claude-4-sonnet", "gemini-2.5-flash", "llama-v3p1-8b-instruct"])
def test_chat_reads_every_providers_shape(client: segmind.SegmindClient, slug: str) -> None:
    messages = [{"role": "user", "content": "Plan a walk"}]
    later = client.submit_chat(slug, messages=messages).wait(interval=0.05)
    assert later.text.startswith("# Plan a walk")
    assert later.usage
    assert later.finish_reason in ("stop", "end_turn", "STOP")
    assert client.chat_sync(slug, messages=messages).text == later.text


def test_chat_waits_by_itself(client: segmind.SegmindClient) -> None:
    assert client.chat("gpt-5.5", prompt="Hello there").text.startswith("# Hello there")


def test_chat_in_json(client: segmind.SegmindClient) -> None:
    answer = client.chat_sync("gpt-5.5", prompt="as json", response_format={"type": "json_object"})
    assert set(answer.json()) == {"answer", "confidence"}


def test_a_failed_job_raises_with_its_text(client: segmind.SegmindClient) -> None:
    job = client.submit_async("flux-schnell", steps=4)
    with pytest.raises(InferenceFailed) as failed:
        job.wait(interval=0.05)
    assert failed.value.detail == "Prompt is Mandatory and must be string"
    assert failed.value.status_body["status"] == "FAILED"
    assert job.result()["status"] == "FAILED"


def test_a_job_that_does_not_end_times_out(client: segmind.SegmindClient) -> None:
    job = client.submit_async("flux-schnell", **SMALL, _sandbox={"fault": "job_never_ends"})
    with pytest.raises(InferenceTimeout) as late:
        job.wait(timeout=0.3, interval=0.05)
    assert late.value.request_id == job.request_id


def test_a_submit_without_an_id_raises(client: segmind.SegmindClient) -> None:
    with pytest.raises(SegmindError, match="missing request_id"):
        client.submit_async("flux-schnell", **SMALL, _sandbox={"fault": "submit_without_id"})


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 410, 429, 500, 502, 504])
def test_errors_carry_status_and_text(client: segmind.SegmindClient, status: int) -> None:
    for call in (client.run_sync, client.submit_async):
        with pytest.raises(SegmindError) as refused:
            call("flux-schnell", **SMALL, _sandbox={"fault": f"status_{status}"})
        assert refused.value.status == status
        assert bool(refused.value.detail) == (status not in (405, 502, 504))


def test_a_bad_key_raises_401(server: SandboxServer) -> None:
    stranger = segmind.SegmindClient(api_key="SG_0123456789abcdef", base_url=f"{server.url}/v1")
    with pytest.raises(SegmindError) as refused:
        stranger.run_sync("flux-schnell", **SMALL)
    stranger._client.close()
    assert refused.value.status == 401


def test_upload_and_use(
    server: SandboxServer, client: segmind.SegmindClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK has the storage's address as a constant, so that is set; nothing else is touched."""
    monkeypatch.setattr(Files, "STORAGE_BASE_URL", server.url)
    path = tmp_path / "red.png"
    Image.new("RGB", (70, 90), "red").save(path)
    uploaded = client.files.upload([path, path])
    assert len(uploaded["file_urls"]) == 2
    made = client.run_sync("nano-banana", prompt="a hill", image_urls=uploaded["file_urls"][:1])
    assert Image.open(io.BytesIO(made.content)).size == (70, 90)


def test_history_of_ones_own_calls(
    server: SandboxServer, client: segmind.SegmindClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{server.url}/inference-request/request-history"
    monkeypatch.setattr(sys.modules["segmind.generations"], "REQUEST_HISTORY_URL", address)
    made = client.run_sync("flux-schnell", **SMALL).headers["x-request-id"]
    rows = client.generations.history(per_page=5, model_name="flux", status="COMPLETED")["data"]
    assert [row["request_id"] for row in rows] == [made]
    assert client.generations.get(made) == rows[0]
    with pytest.raises(SegmindError) as missing:
        client.generations.get("nope")
    assert missing.value.status == 404
