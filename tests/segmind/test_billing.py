"""The rules from a reply to a verdict, row by row."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.segmind.billing import (
    EARLY_404,
    EVIDENCE_KEYS,
    JOB_DEADLINE,
    RULE_VERSION,
    Billing,
    CostSource,
    Poll,
    State,
    Step,
    Verdict,
    evidence,
    judge_cancelled,
    judge_not_sent,
    judge_unknown,
    judge_v1,
    judge_v2_result,
    judge_v2_status,
    judge_v2_submit,
    merge_evidence,
    next_poll,
    parse_money,
)
from playground.segmind.errors import REASONS
from playground.segmind.reply import Answer
from playground.segmind.verdict import parse_balance

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00"
HTML = b"<html><title>502 Bad Gateway</title></html>"


def answer(
    status: int,
    body: bytes | object = b"",
    *headers: tuple[str, str],
    problem: str = "",
    size: int | None = None,
) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/json" if raw[:1] in (b"{", b"[") else "text/html" if raw[:1] == b"<" else "image/png"
    return Answer(
        status, (("content-type", kind), *headers), raw, len(raw) if size is None else size, problem
    )


def facts(verdict: Verdict) -> tuple[State, Billing, str | None, str]:
    assert tuple(verdict.evidence) == EVIDENCE_KEYS
    assert verdict.evidence["rule_version"] == RULE_VERSION
    assert (verdict.cost is None) == (verdict.cost_source is None)
    assert verdict.cost is None or verdict.billing is Billing.BILLED
    return (
        verdict.state,
        verdict.billing,
        None if verdict.cost is None else str(verdict.cost),
        verdict.error_kind,
    )


OK, REFUSED, UNKNOWN = State.SUCCEEDED, State.REFUSED, State.UNKNOWN
PAID = ("x-cost", "0.0500")


class TestV1:
    @pytest.mark.parametrize(
        ("reply", "expected"),
        [
            (answer(200, PNG, PAID), (OK, Billing.BILLED, "0.0500", "")),
            (answer(200, {"text": "hi"}, PAID), (OK, Billing.BILLED, "0.0500", "")),
            (answer(200, PNG, ("x-cost", "0")), (OK, Billing.BILLED, "0", "")),
            (answer(200, PNG), (OK, Billing.BILLED, None, "")),
            (answer(200, PNG, ("x-cost", "free")), (OK, Billing.BILLED, None, "")),
            (answer(200, PNG, ("x-cost", "NaN")), (OK, Billing.BILLED, None, "")),
            (answer(200, PNG, ("x-cost", "-0.05")), (OK, Billing.BILLED, None, "")),
            (answer(200, PNG, ("x-cost", "1e30")), (OK, Billing.BILLED, None, "")),
            (answer(200, PNG, ("x-cost", "0.05"), ("x-cost", "0.06")), (OK, Billing.BILLED, None, "")),
            (answer(200, PNG, PAID, problem="body_cut"), (OK, Billing.BILLED, "0.0500", "body_cut")),
            (
                answer(200, PNG, PAID, problem="body_too_large"),
                (OK, Billing.BILLED, "0.0500", "body_too_large"),
            ),
            (answer(200, PNG, PAID, problem="store_failed"), (OK, Billing.BILLED, "0.0500", "store_failed")),
            (answer(200, PNG, problem="body_cut"), (OK, Billing.BILLED, None, "body_cut")),
            (answer(200, b"", PAID), (OK, Billing.BILLED, "0.0500", "empty_200")),
            (answer(200, HTML, PAID), (OK, Billing.BILLED, "0.0500", "html_in_200")),
            (
                answer(200, {"error": "No"}, PAID),
                (State.FAILED, Billing.BILLED, "0.0500", "json_error_in_200"),
            ),
            (answer(200, {"error": "No"}), (UNKNOWN, Billing.UNKNOWN, None, "json_error_in_200")),
            (
                answer(200, b'{"error": "lo', problem="body_cut"),
                (UNKNOWN, Billing.UNKNOWN, None, "json_error_in_200"),
            ),
            (answer(200, {"error": None, "text": "hi"}), (OK, Billing.BILLED, None, "")),
            (answer(200, HTML), (UNKNOWN, Billing.UNKNOWN, None, "html_in_200")),
            (answer(200, b""), (UNKNOWN, Billing.UNKNOWN, None, "empty_200")),
            (answer(200, b"", problem="body_cut"), (UNKNOWN, Billing.UNKNOWN, None, "body_lost")),
            (answer(201, PNG, PAID), (REFUSED, Billing.NOT_BILLED, None, "odd_status")),
            (answer(302, b""), (REFUSED, Billing.NOT_BILLED, None, "redirect")),
            (answer(400, {"error": "bad"}), (REFUSED, Billing.NOT_BILLED, None, "bad_request")),
            (answer(401, {"error": "Unauthorized"}), (REFUSED, Billing.NOT_BILLED, None, "key_refused")),
            (answer(403, {"error": "no"}), (REFUSED, Billing.NOT_BILLED, None, "forbidden")),
            (answer(404, {"error": "no"}), (REFUSED, Billing.NOT_BILLED, None, "model_not_found")),
            (answer(405, HTML), (REFUSED, Billing.NOT_BILLED, None, "wrong_verb")),
            (answer(406, {"error": "Insufficient credits"}), (REFUSED, Billing.NOT_BILLED, None, "credits")),
            (answer(410, {"error": "gone"}), (REFUSED, Billing.NOT_BILLED, None, "retired")),
            (answer(422, {"error": "no"}), (REFUSED, Billing.NOT_BILLED, None, "job_failed")),
            (answer(429, {"error": "slow"}), (REFUSED, Billing.NOT_BILLED, None, "rate_limited")),
            (answer(500, {"error": "oops"}, PAID), (REFUSED, Billing.NOT_BILLED, None, "server_error")),
            (answer(502, HTML), (REFUSED, Billing.NOT_BILLED, None, "gateway")),
            (answer(504, HTML), (REFUSED, Billing.NOT_BILLED, None, "gateway")),
        ],
    )
    def test_row(self, reply: Answer, expected: tuple[State, Billing, str | None, str]) -> None:
        assert facts(judge_v1(reply)) == expected

    def test_evidence_keeps_the_texts_as_received(self) -> None:
        verdict = judge_v1(
            answer(
                200,
                PNG,
                ("x-cost", " 0.0500 "),
                ("x-remaining-credits", "12.3400"),
                ("x-generation-time", "2.50"),
                ("x-seed-value", "18446744073709551615"),
                ("x-request-id", "abc"),
            )
        )
        assert verdict.evidence == {
            "submit_status": 200,
            "status": 200,
            "cost_text": "0.0500",
            "balance_text": "12.3400",
            "request_id": "abc",
            "generation_time_text": "2.50",
            "seed_text": "18446744073709551615",
            "content_type": "image/png",
            "reason": None,
            "rule_version": RULE_VERSION,
        }
        assert (verdict.seed, verdict.request_id, verdict.balance) == (
            "18446744073709551615",
            "abc",
            "12.3400",
        )
        assert (verdict.generation_time, verdict.cost_source) == (Decimal("2.50"), CostSource.HEADER)

    @pytest.mark.parametrize(
        ("cost", "reason"), [(None, "cost_missing"), ("", "cost_missing"), ("abc", "cost_unreadable")]
    )
    def test_an_unknown_cost_is_said_and_kept(self, cost: str | None, reason: str) -> None:
        headers = () if cost is None else (("x-cost", cost),)
        verdict = judge_v1(answer(200, PNG, *headers))
        assert verdict.cost is None
        assert verdict.evidence["reason"] == reason
        assert verdict.evidence["cost_text"] == (cost or None)

    def test_a_refusal_keeps_the_providers_words_but_no_markup(self) -> None:
        assert judge_v1(answer(400, {"error": "Prompt is mandatory"})).error_text == "Prompt is mandatory"
        assert judge_v1(answer(502, HTML)).error_text == "502 Bad Gateway"

    def test_no_body_reaches_the_evidence(self) -> None:
        verdict = judge_v1(answer(200, {"text": "secret words"}, PAID))
        assert "secret" not in repr(verdict)

    @given(st.integers(100, 599), st.binary(max_size=100), st.text(max_size=30), st.booleans())
    def test_only_a_200_is_ever_billed(self, status: int, body: bytes, cost: str, cut: bool) -> None:
        reply = Answer(status, (("x-cost", cost),), body, len(body), "body_cut" if cut else "")
        state, billing, _, _ = facts(judge_v1(reply))
        assert (billing is Billing.NOT_BILLED) == (status != 200)
        assert (state is REFUSED) == (status != 200)


class TestV2Submit:
    def test_accepted(self) -> None:
        verdict = judge_v2_submit(answer(200, {"request_id": "abc", "status": "QUEUED"}))
        assert facts(verdict) == (State.ACCEPTED, Billing.PENDING, None, "")
        assert verdict.request_id == "abc"
        assert verdict.evidence["request_id"] == "abc"
        assert verdict.evidence["submit_status"] == 200

    @pytest.mark.parametrize(
        ("reply", "kind"),
        [
            (answer(200, {"status": "QUEUED"}), "no_id"),
            (answer(200, {"request_id": "../x"}), "no_id"),
            (answer(200, b"[]"), "no_id"),
            (answer(200, PNG, PAID), "no_id"),
            (answer(200, HTML), "no_id"),
            (answer(200, b""), "no_id"),
            (answer(200, b'{"request_', problem="body_cut"), "body_lost"),
            (answer(200, {"error": "odd"}), "json_error_in_200"),
        ],
    )
    def test_a_200_without_an_id_is_unknown(self, reply: Answer, kind: str) -> None:
        assert facts(judge_v2_submit(reply)) == (UNKNOWN, Billing.UNKNOWN, None, kind)

    @pytest.mark.parametrize(
        "status", [201, 202, 302, 400, 401, 403, 404, 405, 406, 410, 422, 429, 500, 502, 503, 504]
    )
    def test_only_a_200_can_cost(self, status: int) -> None:
        for body in ({"error": "x"}, HTML, {"request_id": "abc"}):
            state, billing, cost, kind = facts(judge_v2_submit(answer(status, body)))
            assert (state, billing, cost) == (REFUSED, Billing.NOT_BILLED, None)
            assert kind in REASONS


def status(reply: Answer | None, age: float = 5.0) -> Poll:
    return judge_v2_status(reply, request_id="abc", age=age)


def result(reply: Answer | None, age: float = 5.0) -> Poll:
    return judge_v2_result(reply, request_id="abc", age=age)


FAILED = {
    "status": "FAILED",
    "error": "Prompt is Mandatory",
    "metrics": {"inference_time": 0.007},
    "request_id": "abc",
}
DONE = {"status": "COMPLETED", "output": "https://images.segmind.com/a.png", "seed": 42}
GONE = {"error": "Request abc not found"}


class TestV2Status:
    @pytest.mark.parametrize("name", ["QUEUED", "PROCESSING", "queued"])
    @pytest.mark.parametrize("code", [200, 202, 404, 500])
    def test_running(self, name: str, code: int) -> None:
        poll = status(answer(code, {"status": name, "metrics": {}}))
        assert (poll.step, poll.provider_state, poll.reason, poll.verdict) == (
            Step.WAIT,
            name.upper(),
            "",
            None,
        )

    @pytest.mark.parametrize("code", [200, 422, 500])
    def test_completed_fetches_the_result_even_past_the_deadline(self, code: int) -> None:
        for age in (5, JOB_DEADLINE + 100):
            assert status(answer(code, {"status": "COMPLETED"}), age).step is Step.FETCH

    @pytest.mark.parametrize(
        "reply", [answer(422, FAILED), answer(200, FAILED), answer(404, FAILED), answer(422, {"error": "x"})]
    )
    def test_failed_is_free(self, reply: Answer) -> None:
        poll = status(reply)
        assert poll.step is Step.SETTLE
        assert poll.verdict is not None
        assert facts(poll.verdict) == (State.FAILED, Billing.NOT_BILLED, None, "job_failed")
        assert (poll.verdict.evidence["submit_status"], poll.verdict.evidence["status"]) == (
            200,
            reply.status,
        )
        assert poll.verdict.request_id == "abc"
        assert poll.verdict.error_text in ("Prompt is Mandatory", "x")

    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            (None, "unreachable"),
            (answer(401, {"error": "x"}), "status_401"),
            (answer(403, {"error": "x"}), "status_403"),
            (answer(429, {"error": "x"}), "status_429"),
            (answer(500, {"error": "x"}), "status_500"),
            (answer(502, HTML), "status_502"),
            (answer(422, HTML), "status_422"),
            (answer(302, b""), "status_302"),
            (answer(200, HTML), "odd_answer"),
            (answer(200, {"status": "DREAMING"}), "odd_answer"),
            (answer(200, b'{"sta', problem="body_cut"), "body_cut"),
            (answer(404, GONE), "status_404"),
        ],
    )
    def test_passing(self, reply: Answer | None, reason: str) -> None:
        poll = status(reply, EARLY_404 - 1)
        assert (poll.step, poll.reason, poll.verdict) == (Step.WAIT, reason, None)

    def test_a_404_later_on_means_vanished(self) -> None:
        poll = status(answer(404, GONE), EARLY_404)
        assert poll.step is Step.SETTLE
        assert poll.verdict is not None
        assert facts(poll.verdict) == (UNKNOWN, Billing.UNKNOWN, None, "vanished")
        assert poll.verdict.evidence["status"] == 404

    def test_a_404_of_some_web_server_does_not(self) -> None:
        assert status(answer(404, HTML), 600).step is Step.WAIT

    @pytest.mark.parametrize(
        "reply", [None, answer(429, {"error": "x"}), answer(200, {"status": "PROCESSING"}), answer(502, HTML)]
    )
    def test_the_deadline_makes_it_unknown(self, reply: Answer | None) -> None:
        assert status(reply, JOB_DEADLINE - 1).step is Step.WAIT
        poll = status(reply, JOB_DEADLINE)
        assert poll.verdict is not None
        assert facts(poll.verdict) == (UNKNOWN, Billing.UNKNOWN, None, "deadline")


class TestV2Result:
    def test_completed(self) -> None:
        body = (
            b'{"status": "COMPLETED", "output": "x", "seed": 42, "metrics":'
            b' {"cost": 0.0180462500, "remaining_credits": 1.20, "inference_time": 3.5}}'
        )
        poll = result(answer(200, body))
        assert poll.step is Step.SETTLE
        assert poll.verdict is not None
        assert facts(poll.verdict) == (OK, Billing.BILLED, "0.0180462500", "")
        assert poll.verdict.cost_source is CostSource.METRICS
        known = poll.verdict.evidence
        assert (known["cost_text"], known["balance_text"], known["seed_text"]) == (
            "0.0180462500",
            "1.20",
            "42",
        )
        assert (poll.verdict.generation_time, poll.verdict.balance) == (Decimal("3.5"), "1.20")

    @pytest.mark.parametrize(
        ("metrics", "reason"),
        [
            ({}, "cost_missing"),
            ({"cost": None}, "cost_missing"),
            ({"cost": "abc"}, "cost_unreadable"),
            ({"cost": -1}, "cost_unreadable"),
            ({"cost": True}, "cost_unreadable"),
            ([], "cost_missing"),
        ],
    )
    def test_completed_without_a_usable_cost(self, metrics: object, reason: str) -> None:
        verdict = result(answer(200, {**DONE, "metrics": metrics})).verdict
        assert verdict is not None
        assert facts(verdict) == (OK, Billing.BILLED, None, "")
        assert verdict.evidence["reason"] == reason

    def test_a_cost_that_comes_as_text_counts(self) -> None:
        verdict = result(answer(200, {**DONE, "metrics": {"cost": "0.05"}})).verdict
        assert verdict is not None
        assert verdict.cost == Decimal("0.05")

    @pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
    def test_a_cost_that_is_no_amount_stays_text(self, literal: bytes) -> None:
        verdict = result(answer(200, b'{"status": "COMPLETED", "metrics": {"cost": %s}}' % literal)).verdict
        assert verdict is not None
        assert facts(verdict) == (OK, Billing.BILLED, None, "")
        assert verdict.evidence["cost_text"] == literal.decode()

    @pytest.mark.parametrize("code", [200, 422])
    def test_failed_is_free(self, code: int) -> None:
        verdict = result(answer(code, FAILED)).verdict
        assert verdict is not None
        assert facts(verdict) == (State.FAILED, Billing.NOT_BILLED, None, "job_failed")

    @pytest.mark.parametrize(
        "reply",
        [None, answer(404, GONE), answer(429, {"error": "x"}), answer(401, {}), answer(502, HTML),
         answer(200, HTML), answer(200, b'{"status": "COMPL', problem="body_cut"),
         answer(200, {"status": "PROCESSING"})],
    )  # fmt: skip
    def test_early_trouble_is_passing(self, reply: Answer | None) -> None:
        assert result(reply, EARLY_404 - 1).step is Step.WAIT

    @pytest.mark.parametrize(
        ("reply", "age", "kind"),
        [
            (answer(404, GONE), EARLY_404, "result_lost"),
            (None, JOB_DEADLINE, "result_lost"),
            (answer(502, HTML), JOB_DEADLINE, "result_lost"),
            (answer(200, b"garbage"), JOB_DEADLINE, "result_lost"),
            (answer(200, b'{"status": "COMPLETED', problem="body_too_large"), 5, "body_too_large"),
        ],
    )
    def test_a_lost_result_is_billed_at_an_unknown_cost(
        self, reply: Answer | None, age: float, kind: str
    ) -> None:
        poll = result(reply, age)
        assert poll.step is Step.SETTLE
        assert poll.verdict is not None
        assert facts(poll.verdict) == (OK, Billing.BILLED, None, kind)


class TestMoney:
    @pytest.mark.parametrize(
        ("text", "amount"),
        [
            ("0.05", "0.05"),
            (" 0.0500 ", "0.0500"),
            ("0", "0"),
            ("-0", "0"),
            ("+1", "1"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e-3", "0.001"),
            ("2.7E-5", "0.000027"),
            ("9999999999.9999999999", "9999999999.9999999999"),
            ("0.00000000005", "0.0000000001"),
            ("0.00000000001", "0.0000000001"),
            ("1.23456789012", "1.2345678901"),
            ("0.0000000000000", "0"),
        ],
    )
    def test_amounts(self, text: str, amount: str) -> None:
        assert parse_money(text) == Decimal(amount)

    @pytest.mark.parametrize(
        "text",
        [None, "", " ", "abc", "NaN", "nan", "Infinity", "-inf", "-0.01", "1_000", "1,5", "$1", "0x10",
         "1e10", "1e999", "10000000000", "9999999999.99999999999",
         "١", "1 2", "0.05, 0.05", "1" * 70, "--1", "e5"],
    )  # fmt: skip
    def test_everything_else_is_no_amount(self, text: str | None) -> None:
        assert parse_money(text) is None

    @given(st.decimals(0, 9_999_999_999, places=10))
    def test_what_fits_the_column_is_exact(self, amount: Decimal) -> None:
        assert parse_money(str(amount)) == amount

    @given(st.text(max_size=70))
    def test_never_raises_and_always_fits_the_column(self, text: str) -> None:
        amount = parse_money(text)
        if amount is not None:
            assert amount.is_finite()
            assert 0 <= amount < 10**10
            exponent = amount.as_tuple().exponent
            assert isinstance(exponent, int)
            assert exponent >= -10

    def test_balances_may_lie_below_zero(self) -> None:
        assert parse_balance("-1.25") == Decimal("-1.25")
        assert parse_balance("1.25") == Decimal("1.25")
        for text in (None, "", "-", "--1", "-NaN", "-+1"):
            assert parse_balance(text) is None


def test_polls_grow_from_one_second_to_fifteen() -> None:
    waits = [next_poll(count) for count in range(400)]
    assert waits[0] == 1
    assert waits == sorted(waits)
    assert max(waits) == 15
    assert 240 < sum(1 for _ in _until_deadline()) < 300
    assert next_poll(10**9) == 15
    assert next_poll(-1) == 1


def _until_deadline() -> list[float]:
    moments = [0.0]
    while moments[-1] < JOB_DEADLINE:
        moments.append(moments[-1] + next_poll(len(moments) - 1))
    return moments


def test_runs_that_were_never_sent() -> None:
    assert facts(judge_not_sent("key_unreadable")) == (
        State.NOT_SENT,
        Billing.NOT_BILLED,
        None,
        "key_unreadable",
    )
    assert facts(judge_cancelled()) == (State.CANCELLED, Billing.NOT_BILLED, None, "")
    verdict = judge_unknown("sender_gone", submit_status=200, request_id="abc")
    assert facts(verdict) == (UNKNOWN, Billing.UNKNOWN, None, "sender_gone")
    assert verdict.evidence["request_id"] == "abc"


def test_evidence_has_fixed_keys() -> None:
    with pytest.raises(KeyError):
        evidence(prompt="x")
    earlier = evidence(submit_status=200, request_id="abc", reason="x")
    later = evidence(status=404)
    merged = merge_evidence(earlier, later)
    assert (merged["submit_status"], merged["status"], merged["request_id"]) == (200, 404, "abc")
    assert tuple(merged) == EVIDENCE_KEYS
