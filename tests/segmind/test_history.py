"""The provider's own record, whatever its envelope."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.segmind.addresses import WrongAddress
from playground.segmind.history import PER_PAGE, History, parse_history, read_history
from playground.segmind.reply import Answer
from playground.segmind.upload import upload_body, uploaded_url
from playground.segmind.wire import Streamed, pieces

ROW = {
    "request_id": "abc",
    "model_name": "veo-3",
    "model_status": "completed",
    "credits_deduction": 0.05,
    "created_at": "2026-09-01T12:00:00",
    "error": None,
}


@pytest.mark.parametrize(
    "envelope",
    [
        [ROW],
        {"data": [ROW]},
        {"data": {"items": [ROW], "total": 1}},
        {"page": 1, "results": {"rows": [ROW]}},
        ROW,
        {"data": ROW},
    ],
)
def test_rows_are_found_in_any_envelope(envelope: object) -> None:
    (row,) = parse_history(json.dumps(envelope).encode())
    assert (row.request_id, row.model, row.status, row.cost) == ("abc", "veo-3", "COMPLETED", Decimal("0.05"))
    assert (row.cost_text, row.created_text, row.outputs) == ("0.05", "2026-09-01T12:00:00", 1)


def test_a_job_with_several_outputs_costs_once() -> None:
    rows = parse_history(json.dumps({"data": [ROW, {**ROW, "request_id": "def"}, ROW, ROW]}).encode())
    assert [(row.request_id, row.cost, row.outputs) for row in rows] == [
        ("abc", Decimal("0.05"), 3),
        ("def", Decimal("0.05"), 1),
    ]


@given(st.binary(max_size=200))
def test_garbage_has_no_rows(body: bytes) -> None:
    assert parse_history(body) == ()


def test_a_missing_cost_is_none() -> None:
    (row,) = parse_history(json.dumps([{**ROW, "credits_deduction": None}]).encode())
    assert (row.cost, row.cost_text) == (None, "")


@pytest.mark.parametrize(
    ("status", "body", "url"),
    [
        (200, {"file_urls": ["https://images.segmind.com/a"]}, "https://images.segmind.com/a"),
        (200, {"urls": ["https://storage.segmind.com/a"]}, "https://storage.segmind.com/a"),
        (200, {"file_urls": [], "urls": ["https://storage.segmind.com/a"]}, "https://storage.segmind.com/a"),
        (200, {"file_urls": ["javascript:x"]}, ""),
        (200, {"file_urls": "https://images.segmind.com/a"}, ""),
        (200, {}, ""),
        (401, {"file_urls": ["https://images.segmind.com/a"]}, ""),
    ],
)
def test_both_shapes_of_an_upload_answer(status: int, body: object, url: str) -> None:
    raw = json.dumps(body).encode()
    assert uploaded_url(Answer(status, (), raw, len(raw))) == url


@pytest.mark.parametrize("media_type", ["", "image", 'image/png"', "image/png;x", "image/png\n"])
def test_a_media_type_cannot_break_out_of_the_body(media_type: str) -> None:
    with pytest.raises(ValueError):
        upload_body(media_type, Streamed(pieces(b""), 0))


# -- reading all of it

KEY = "SGTEST_0123456789abcdef"
DAY = date(2026, 9, 1)


def read(answer: Callable[[int], httpx.Response], *, key: str = KEY) -> tuple[History, list[httpx.Request]]:
    """What comes of a history whose pages ``answer`` makes, and what it was asked."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(int(request.url.params["page"]))

    found = read_history(
        "http://127.0.0.1:9",
        key,
        sandbox=True,
        from_date=DAY,
        to_date=DAY,
        transport=httpx.MockTransport(handle),
    )
    return found, asked


def rows(count: int, request_id: str = "") -> list[dict[str, object]]:
    return [{**ROW, "request_id": request_id or f"r{number}"} for number in range(count)]


def test_pages_are_read_to_the_last_and_a_request_over_two_pages_counts_once() -> None:
    pages = {1: rows(PER_PAGE - 1) + rows(1, "twice"), 2: rows(3, "twice")}
    found, asked = read(lambda page: httpx.Response(200, json={"data": pages[page]}))
    assert (found.complete, len(found.rows), len(asked)) == (True, PER_PAGE, 2)
    assert (found.rows[-1].outputs, found.rows[-1].cost) == (4, Decimal("0.05"))
    assert {one.url.params["from_date"] for one in asked} == {"2026-09-01"}


def test_an_empty_history_is_complete() -> None:
    found, _ = read(lambda page: httpx.Response(200, json={"data": {"items": []}, "total": 0}))
    assert found == History((), complete=True)


@pytest.mark.parametrize(
    "broken",
    [
        httpx.Response(500, json={"error": "Internal"}),
        httpx.Response(200, json={"error": "Internal"}),
        httpx.Response(200, text="<html></html>"),
        httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
    ],
)
def test_what_is_no_page_leaves_the_history_incomplete(broken: httpx.Response) -> None:
    found, asked = read(lambda page: httpx.Response(200, json=rows(PER_PAGE)) if page == 1 else broken)
    assert (found.complete, len(found.rows), len(asked)) == (False, PER_PAGE, 2)


def test_a_key_that_belongs_elsewhere_is_not_sent() -> None:
    with pytest.raises(WrongAddress):
        read(lambda page: httpx.Response(200, json=[]), key="SG_0123456789abcdef")


@pytest.mark.parametrize("body", [{"prompt": "a hill"}, json.dumps({"prompt": "a hill"})])
def test_a_body_is_an_object_or_its_text(body: object) -> None:
    (row,) = parse_history(json.dumps([{**ROW, "request_body": body}]).encode())
    assert row.body == {"prompt": "a hill"}
