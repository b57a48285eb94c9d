"""The kind of a body, the money headers, and the shapes of v2."""

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.segmind.exact import JsonNumber, parse_json, raw_text
from playground.segmind.reply import (
    Answer,
    Kind,
    classify,
    clean,
    error_text,
    header,
    holds_error,
    llm_text,
    media_type,
    money_headers,
    output_urls,
    parse_result,
    parse_status,
    parse_submit,
)

PNG = b"\x89PNG\r\n\x1a\n\x00\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "
GIF = b"GIF89a\x01\x00"
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00"
MOV = b"\x00\x00\x00\x14ftypqt  \x00\x00"
AVIF = b"\x00\x00\x00\x20ftypavif\x00\x00"
WEBM = b"\x1aE\xdf\xa3\x01\x00"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
MP3 = b"ID3\x04\x00\x00"
MP3_BARE = b"\xff\xfb\x90\x64\x00"
OGG = b"OggS\x00\x02"
FLAC = b"fLaC\x00\x00"
AAC = b"\xff\xf1\x50\x80"
M4A = b"\x00\x00\x00\x20ftypM4A \x00"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
HTML = b"<!DOCTYPE html><html><body>hi</body></html>"


@pytest.mark.parametrize(
    ("content_type", "head", "kind", "served_as"),
    [
        ("image/png", PNG, Kind.IMAGE, "image/png"),
        ("image/jpeg", JPEG, Kind.IMAGE, "image/jpeg"),
        ("image/jpg; q=1", JPEG, Kind.IMAGE, "image/jpeg"),
        ("IMAGE/WEBP", WEBP, Kind.IMAGE, "image/webp"),
        ("image/gif", GIF, Kind.IMAGE, "image/gif"),
        ("image/avif", AVIF, Kind.IMAGE, "image/avif"),
        ("image/jpeg", PNG, Kind.IMAGE, "image/png"),
        ("image/x-odd", b"\x01\x02\x03", Kind.IMAGE, "application/octet-stream"),
        ("image/png", b"\x01\x02\x03", Kind.IMAGE, "image/png"),
        ("image/svg+xml", SVG, Kind.BINARY, "application/octet-stream"),
        ("image/png", SVG, Kind.HTML, "application/octet-stream"),
        ("image/png", HTML, Kind.HTML, "application/octet-stream"),
        ("image/png", b' {"error": "x"}', Kind.JSON, "application/json"),
        ("video/mp4", MP4, Kind.VIDEO, "video/mp4"),
        ("video/quicktime", MOV, Kind.VIDEO, "video/quicktime"),
        ("video/webm", WEBM, Kind.VIDEO, "video/webm"),
        ("image/png", MP4, Kind.VIDEO, "video/mp4"),
        ("audio/mpeg", MP3, Kind.AUDIO, "audio/mpeg"),
        ("audio/mp3", MP3_BARE, Kind.AUDIO, "audio/mpeg"),
        ("audio/x-wav", WAV, Kind.AUDIO, "audio/wav"),
        ("audio/ogg", OGG, Kind.AUDIO, "audio/ogg"),
        ("audio/flac", FLAC, Kind.AUDIO, "audio/flac"),
        ("audio/aac", AAC, Kind.AUDIO, "audio/aac"),
        ("audio/mp4", M4A, Kind.AUDIO, "audio/mp4"),
        ("application/json", b'{"a": 1}', Kind.JSON, "application/json"),
        ("application/problem+json", b"{}", Kind.JSON, "application/json"),
        ("text/plain", b'{"a": 1}', Kind.TEXT, "text/plain; charset=utf-8"),
        ("text/plain", b"<b>words", Kind.TEXT, "text/plain; charset=utf-8"),
        ("text/css", b"a{}", Kind.TEXT, "text/plain; charset=utf-8"),
        ("text/html; charset=utf-8", b"words", Kind.HTML, "application/octet-stream"),
        ("application/xhtml+xml", HTML, Kind.HTML, "application/octet-stream"),
        ("application/xml", SVG, Kind.BINARY, "application/octet-stream"),
        ("text/xml", SVG, Kind.BINARY, "application/octet-stream"),
        ("application/pdf", b"%PDF-1.7\x00\xff\xfe\xfd\xfc\xfb", Kind.BINARY, "application/octet-stream"),
        ("application/octet-stream", PNG, Kind.IMAGE, "image/png"),
        (None, MP4, Kind.VIDEO, "video/mp4"),
        (None, b'\xef\xbb\xbf {"a": 1}', Kind.JSON, "application/json"),
        ("", b"[1, 2]", Kind.JSON, "application/json"),
        (None, HTML, Kind.HTML, "application/octet-stream"),
        (None, SVG, Kind.HTML, "application/octet-stream"),
        (None, "grüße".encode(), Kind.TEXT, "text/plain; charset=utf-8"),
        (None, "grüße".encode()[:-2] + b"\xc3", Kind.TEXT, "text/plain; charset=utf-8"),
        (None, b"a\x00b", Kind.BINARY, "application/octet-stream"),
        (None, b"\x80\x81\x82\x83\x84\x85\x86", Kind.BINARY, "application/octet-stream"),
        ("image/png", b"", Kind.EMPTY, "application/octet-stream"),
        (None, b"", Kind.EMPTY, "application/octet-stream"),
    ],
)
def test_kind_and_type(content_type: str | None, head: bytes, kind: Kind, served_as: str) -> None:
    assert classify(content_type, head) is kind
    assert media_type(kind, content_type, head) == served_as


