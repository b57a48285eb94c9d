"""Every fault does what the README says, and the books tell what it cost."""

import json
import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from playground.sandbox import faults
from tests.sandbox.conftest import SMALL, Caller
from tests.sandbox_server import SandboxServer

SLUG = "flux-schnell"
README = Path(faults.__file__).with_name("README.md")


def ask(fault: str | dict[str, Any], **params: Any) -> dict[str, Any]:
    """A cheap body that asks for one fault."""
    return {**SMALL, "_sandbox": {"fault": fault, **params}}


def kinds(caller: Caller) -> list[str]:
    return [row["kind"] for row in caller.server.books(key=caller.key) if row["kind"] != "key"]


def test_the_readme_lists_every_fault() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", README.read_text().partition("## Faults")[2], re.MULTILINE)
    assert listed == list(faults.FAULTS)


def test_every_fault_is_tested_here() -> None:
    source = Path(__file__).read_text()
    plain = [
        name for name in faults.FAULTS if not name.startswith("status_4") and not name.startswith("status_5")
    ]
    assert [name for name in plain if f'"{name}"' not in source] == []


# -- How a fault is asked for ------------------------------------------------------------------------------


def test_by_slug_for_a_number_of_times_and_one_key(server: SandboxServer, caller: Caller) -> None:
    server.fault(SLUG, "status_500", times=2, key=caller.key)
    assert [caller.v1(SLUG, SMALL).status_code for _ in range(3)] == [500, 500, 200]
    server.fault(SLUG, "status_500", key=server.new_key())
    assert caller.v1(SLUG, SMALL).status_code == 200
    server.fault("*", "status_503", key=caller.key)
    assert caller.v1("z-image-turbo", SMALL).status_code == 503
    server.clear_faults()
    assert caller.v1("z-image-turbo", SMALL).status_code == 200


def test_by_header_as_text_or_json(caller: Caller) -> None:
    response = caller.http.post(
        f"/v1/{SLUG}", json=SMALL, headers={"x-sandbox-fault": "status_500;text=Oh no"}
    )
    assert response.json() == {"error": "Oh no"}
    asked = json.dumps([{"fault": "status_400", "text": "Blocked"}])
    response = caller.http.post(f"/v1/{SLUG}", json=SMALL, headers={"x-sandbox-fault": asked})
    assert (response.status_code, response.json()) == (400, {"error": "Blocked"})


def test_by_body_as_name_object_or_list(caller: Caller) -> None:
    assert caller.v1(SLUG, ask("status_500")).status_code == 500
    assert caller.v1(SLUG, ask({"fault": "status_500"})).status_code == 500
    both = {**SMALL, "_sandbox": {"fault": ["status_500", {"fault": "delay", "ms": 300}]}}
    started = time.monotonic()
    assert caller.v1(SLUG, both).status_code == 500
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(
    "asked",
    [
        {"fault": "no_such_fault"},
        {"fault": 5},
        {"fault": "delay", "at": "nowhere"},
        {"fault": "delay", "times": 0},
    ],
)
def test_a_fault_that_does_not_exist_is_400(caller: Caller, asked: dict[str, Any]) -> None:
    assert caller.v1(SLUG, {**SMALL, "_sandbox": asked}).status_code == 400
    assert caller.http.post("/_sandbox/faults", json={"slug": SLUG, **asked}).status_code == 400
    headers = {"x-sandbox-fault": json.dumps(asked)}
    assert caller.http.post(f"/v1/{SLUG}", json=SMALL, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("name", "path"),
    [("get-user-credits", "/v1/get-user-credits"), ("request-history", "/inference-request/request-history")],
)
def test_the_routes_beside_the_models_have_faults_too(
    server: SandboxServer, caller: Caller, name: str, path: str
) -> None:
    server.fault(name, "status_404", times=1, text="No credits found for the user", key=caller.key)
    server.fault(name, "drop_after_body", times=1, key=caller.key)
    with pytest.raises(httpx.RemoteProtocolError):
        caller.http.get(path)
    server.fault(name, "status_404", times=1, text="No credits found for the user", key=caller.key)
    response = caller.http.get(path)
    assert (response.status_code, response.json()) == (404, {"error": "No credits found for the user"})
    assert caller.http.get(path).status_code == 200


