"""The provider's request history: rows, pages, filters, and whose they are."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import SMALL, Caller, Connect
from tests.sandbox_server import SandboxServer

PATH = "/inference-request/request-history"


def page(caller: Caller, **query: Any) -> dict[str, Any]:
    response = caller.http.get(PATH, params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.fixture
def busy(server: SandboxServer, caller: Caller) -> Caller:
    """A caller with a picture on v1, three pictures from one v2 job, a failed job, a running one, a text."""
    caller.v1("flux-schnell", SMALL)
    caller.v2("ssd-1b", {"prompt": "a hill", "samples": 3, "img_width": 64, "img_height": 64})
    caller.v2("flux-schnell", {**SMALL, "_sandbox": {"fault": "job_fails", "error": "No face found"}})
    caller.v1("gpt-5.5", {"prompt": "Hello"})
    server.wait_idle()
    caller.v2("z-image-turbo", {**SMALL, "_sandbox": {"fault": "job_never_ends"}})
    return caller


def test_one_row_per_output_each_with_the_full_cost(busy: Caller) -> None:
    rows = page(busy, model_name="ssd")["data"]
    assert len(rows) == 3
    assert len({row["request_id"] for row in rows}) == 1
    assert len({row["generation_url"] for row in rows}) == 3
    assert len({row["credits_deduction"] for row in rows}) == 1
    charged = busy.server.books(key=busy.key, kind="charge", slug="ssd-1b")
    assert rows[0]["credits_deduction"] == float(charged[0]["cost"])
    assert all(httpx.get(row["generation_url"]).status_code == 200 for row in rows)


def test_rows_tell_inputs_outcome_and_error(busy: Caller) -> None:
    failed = page(busy, status="FAILED")["data"]
    assert [(row["error"], row["credits_deduction"], row["generation_url"]) for row in failed] == [
        ("No face found", 0.0, None)
    ]
    assert failed[0]["request_body"]["prompt"] == "a hill"
    pending = page(busy, status="PENDING")["data"]
    assert [row["model_name"] for row in pending] == ["z-image-turbo"]
    text = page(busy, model_name="gpt")["data"]
    assert text[0]["generation_url"] is None
    assert text[0]["latency_ms"] >= 0


def test_pages_and_order(busy: Caller) -> None:
    first = page(busy, per_page=3)
    assert (first["page"], first["per_page"], first["total"], first["total_pages"]) == (1, 3, 7, 3)
    times = [
        row["model_created"] for number in (1, 2, 3) for row in page(busy, per_page=3, page=number)["data"]
    ]
    assert times == sorted(times, reverse=True)
    assert len(times) == 7
    names = [row["model_name"] for row in page(busy, sort_by="model_name", sort_order="asc")["data"]]
    assert names == sorted(names)
    costs = [row["credits_deduction"] for row in page(busy, sort_by="credits_deduction")["data"]]
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        {"page": 0},
        {"per_page": 101},
        {"per_page": "x"},
        {"status": "QUEUED"},
        {"sort_by": "error"},
        {"sort_order": "up"},
        {"from_date": "1.2.2026"},
        {"from_date": "2026-01-01", "to_date": "2026-02-02"},
        {"from_date": "2026-01-02", "to_date": "2026-01-01"},
    ],
)
def test_odd_queries_are_400(caller: Caller, query: dict[str, str]) -> None:
    response = caller.http.get(PATH, params=query)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]


def test_the_window_is_seven_days_unless_told(server: SandboxServer, busy: Caller) -> None:
    today = date.fromisoformat(server.stats()["now"][:10])
    week_ago = (today - timedelta(days=9)).isoformat()
    assert page(busy, from_date=week_ago, to_date=(today - timedelta(days=2)).isoformat())["total"] == 0
    assert page(busy, from_date=week_ago)["total"] == 7


def test_a_single_request_is_its_owners(busy: Caller, connect: Connect) -> None:
    row = page(busy, model_name="gpt")["data"][0]
    assert busy.http.get(f"{PATH}/{row['request_id']}").json() == row
    stranger = connect(busy.server, busy.server.new_key())
    assert stranger.http.get(f"{PATH}/{row['request_id']}").status_code == 404
    assert page(stranger)["data"] == []