@given(st.one_of(st.none(), st.text(max_size=60)), st.binary(max_size=200))
def test_any_bytes_get_a_kind_and_a_harmless_type(content_type: str | None, head: bytes) -> None:
    served = media_type(classify(content_type, head), content_type, head)
    assert served.partition("/")[0] in ("image", "video", "audio", "application", "text")
    assert "svg" not in served
    assert "html" not in served
    assert "xml" not in served


def test_header_is_found_in_any_case_and_doubled_headers_stay_visible() -> None:
    pairs = (("X-Cost", "0.05"), ("x-cost", "0.07"), ("A", "b"))
    assert header(pairs, "x-COST") == "0.05, 0.07"
    assert header(pairs, "missing") is None


def test_money_headers_are_kept_as_received() -> None:
    money = money_headers(
        [
            ("X-Cost", "0.0500"),
            ("x-remaining-credits", "-1.20"),
            ("x-generation-time", "2.50"),
            ("x-seed-value", "18446744073709551615"),
            ("x-request-id", "abc"),
            ("x-rate-limit-reset-at-utc", "2026-09-01T00:00:00"),
        ]
    )
    assert (money.cost, money.balance, money.generation_time) == ("0.0500", "-1.20", "2.50")
    assert (money.seed, money.request_id, money.reset) == (
        "18446744073709551615",
        "abc",
        "2026-09-01T00:00:00",
    )
    assert money_headers([]).cost == ""


class TestExactJson:
    @pytest.mark.parametrize(
        "text", ["0.05", "0.01804625", "1.0", "1E-7", "18446744073709551615", "0.10", "-0.0"]
    )
    def test_numbers_keep_their_text(self, text: str) -> None:
        number = parse_json(f'{{"n": {text}}}'.encode())["n"]
        assert isinstance(number, JsonNumber)
        assert number.text == text
        assert raw_text(number) == text
        assert number == Decimal(text)

    @pytest.mark.parametrize(
        "body",
        [b"", b"no", b"{", b"[" * 100_000, b"\xff\xfe", b'{"a": 1' + b"0" * 5000 + b"}", b"1e" + b"9" * 30],
    )
    def test_odd_json_never_raises(self, body: bytes) -> None:
        parse_json(body)
        parse_status(body)
        parse_submit(body)
        parse_result(body)

    def test_an_endless_exponent_is_no_number(self) -> None:
        number = parse_json(b'{"n": 1e99999999999999999999}')["n"]
        assert number.is_nan()
        assert number.text.startswith("1e999")

    def test_texts_are_safe_to_store(self) -> None:
        assert clean("a\x00b\ud800c\x1b[0m\n d ") == "a\ufffdb\ufffdc\ufffd[0m\n d"
        assert clean("key SG_0123456789abcdef and SGTEST_0123456789ABCDEF end") == "key [key] and [key] end"
        assert len(clean("x" * 10_000)) == 2000
        assert raw_text(True) == "true"
        assert raw_text(None) == raw_text({}) == raw_text([]) == ""


