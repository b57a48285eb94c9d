"""The provider's own record, whatever its envelope."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.segmind.history import parse_history
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