def test_files_have_faults_too(server: SandboxServer, caller: Caller) -> None:
    made = caller.v2(SLUG, SMALL).json()["request_id"]
    caller.finish(made)
    address = caller.result(made).json()["output"]
    server.fault("files", "wrong_content_type", value="text/html", times=1)
    assert httpx.get(address).headers["content-type"] == "text/html"
    server.fault("files", "redirect", to="http://127.0.0.1:9/", times=1)
    assert httpx.get(address).headers["location"] == "http://127.0.0.1:9/"
    assert httpx.get(address).status_code == 200


# -- Before the run ----------------------------------------------------------------------------------------


def test_delay_runs_afterwards(caller: Caller) -> None:
    started = time.monotonic()
    assert caller.v1(SLUG, ask("delay", ms=300)).status_code == 200
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("code", faults.STATUSES)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_statuses_run_nothing(caller: Caller, version: str, code: int) -> None:
    response = caller.http.post(f"/{version}/{SLUG}", json=ask(f"status_{code}"))
    assert response.status_code == code
    html = response.headers["content-type"].startswith("text/html")
    assert html == (code in (405, 502, 504))
    if not html:
        assert response.json()["error"]
    assert kinds(caller) == ["refused"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("status_406_content_type", "Invalid content type"),
        ("status_406_credits", "Insufficient credits"),
        ("status_406_value", "Invalid value"),
        ("status_406_cap", "monthly cap of 50.0"),
        ("status_406", "Not acceptable"),
    ],
)
def test_406_has_four_texts_and_a_bare_one(caller: Caller, name: str, part: str) -> None:
    response = caller.v1(SLUG, ask(name))
    assert response.status_code == 406
    assert part in response.json()["error"]


@pytest.mark.parametrize(
    ("params", "pattern"),
    [
        ({}, r"\d{4}-\d\d-\d\dT[\d:.]+Z"),
        ({"reset_format": "epoch", "reset_in": 5}, r"\d{10}"),
        ({"reset_format": "garbage"}, r"soon.*"),
    ],
)
def test_429_tells_its_reset_in_three_forms(caller: Caller, params: dict[str, Any], pattern: str) -> None:
    response = caller.v1(SLUG, ask("status_429", **params))
    assert re.fullmatch(pattern, response.headers["x-rate-limit-reset-at-utc"])
    assert "retry-after" not in response.headers


def test_429_can_leave_its_reset_out(caller: Caller) -> None:
    assert "x-rate-limit-reset-at-utc" not in caller.v1(SLUG, ask("status_429", reset=False)).headers


@pytest.mark.parametrize("code", [404, 500])
def test_any_status_can_come_as_html(caller: Caller, code: int) -> None:
    response = caller.v1(SLUG, ask(f"status_{code}", html=True))
    assert response.status_code == code
    assert "<html>" in response.text


def test_drop_before_body_by_slug_and_header(server: SandboxServer, caller: Caller) -> None:
    server.fault(SLUG, "drop_before_body", times=1, key=caller.key)
    for headers in ({}, {"x-sandbox-fault": "drop_before_body"}):
        with pytest.raises(httpx.TransportError):
            caller.http.post(f"/v1/{SLUG}", json={**SMALL, "fill": "x" * 1_000_000}, headers=headers)
    assert kinds(caller) == ["dropped", "dropped"]
    assert server.books(key=caller.key)[-1]["body_sha256"] is None


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_drop_after_body_runs_nothing(caller: Caller, version: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        caller.http.post(f"/{version}/{SLUG}", json=ask("drop_after_body"))
    assert kinds(caller) == ["dropped"]
    assert caller.balance()["credits"] == 25


def test_redirect_goes_elsewhere_and_runs_nothing(caller: Caller) -> None:
    response = caller.v1(SLUG, ask("redirect", to="http://127.0.0.1:9/steal"))
    assert (response.status_code, response.headers["location"]) == (302, "http://127.0.0.1:9/steal")
    assert kinds(caller) == ["refused"]


# -- After the run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_drop_after_charge_charges(server: SandboxServer, caller: Caller, version: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        caller.http.post(f"/{version}/{SLUG}", json=ask("drop_after_charge"))
    server.wait_idle()
    assert kinds(caller) == ["accepted", "charge"]


def test_drop_mid_body_sends_headers_and_half(caller: Caller) -> None:
    with caller.http.stream("POST", f"/v1/{SLUG}", json=ask("drop_mid_body")) as response:
        assert response.status_code == 200
        assert Decimal(response.headers["x-cost"]) > 0
        got = b""
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):  # noqa: PT012
            for piece in response.iter_raw():
                got += piece
    assert 0 < len(got) < int(response.headers["content-length"])
    assert kinds(caller) == ["accepted", "charge"]


