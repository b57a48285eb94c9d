"""What the provider is known to answer, row by row."""

import base64
import re
import time
from decimal import Decimal

import httpx
import pytest

from tests.sandbox.conftest import SMALL, Caller, Connect
from tests.sandbox_server import SandboxServer

ROUTES = [
    ("POST", "/v1/flux-schnell"),
    ("POST", "/v2/flux-schnell"),
    ("GET", "/v1/get-user-credits"),
    ("GET", "/v2/requests/abc/status"),
    ("GET", "/v2/requests/abc"),
    ("GET", "/v1/requests/abc"),
    ("POST", "/upload-asset"),
    ("GET", "/inference-request/request-history"),
    ("GET", "/inference-request/request-history/abc"),
]
NO_KEY = {"error": "Missing Authorization or x-api-key in header"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_key_is_401_missing(server: SandboxServer, method: str, path: str) -> None:
    response = httpx.request(method, server.url + path)
    assert response.status_code == 401
    assert response.json() == NO_KEY


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "SG_0123456789abcdef"},
        {"x-api-key": "SGTEST_0123"},
        {"x-api-key": "SGTEST_0123456789abcdeg"},
        {"Authorization": "Bearer SGTEST_0123456789abcdef"},
    ],
)
def test_other_keys_are_401_refused(
    server: SandboxServer, method: str, path: str, headers: dict[str, str]
) -> None:
    response = httpx.request(method, server.url + path, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"].startswith("Unauthorized. API key is invalid or may have expired")


def test_a_revoked_key_is_refused_and_can_come_back(server: SandboxServer, caller: Caller) -> None:
    assert caller.http.get("/v1/get-user-credits").status_code == 200
    server.revoke(caller.key)
    assert caller.http.get("/v1/get-user-credits").status_code == 401
    server.change_key(caller.key, revoked=False)
    assert caller.http.get("/v1/get-user-credits").status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_other_content_types_are_406(caller: Caller, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    for version in ("v1", "v2"):
        response = caller.http.post(f"/{version}/flux-schnell", content=b'{"prompt": "x"}', headers=headers)
        assert response.status_code == 406
        assert "Invalid content type" in response.json()["error"]


def test_multipart_is_accepted(caller: Caller) -> None:
    response = caller.http.post(
        "/v1/flux-schnell",
        data={"prompt": "a hill", "width": "64", "height": "64"},
        files={"mask": ("mask.png", b"not a picture")},
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"


def test_a_balance_below_the_cost_is_406_with_both_amounts(server: SandboxServer, connect: Connect) -> None:
    poor = connect(server, server.new_key("0.001"))
    for response in (poor.v1("flux-schnell"), poor.v2("flux-schnell")):
        assert response.status_code == 406
        text = response.json()["error"]
        assert "Insufficient credits" in text
        assert "0.001" in text
        assert "0.0078544346" in text
    assert poor.balance() == {"credits": 0.001, "free-credits": 0.0}


def test_a_team_cap_is_406_with_period_and_cap(server: SandboxServer, connect: Connect) -> None:
    capped = connect(server, server.new_key("25", cap="0.01", cap_period="weekly"))
    assert capped.v1("flux-schnell", SMALL).status_code == 200
    response = capped.v1("flux-schnell", SMALL)
    assert response.status_code == 406
    assert "weekly cap of 0.01" in response.json()["error"]


def test_a_rejected_value_is_406_with_the_choices(caller: Caller) -> None:
    for response in (
        caller.v1("fast-flux-schnell", {"prompt": "x", "aspect_ratio": "7:3"}),
        caller.v2("kling-2.6", {"prompt": "x", "duration": 5}),
    ):
        assert response.status_code == 406
        assert "Invalid value" in response.json()["error"]


@pytest.mark.parametrize(
    ("slug", "status"), [("no-such-model", 404), ("sandbox-retired", 410), ("sandbox-forbidden", 403)]
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_slugs_that_do_not_run(caller: Caller, version: str, slug: str, status: int) -> None:
    response = caller.http.post(f"/{version}/{slug}", json={"prompt": "x"})
    assert response.status_code == status
    assert list(response.json()) == ["error"]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_verbs_are_405_with_html(caller: Caller, version: str, method: str) -> None:
    response = caller.http.request(method, f"/{version}/flux-schnell")
    assert response.status_code == 405
    assert response.headers["content-type"].startswith("text/html")
    assert "<h1>405 Method Not Allowed</h1>" in response.text


def test_v1_picture_has_bytes_and_money_headers(caller: Caller) -> None:
    response = caller.v1("flux-schnell", SMALL)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert response.content.startswith(b"\xff\xd8\xff")
    assert response.headers["x-cost"] == "0.0078544346"
    assert Decimal(response.headers["x-remaining-credits"]) == Decimal(25) - Decimal("0.0078544346")
    assert Decimal(response.headers["x-generation-time"]) > 0
    assert response.headers["x-seed-value"] == "7"
    assert re.fullmatch(r"[0-9a-f-]{36}", response.headers["x-request-id"])


def test_v1_base64_is_json_with_the_same_picture(caller: Caller) -> None:
    plain = caller.v1("ssd-1b", {**SMALL, "img_width": 64, "img_height": 64})
    wrapped = caller.v1("ssd-1b", {**SMALL, "img_width": 64, "img_height": 64, "base64": True})
    assert wrapped.headers["content-type"] == "application/json"
    assert base64.b64decode(wrapped.json()["image"]) == plain.content
    assert wrapped.headers["x-cost"] == plain.headers["x-cost"]


@pytest.mark.parametrize(
    ("slug", "path"),
    [
        ("gpt-5.5", ("choices", 0, "message", "content")),
        ("claude-4-sonnet", ("content", 0, "text")),
        ("gemini-2.5-flash", ("candidates", 0, "content", "parts", 0, "text")),
    ],
)
def test_v1_language_models_answer_in_their_providers_shape(
    caller: Caller, slug: str, path: tuple[str | int, ...]
) -> None:
    messages = [{"role": "user", "content": "Plan a walk in the hills"}]
    response = caller.v1(slug, {"messages": messages})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert Decimal(response.headers["x-cost"]) > 0
    assert "x-seed-value" not in response.headers
    found = response.json()
    for step in path:
        found = found[step]
    assert found.startswith("# Plan a walk in the hills")
    assert "\n- " in found
    assert "```python" in found


def test_v1_without_a_required_field_is_400_and_free(caller: Caller) -> None:
    response = caller.http.post("/v1/flux-schnell", json={"steps": 4})
    assert response.status_code == 400
    assert response.json() == {"error": "Prompt is Mandatory and must be string"}
    assert caller.balance()["credits"] == 25


@pytest.mark.parametrize("text", [b"{", b"[]", b"null", b'{"prompt": NaN}', b"[" * 100_000, b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_400(caller: Caller, text: bytes) -> None:
    for version in ("v1", "v2"):
        response = caller.http.post(
            f"/{version}/flux-schnell", content=text, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 400
        assert response.json() == {"error": "Invalid JSON body"}


def test_v2_submit_has_its_five_keys(caller: Caller) -> None:
    response = caller.v2("flux-schnell", SMALL)
    assert response.status_code == 200
    body = response.json()
    base, made = caller.server.url, body["request_id"]
    assert body == {
        "request_id": made,
        "status": "QUEUED",
        "poll_url": f"{base}/v1/requests/{made}",
        "status_url": f"{base}/v2/requests/{made}/status",
        "response_url": f"{base}/v2/requests/{made}",
    }


def test_v2_goes_through_queued_and_processing_to_completed(caller: Caller) -> None:
    body = {**SMALL, "_sandbox": {"duration": 0.8}}
    made = caller.v2("flux-schnell", body).json()["request_id"]
    seen: list[str] = []
    while not seen or seen[-1] not in ("COMPLETED", "FAILED"):
        response = caller.status(made)
        assert response.status_code == 200
        seen.append(response.json()["status"])
        if seen[-1] != "COMPLETED":
            assert set(response.json()) == {"status", "request_id", "status_url", "response_url", "metrics"}
            assert caller.result(made).json()["status"] in ("QUEUED", "PROCESSING", "COMPLETED")
        time.sleep(0.03)
    assert list(dict.fromkeys(seen)) == ["QUEUED", "PROCESSING", "COMPLETED"]


def test_v2_result_has_output_images_seed_and_metrics(caller: Caller) -> None:
    made = caller.v2("flux-schnell", SMALL).json()["request_id"]
    assert caller.finish(made).json()["metrics"]["inference_time"] > 0
    response = caller.result(made)
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "COMPLETED"
    assert body["error"] is None
    assert body["seed"] == 7
    assert '"cost": 0.0078544346' in response.text
    assert body["metrics"]["remaining_credits"] == 24.9921455654
    assert set(body["metrics"]) == {
        *("cost", "remaining_credits", "inference_time", "queue_time", "total_time", "retry_count"),
    }
    image = body["images"][0]
    assert image["url"] == body["output"]
    file = httpx.get(body["output"])
    assert file.headers["content-type"] == image["content_type"] == "image/jpeg"
    assert len(file.content) == image["file_size"]
    assert file.content == caller.v1("flux-schnell", SMALL).content
    assert caller.http.get(f"/v1/requests/{made}").json()["output"] == body["output"]


def test_v2_failure_is_422_on_both_routes_and_free(caller: Caller) -> None:
    response = caller.http.post("/v2/flux-schnell", json={"steps": 4})
    assert response.status_code == 200
    made = response.json()["request_id"]
    for answer in (caller.finish(made), caller.result(made)):
        assert answer.status_code == 422
        body = answer.json()
        assert body["status"] == "FAILED"
        assert body["error"] == "Prompt is Mandatory and must be string"
        assert set(body["metrics"]) == {"inference_time", "queue_time", "total_time"}
    assert caller.balance()["credits"] == 25


def test_v2_moves_the_balance_once_and_only_at_the_end(caller: Caller) -> None:
    body = {**SMALL, "_sandbox": {"duration": 0.5, "cost": "1.5"}}
    made = caller.v2("flux-schnell", body).json()["request_id"]
    assert caller.balance()["credits"] == 25
    caller.finish(made)
    assert caller.balance()["credits"] == 23.5
    caller.result(made)
    caller.result(made)
    assert caller.balance()["credits"] == 23.5


def test_v2_wraps_a_providers_json_as_text(caller: Caller) -> None:
    made = caller.v2("claude-4-sonnet", {"prompt": "Hello"}).json()["request_id"]
    caller.finish(made)
    body = caller.result(made).json()
    assert isinstance(body["output"], str)
    assert '"type": "message"' in body["output"]
    assert "images" not in body


def test_an_unknown_id_and_another_keys_id_are_404(caller: Caller, connect: Connect) -> None:
    made = caller.v2("flux-schnell", SMALL).json()["request_id"]
    stranger = connect(caller.server, caller.server.new_key())
    for ask in (caller.status, caller.result):
        assert ask("nope").json() == {"error": "Request nope not found"}
    for ask in (stranger.status, stranger.result):
        assert ask(made).status_code == 404
        assert ask(made).json() == {"error": f"Request {made} not found"}


def test_too_many_calls_are_429_with_a_reset_time(server: SandboxServer, connect: Connect) -> None:
    limited = connect(server, server.new_key(rpm=2))
    assert [limited.v1("flux-schnell", SMALL).status_code for _ in range(2)] == [200, 200]
    for response in (limited.v1("flux-schnell", SMALL), limited.v2("flux-schnell", SMALL)):
        assert response.status_code == 429
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", response.headers["x-rate-limit-reset-at-utc"])
        assert "retry-after" not in response.headers
    assert limited.http.get("/v1/get-user-credits").status_code == 200


def test_balance_tells_credits_and_free_credits_apart(server: SandboxServer, connect: Connect) -> None:
    mixed = connect(server, server.new_key("1.5", free="0.0184921035"))
    response = mixed.http.get("/v1/get-user-credits")
    assert response.text == '{"credits": 1.5, "free-credits": 0.0184921035}'
    assert mixed.v1("flux-schnell", SMALL).status_code == 200
    assert mixed.http.get("/v1/get-user-credits").text == '{"credits": 1.5, "free-credits": 0.0106376689}'


def test_an_unopened_key_starts_with_the_default_balance(server: SandboxServer) -> None:
    response = httpx.get(
        f"{server.url}/v1/get-user-credits", headers={"x-api-key": "SGTEST_00000000000000Ab"}
    )
    assert response.json() == {"credits": 25.0, "free-credits": 0.5}


def test_upload_gives_a_public_address_that_stays(caller: Caller) -> None:
    content = b"\x89PNG\r\n\x1a\n and so on"
    uri = "data:image/png;base64," + base64.b64encode(content).decode()
    response = caller.http.post("/upload-asset", json={"data_urls": [uri, uri]})
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"file_urls", "message"}
    assert len(set(body["file_urls"])) == 2
    file = httpx.get(body["file_urls"][0])
    assert file.content == content
    assert file.headers["content-type"] == "image/png"
    assert caller.http.post("/upload-asset", json={"data_urls": ["nope"]}).status_code == 400
    assert caller.http.post("/upload-asset", content=b"x").status_code == 406