class TestErrorText:
    @pytest.mark.parametrize(
        ("content_type", "body", "text"),
        [
            ("application/json", b'{"error": "Prompt is mandatory"}', "Prompt is mandatory"),
            ("application/json", b'{"error": {"message": "too long", "code": 3}}', "too long"),
            ("application/json", b'{"error": {"code": 3}}', '{"code": "3"}'),
            ("application/json", b'{"error": ["a", "b"]}', '["a", "b"]'),
            ("application/json", b'{"error": null, "detail": "gone"}', "gone"),
            ("application/json", b'{"message": "Forbidden"}', "Forbidden"),
            ("application/json", b'"just text"', "just text"),
            ("application/json", b'{"odd": 1}', '{"odd": 1}'),
            ("text/plain", b"  upstream timed out ", "upstream timed out"),
            (
                "text/html",
                b"<html><head><title>502 Bad\nGateway</title></head><body>x</body></html>",
                "502 Bad Gateway",
            ),
            ("text/html", b"<script>alert(1)</script><p>No <b>way</b></p>", "No way"),
            ("text/plain", b"<html><body>hi <img src=x onerror=alert(1)", "hi"),
            ("image/png", PNG, ""),
            ("application/json", b"", ""),
        ],
    )
    def test_is_short_and_without_markup(self, content_type: str, body: bytes, text: str) -> None:
        answer = Answer(400, (("content-type", content_type),), body, len(body))
        assert error_text(answer) == text

    @pytest.mark.parametrize("tag", ["<title>", "<script>", "<title", "<!--", "<"])
    def test_a_megabyte_of_open_tags_takes_no_time(self, tag: str) -> None:
        body = (tag * (1024 * 1024 // len(tag))).encode()
        began = time.process_time()
        assert len(error_text(Answer(502, (("content-type", "text/html"),), body, len(body)))) <= 200
        assert time.process_time() - began < 1

    @given(st.binary(max_size=300))
    def test_never_raises_and_never_holds_a_nul(self, body: bytes) -> None:
        assert "\x00" not in error_text(Answer(500, (), body, len(body)))

    @pytest.mark.parametrize(
        ("body", "whole", "found"),
        [
            (b'{"error": "x"}', True, True),
            (b' \n{"error": {"code": 1}}', True, True),
            (b'{"error": null, "output": "x"}', True, False),
            (b'{"error": "", "output": "x"}', True, False),
            (b'{"text": "an \\"error\\": here"}', True, False),
            (b'{"status": "x", "error": "late"}', True, True),
            (b'[{"error": "x"}]', True, False),
            (b"error", True, False),
            (b'{ "error" : "long tex', False, True),
            (b'{"error": null, "output": "lo', False, False),
            (b'{"text": "lo', False, False),
        ],
    )
    def test_errors_in_bodies(self, body: bytes, whole: bool, found: bool) -> None:
        assert holds_error(body, whole=whole) is found


class TestJobs:
    @pytest.mark.parametrize(
        ("job", "kept"),
        [
            ("0f3c2d6e-1111-4222-8333-444455556666", True),
            ("0f3c2d6e111142228333444455556666", True),
            ("a/b", False),
            ("../../v1/x", False),
            ("a..b", False),
            ("", False),
            ("a?b", False),
            ("x" * 129, False),
        ],
    )
    def test_submit_takes_only_ids_fit_for_an_address(self, job: str, kept: bool) -> None:
        body = json.dumps(
            {"request_id": job, "status": "QUEUED", "status_url": "https://evil.example"}
        ).encode()
        assert parse_submit(body).request_id == (job if kept else "")
        assert parse_submit(body).status == "QUEUED"

    def test_submit_without_an_id(self) -> None:
        assert parse_submit(b'{"request_id": null}').request_id == ""
        assert parse_submit(b"[]").request_id == ""
        assert parse_submit(b'{"request_id": 123}').request_id == "123"

    def test_status(self) -> None:
        body = b'{"status": "failed", "error": "No", "metrics": {"inference_time": 0.007}, "request_id": "a"}'
        status = parse_status(body)
        assert (status.status, status.error, status.inference_time) == ("FAILED", "No", "0.007")
        assert parse_status(b'{"status": "WEIRD"}').status == ""
        assert parse_status(b'{"status": 3, "metrics": []}').status == ""

    def test_result_keeps_every_digit(self) -> None:
        body = (
            b'{"status": "COMPLETED", "error": null, "output": "https://images.segmind.com/a.png",'
            b' "seed": 18446744073709551615,'
            b' "metrics": {"cost": 0.0180462500, "remaining_credits": 12.30, "inference_time": 13.96}}'
        )
        result = parse_result(body)
        assert (result.cost, result.balance, result.inference_time) == ("0.0180462500", "12.30", "13.96")
        assert (result.seed, result.error) == ("18446744073709551615", "")

    def test_output_urls(self) -> None:
        body = {
            "status": "COMPLETED",
            "prompt": "https://not.example/prompt.png",
            "status_url": "https://api.segmind.com/x",
            "images": [
                {
                    "url": "https://images.segmind.com/1.png",
                    "content_type": "image/png",
                    "file_name": "1.png",
                },
                {"url": "https://images.segmind.com/2.png"},
            ],
            "video": {
                "url": "https://images.segmind.com/v.mp4",
                "last_frame_url": "https://images.segmind.com/l.png",
            },
            "audio": "https://images.segmind.com/a.mp3",
            "grounding": {"url": "https://news.example"},
            "output": "https://images.segmind.com/1.png",
        }
        found = output_urls(parse_result(json.dumps(body).encode()))
        assert [(one.url.rpartition("/")[2], one.role) for one in found] == [
            ("1.png", "images"),
            ("2.png", "images"),
            ("v.mp4", "video"),
            ("l.png", "video.last_frame_url"),
            ("a.mp3", "audio"),
        ]
        assert found[0].content_type == "image/png"

    def test_output_that_is_a_list_or_words(self) -> None:
        several = parse_result(b'{"output": ["https://a.example/1", "https://a.example/2", "words", 3]}')
        assert [one.url for one in output_urls(several)] == ["https://a.example/1", "https://a.example/2"]
        for words in (
            b'{"output": "see https://a.example"}',
            b'{"output": "javascript:alert(1)"}',
            b"[]",
            b'{"output": {}}',
        ):
            assert output_urls(parse_result(words)) == ()


class TestLlmText:
    OPENAI = {
        "choices": [{"message": {"role": "assistant", "content": "Hello"}}],
        "usage": {"total_tokens": 3},
    }
    ANTHROPIC = {
        "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}],
        "stop_reason": "end",
    }
    GEMINI = {"candidates": [{"content": {"parts": [{"text": "Hel"}, {"text": "lo"}]}}]}
    PARTS = {"choices": [{"message": {"content": [{"type": "text", "text": "Hello"}]}}]}

    @pytest.mark.parametrize(
        "form", [OPENAI, ANTHROPIC, GEMINI, PARTS, {"text": "Hello"}, {"output": "Hello"}, "Hello"]
    )
    def test_plain_and_wrapped(self, form: object) -> None:
        assert llm_text(form) == "Hello"
        assert llm_text(json.dumps(form) if isinstance(form, dict) else form) == "Hello"
        assert llm_text(parse_result(json.dumps({"output": json.dumps(form)}).encode()).output) in (
            "Hello",
            '"Hello"',
        )

    @pytest.mark.parametrize(
        "form",
        [
            None,
            3,
            [],
            {},
            {"choices": []},
            {"choices": [3]},
            {"content": None},
            {"output": "https://a.example/x"},
        ],
    )
    def test_no_words(self, form: object) -> None:
        assert llm_text(form) == ""

    @pytest.mark.parametrize(
        ("opening", "closing"), [('{"content": [', "]}"), ('{"output": ', "}"), ('{"choices": [[', "]]}")]
    )
    def test_endless_layers_hold_no_words(self, opening: str, closing: str) -> None:
        deep = parse_json((opening + '{"text": [' * 300 + '"x"' + "]}" * 300 + closing).encode())
        assert isinstance(deep, dict)
        assert llm_text(deep) == ""
