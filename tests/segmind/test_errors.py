"""Every documented status in plain words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.segmind.errors import (
    LONGEST_WAIT,
    NOT_BILLED,
    REASONS,
    explain,
    explain_kept,
    explain_reason,
    reset_at,
)
from playground.segmind.kinds import Kind

BYTEDANCE = (
    "ByteDance image API error: The request failed because "
    "the output image may contain sensitive information."
)
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "Prompt is Mandatory and must be string", "bad_request"),
        (400, "", "bad_request"),
        (400, BYTEDANCE, "moderation"),
        (400, "Your request was flagged by our safety system", "moderation"),
        (400, "NSFW content detected", "moderation"),
        (400, "violates the usage policy", "moderation"),
        (400, "moderate is not a valid value for moderation_level", "moderation"),
        (401, "Missing Authorization or x-api-key in header", "no_key_arrived"),
        (401, "Unauthorized. API key is invalid or may have expired", "key_refused"),
        (401, "", "key_refused"),
        (402, "pay", "credits"),
        (403, "no access", "forbidden"),
        (404, "Model xyz not found", "model_not_found"),
        (404, "Request 0f3c not found", "job_not_found"),
        (404, "No credits found for the user", "no_credit_record"),
        (405, "<html><h1>Method Not Allowed</h1></html>", "wrong_verb"),
        (406, "Invalid content type", "content_type"),
        (406, "Unsupported Content-Type: text/plain", "content_type"),
        (406, "Insufficient credits", "credits"),
        (406, "You don't have enough credits", "credits"),
        (406, "Not enough balance: 0.01", "credits"),
        (406, "Monthly spend limit of $50 reached", "spend_cap"),
        (406, "Your daily spending cap is exceeded", "spend_cap"),
        (406, "Team budget used up", "spend_cap"),
        (406, "Invalid value for aspect_ratio. Allowed values: 1:1, 16:9", "rejected_value"),
        (406, "duration must be one of 5, 10", "rejected_value"),
        (406, "computer says no", "not_accepted"),
        (406, "", "not_accepted"),
        (408, "", "gateway"),
        (409, "", "refused"),
        (410, "retired", "retired"),
        (413, "", "too_large"),
        (415, "", "content_type"),
        (418, "", "refused"),
        (422, "Prompt is Mandatory", "job_failed"),
        (422, "blocked for sensitive content", "moderation"),
        (429, "", "rate_limited"),
        (500, "boom", "server_error"),
        (500, "Internal Polling Error", "polling_gave_up"),
        (501, "", "server_error"),
        (502, "<html><title>502 Bad Gateway</title></html>", "gateway"),
        (503, "", "gateway"),
        (504, "", "gateway"),
        (599, "", "server_error"),
        (201, "", "odd_status"),
        (204, "", "odd_status"),
        (301, "", "redirect"),
        (307, "", "redirect"),
    ],
)  # fmt: skip
def test_status(status: int, text: str, kind: str) -> None:
    found = explain(status, text)
    assert found.kind == kind
    assert found.billed_note == NOT_BILLED
    assert found.title
    assert found.cause
    assert found.fix


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "Insufficient credits. Balance: 0.02, required: 0.05",
            "The account has $0.02, this model needs $0.05.",
        ),
        (
            "Insufficient credits: you have $1.5 but this model needs $8.40",
            "The account has $1.5, this model needs $8.40.",
        ),
        ("Insufficient credits, 3 required", "The account's balance is below the cost of this model."),
        ("Insufficient credits. Required 3", "This model needs $3, more than the account has."),
        ("Insufficient credits (available 0.1)", "The account has $0.1, too little for this model."),
    ],
)
def test_credits_are_named_where_the_text_has_them(text: str, cause: str) -> None:
    assert explain(406, text).cause == cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "Monthly spend limit of $50.00 reached",
            "The cap of $50.00 for the month set in the provider's team is reached.",
        ),
        (
            "Spend cap reached for this week: 20",
            "The cap of $20 for the week set in the provider's team is reached.",
        ),
        ("Spend limit reached", "The cap set in the provider's team is reached."),
    ],
)
def test_caps_are_named_where_the_text_has_them(text: str, cause: str) -> None:
    assert explain(406, text).cause == cause


def test_what_nobody_knows_carries_the_text() -> None:
    assert explain(406, "computer says no").cause == "The provider said: computer says no"


def test_a_500_suspects_the_parameters() -> None:
    assert "parameters" in explain(500, "x").cause


def test_a_429_names_its_reset_time() -> None:
    found = explain(429, "slow down", resets_at=NOW + timedelta(seconds=30))
    assert found.resets_at == NOW + timedelta(seconds=30)
    assert "12:00:30 UTC" in found.fix


def test_v2_is_not_advised_to_those_who_use_it() -> None:
    assert "v2" in explain(504, "").fix
    assert "v2" not in explain(504, "", version="v2").fix


@pytest.mark.parametrize("status", [405, 500, 502])
def test_markup_never_shows(status: int) -> None:
    raw = "<html><head><style>p{}</style></head><body><h1>Bad</h1><script>alert(1)</script> day</body></html>"
    for kind in (None, Kind.HTML):
        assert explain(status, raw, kind=kind).text == "Bad day"


@given(st.integers(100, 599), st.text(max_size=300))
def test_any_text_is_explained(status: int, text: str) -> None:
    found = explain(status, text)
    assert found.title
    assert "\x00" not in found.cause + found.text
    assert len(found.text) <= 2000


def test_keys_in_texts_are_blotted_out() -> None:
    assert "SG_0123456789abcdef" not in repr(explain(401, "bad key SG_0123456789abcdef"))


def test_the_wording_is_plain() -> None:
    for kind, one in REASONS.items():
        assert one.kind == kind
        words = f"{one.title} {one.cause} {one.fix}".lower()
        assert not {"please", "successfully", "sorry", "oops"} & set(words.replace(".", " ").split()), kind
        assert "!" not in words, kind
        assert one.cause.endswith("."), kind
        assert one.fix.endswith("."), kind
        assert not one.title.endswith("."), kind


@pytest.mark.parametrize(
    ("reason", "note"),
    [
        ("connect_failed", "Not billed."),
        ("key_unreadable", "Not billed."),
        ("connection_lost", "This may have been billed. The provider cannot be asked to cancel it."),
        ("vanished", "This may have been billed. The provider cannot be asked to cancel it."),
        ("body_cut", "Billed."),
        ("result_lost", "Billed, cost unknown."),
    ],
)
def test_reasons_say_what_they_cost(reason: str, note: str) -> None:
    assert explain_reason(reason).billed_note == note


def test_what_a_run_keeps_is_explained_again() -> None:
    text = "Insufficient credits. Balance: 0.02, required: 0.05"
    assert explain_kept(status=406, kind="credits", text=text).cause.startswith("The account has $0.02")
    assert explain_kept(status=200, kind="json_error_in_200", text="No").text == "No"
    assert explain_kept(status=200, kind="job_failed", text="No").title == "Run failed"
    assert explain_kept(status=404, kind="vanished", text="Request abc not found").kind == "vanished"
    assert explain_kept(status=None, kind="connect_failed").title == "Not sent"


def test_an_unknown_reason_is_still_explained() -> None:
    found = explain_reason("from_the_future", "words")
    assert (found.kind, found.text) == ("from_the_future", "words")
    assert found.title


class TestResetAt:
    @pytest.mark.parametrize(
        "header",
        [
            "1788264060", "1788264060.0", "1788264060000", "2026-09-01T12:01:00Z",
            "2026-09-01T12:01:00+00:00",
            "2026-09-01 12:01:00", "2026-09-01T12:01:00.000",
            "2026-09-01T14:01:00+02:00", " 2026-09-01 12:01:00 UTC ",
        ],
    )  # fmt: skip
    def test_forms(self, header: str) -> None:
        assert reset_at(header, now=NOW) == NOW + timedelta(minutes=1)

    @pytest.mark.parametrize("header", ["1888264060", "2030-01-01", "9999-12-31T23:59:59+00:00"])
    def test_is_capped(self, header: str) -> None:
        assert reset_at(header, now=NOW) == NOW + LONGEST_WAIT

    @pytest.mark.parametrize(
        "header",
        [None, "", "soon", "60", "0", "1e9", "-1", "1970-01-01", "99999999999999", "0001-01-01", "x" * 100],
    )
    def test_nonsense_is_none(self, header: str | None) -> None:
        found = reset_at(header, now=NOW)
        assert found is None or found == NOW + LONGEST_WAIT

    def test_a_reset_just_past_is_kept(self) -> None:
        assert reset_at("2026-09-01T11:59:00Z", now=NOW) == NOW - timedelta(minutes=1)

    @given(st.text(max_size=70))
    def test_never_raises(self, header: str) -> None:
        found = reset_at(header, now=NOW)
        assert found is None or NOW - LONGEST_WAIT <= found <= NOW + LONGEST_WAIT