def test_garbage_status_line_is_no_http(caller: Caller) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        caller.v1(SLUG, ask("garbage_status_line"))
    assert kinds(caller) == ["accepted", "charge"]


def test_slow_drip_takes_its_time_and_is_whole(caller: Caller) -> None:
    whole = caller.v1(SLUG, SMALL).content
    started = time.monotonic()
    dripped = caller.v1(SLUG, ask("slow_drip", bytes=len(whole) // 4, ms=100))
    assert time.monotonic() - started >= 0.4
    assert dripped.content == whole


def test_wrong_or_no_content_type_keeps_the_bytes(caller: Caller) -> None:
    whole = caller.v1(SLUG, SMALL).content
    wrong = caller.v1(SLUG, ask("wrong_content_type", value="application/json"))
    assert (wrong.headers["content-type"], wrong.content) == ("application/json", whole)
    assert caller.v1(SLUG, ask("wrong_content_type")).headers["content-type"] == "text/plain"
    bare = caller.v1(SLUG, ask("no_content_type"))
    assert bare.content == whole
    assert "content-type" not in bare.headers


def test_truncated_and_empty_bodies_look_whole(caller: Caller) -> None:
    whole = caller.v1(SLUG, SMALL).content
    cut = caller.v1(SLUG, ask("truncated_body"))
    assert cut.content == whole[: len(whole) // 2]
    empty = caller.v1(SLUG, ask("empty_body"))
    assert (empty.status_code, empty.content) == (200, b"")
    assert Decimal(empty.headers["x-cost"]) > 0


def test_huge_and_gzip_bodies_have_the_size_asked_for(caller: Caller) -> None:
    whole = caller.v1(SLUG, SMALL).content
    huge = caller.v1(SLUG, ask("huge_body", bytes=3_000_000))
    assert len(huge.content) == len(whole) + 3_000_000
    with caller.http.stream("POST", f"/v1/{SLUG}", json=ask("gzip_body", bytes=5_000_000)) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert len(packed.read()) == 5_000_000
        assert packed.num_bytes_downloaded < 50_000


@pytest.mark.parametrize("name", ["html_200", "json_error_200"])
def test_odd_answers_under_200_with_and_without_a_charge(caller: Caller, name: str) -> None:
    free = caller.v1(SLUG, ask(name))
    assert free.status_code == 200
    assert "x-cost" not in free.headers
    assert kinds(caller) == ["refused"]
    paid = caller.v1(SLUG, ask(name, charge=True))
    assert paid.content == free.content
    assert Decimal(paid.headers["x-cost"]) > 0
    assert kinds(caller) == ["refused", "accepted", "charge"]


COSTS = [
    ("cost_missing", None),
    ("cost_negative", "-0.05"),
    ("cost_nan", "NaN"),
    ("cost_infinite", "Infinity"),
    ("cost_text", "free"),
    ("cost_long", "0.123456789012345678901234567890"),
    ("cost_huge", "99999999999999"),
    ("cost_comma", "0,05"),
]


@pytest.mark.parametrize(("name", "told"), COSTS)
def test_odd_costs_are_told_but_the_true_one_is_charged(caller: Caller, name: str, told: str | None) -> None:
    response = caller.v1(SLUG, ask(name))
    assert response.headers.get("x-cost") == told
    made = caller.v2(SLUG, ask(name)).json()["request_id"]
    caller.finish(made)
    text = caller.result(made).text
    shown = json.dumps(told) if name in ("cost_text", "cost_comma") else told
    assert (f'"cost": {shown}' in text) if told else ('"cost"' not in text)
    assert {row["cost"] for row in caller.server.charges(caller.key)} == {"0.0078544346"}


# -- v2 ----------------------------------------------------------------------------------------------------


def test_job_never_ends(caller: Caller) -> None:
    made = caller.v2(SLUG, ask("job_never_ends")).json()["request_id"]
    time.sleep(0.5)
    assert caller.status(made).json()["status"] == "PROCESSING"
    assert kinds(caller) == ["accepted"]


def test_job_fails(caller: Caller) -> None:
    made = caller.v2(SLUG, ask("job_fails", error="No face found")).json()["request_id"]
    assert caller.finish(made).status_code == 422
    assert caller.result(made).json()["error"] == "No face found"
    assert kinds(caller) == ["accepted", "failed"]


def test_job_flaps_and_then_tells_the_truth(server: SandboxServer, caller: Caller) -> None:
    made = caller.v2(SLUG, ask("job_flaps", polls=5)).json()["request_id"]
    server.wait_idle()
    answers = [caller.status(made) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [502, 429, 200, 404, 200, 200]
    assert [answer.headers["content-type"].split(";")[0] for answer in answers[:4]] == [
        *("text/html", "application/json", "text/html", "application/json"),
    ]
    assert answers[5].json()["status"] == "COMPLETED"


def test_job_vanishes_after_some_polls_and_is_charged(server: SandboxServer, caller: Caller) -> None:
    made = caller.v2(SLUG, ask("job_vanishes", after=2)).json()["request_id"]
    assert [caller.status(made).status_code for _ in range(4)] == [200, 200, 404, 404]
    assert caller.result(made).status_code == 404
    server.wait_idle()
    assert kinds(caller) == ["accepted", "charge"]


def test_job_late_is_not_there_at_first(caller: Caller) -> None:
    made = caller.v2(SLUG, ask("job_late", ms=400)).json()["request_id"]
    assert caller.status(made).status_code == 404
    assert caller.result(made).status_code == 404
    time.sleep(0.5)
    assert caller.finish(made).json()["status"] == "COMPLETED"


@pytest.mark.parametrize("status", [404, 500])
def test_result_lost_is_completed_and_charged(caller: Caller, status: int) -> None:
    made = caller.v2(SLUG, ask("result_lost", status=status)).json()["request_id"]
    assert caller.finish(made).json()["status"] == "COMPLETED"
    assert caller.result(made).status_code == status
    assert kinds(caller) == ["accepted", "charge"]


def test_submit_without_id_runs_all_the_same(server: SandboxServer, caller: Caller) -> None:
    assert caller.v2(SLUG, ask("submit_without_id")).json() == {"status": "QUEUED"}
    server.wait_idle()
    assert kinds(caller) == ["accepted", "charge"]


def test_foreign_urls_point_elsewhere(caller: Caller) -> None:
    body = caller.v2(SLUG, ask("foreign_urls", to="http://127.0.0.1:9")).json()
    made = body["request_id"]
    assert body["status_url"] == f"http://127.0.0.1:9/v2/requests/{made}/status"
    assert caller.finish(made).json()["status"] == "COMPLETED"


def test_status_without_metrics(caller: Caller) -> None:
    made = caller.v2(SLUG, ask("status_without_metrics")).json()["request_id"]
    assert "metrics" not in caller.finish(made).json()
    assert "metrics" not in caller.result(made).json()
    assert caller.result(made).json()["output"]


def test_any_fault_can_strike_the_polls_a_number_of_times(server: SandboxServer, caller: Caller) -> None:
    asked = [
        {"fault": "status_500", "at": "status", "times": 2},
        {"fault": "html_200", "at": "result", "times": 1},
    ]
    made = caller.v2(SLUG, {**SMALL, "_sandbox": {"fault": asked}}).json()["request_id"]
    assert [caller.status(made).status_code for _ in range(3)] == [500, 500, 200]
    server.wait_idle()
    assert caller.result(made).headers["content-type"] == "text/html"
    assert caller.result(made).json()["status"] == "COMPLETED"
    server.fault(SLUG, "drop_after_body", at="status", times=1, key=caller.key)
    with pytest.raises(httpx.RemoteProtocolError):
        caller.status(made)
    assert caller.status(made).status_code == 200
