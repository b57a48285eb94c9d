"""Was it billed, what did it cost, and how do we know: the rules from a reply to a verdict.

Rules (provider's documentation): only HTTP 200 is billed; v1 tells the cost in `x-cost`; a v2 submit is no
charge yet, the charge comes at COMPLETED and its cost is in the result's `metrics.cost`; a FAILED job is
free. Doubt stays doubt: a missing cost is None, never 0, and a lost call is unknown unless a connection
provably never came up. Raise RULE_VERSION whenever a rule changes, because each verdict keeps the version
that decided it.
"""

from dataclasses import dataclass
from enum import StrEnum

from playground.segmind import errors
from playground.segmind.exact import TEXT_LIMIT, clean
from playground.segmind.lost import nothing_left, reason_of
from playground.segmind.reply import (
    Answer,
    Kind,
    MoneyHeaders,
    Status,
    classify,
    error_text,
    holds_error,
    money_headers,
    parse_result,
    parse_status,
    parse_submit,
)
from playground.segmind.verdict import (
    EVIDENCE_KEYS,
    RULE_VERSION,
    Billing,
    CostSource,
    Evidence,
    State,
    Verdict,
    evidence,
    merge_evidence,
    parse_money,
)

__all__ = [
    "EARLY_404",
    "EVIDENCE_KEYS",
    "JOB_DEADLINE",
    "RULE_VERSION",
    "Billing",
    "CostSource",
    "Evidence",
    "Poll",
    "State",
    "Step",
    "Verdict",
    "evidence",
    "judge_cancelled",
    "judge_lost",
    "judge_not_sent",
    "judge_unknown",
    "judge_v1",
    "judge_v2_result",
    "judge_v2_status",
    "judge_v2_submit",
    "merge_evidence",
    "next_poll",
    "parse_money",
]

JOB_DEADLINE = 3600.0
"""Seconds after submission for which a job is polled: the provider keeps its record for an hour."""
EARLY_404 = 30.0
"""Seconds after submission in which a 404 means that the record is not there yet."""
FIRST_POLL, POLL_GROWTH, LONGEST_POLL = 1.0, 1.25, 15.0


class Step(StrEnum):
    WAIT = "wait"
    """Poll again after next_poll()."""
    FETCH = "fetch"
    """COMPLETED: fetch the result now."""
    SETTLE = "settle"
    """`verdict` is final."""


@dataclass(frozen=True)
class Poll:
    """What to do after a status or result call. `verdict` is set with SETTLE only.

    `provider_state` is QUEUED, PROCESSING, COMPLETED, FAILED or empty; `reason` says why an answer did not
    count (unreachable, status_401, status_404, odd_answer, ...), empty if it did.
    """

    step: Step
    provider_state: str = ""
    reason: str = ""
    verdict: Verdict | None = None


def _header_evidence(answer: Answer, money: MoneyHeaders, reason: str) -> Evidence:
    return evidence(
        submit_status=answer.status,
        status=answer.status,
        cost_text=money.cost,
        balance_text=money.balance,
        request_id=money.request_id,
        generation_time_text=money.generation_time,
        seed_text=money.seed,
        content_type=answer.content_type,
        reason=reason,
    )


def _from_headers(answer: Answer, state: State, billing: Billing, reason: str = "") -> Verdict:
    """A verdict on the answer to a POST, with everything that its headers tell."""
    money = money_headers(answer.headers)
    cost = parse_money(money.cost) if billing is Billing.BILLED else None
    if billing is Billing.BILLED and cost is None and not reason:
        reason = "cost_unreadable" if money.cost else "cost_missing"
    error_kind, text = _error(answer, state, reason)
    return Verdict(
        state=state,
        billing=billing,
        cost=cost,
        cost_source=None if cost is None else CostSource.HEADER,
        evidence=_header_evidence(answer, money, reason),
        error_kind=error_kind,
        error_text=text,
        seed=money.seed,
        request_id=money.request_id,
        generation_time=parse_money(money.generation_time),
        balance=money.balance,
    )


def _error(answer: Answer, state: State, reason: str) -> tuple[str, str]:
    if state is State.REFUSED:
        text = error_text(answer)
        return errors.explain(answer.status, text).kind, text
    if reason in ("json_error_in_200", "html_in_200"):
        return reason, error_text(answer)
    return (reason, "") if reason in errors.REASONS else ("", "")


# ------------------------------------------------------------------------------------ answers to a POST


def judge_v1(answer: Answer) -> Verdict:
    """The verdict on the answer to a v1 call. Billing follows the status and `x-cost`, never the body's
    fate.
    """
    if answer.status != 200:
        return _from_headers(answer, State.REFUSED, Billing.NOT_BILLED, "refused")
    priced = bool(money_headers(answer.headers).cost)
    oddity = _oddity(answer)
    if not priced and oddity in ("json_error_in_200", "html_in_200", "empty_200"):
        reason = "body_lost" if answer.problem and oddity == "empty_200" else oddity
        return _from_headers(answer, State.UNKNOWN, Billing.UNKNOWN, reason)
    if oddity == "json_error_in_200":
        return _from_headers(answer, State.FAILED, Billing.BILLED, oddity)
    return _from_headers(answer, State.SUCCEEDED, Billing.BILLED, answer.problem or oddity)


def _oddity(answer: Answer) -> str:
    """What is wrong with the body of a 200, or an empty text."""
    if holds_error(answer.head, whole=answer.whole):
        return "json_error_in_200"
    kind = classify(answer.content_type, answer.head)
    return {Kind.HTML: "html_in_200", Kind.EMPTY: "empty_200"}.get(kind, "")


def judge_v2_submit(answer: Answer) -> Verdict:
    """The verdict on the answer to a v2 submit: accepted and pending, refused, or unknown if a 200 names
    no job.
    """
    if answer.status != 200:
        return _from_headers(answer, State.REFUSED, Billing.NOT_BILLED, "refused")
    job = parse_submit(answer.head)
    if not job.request_id:
        reason = "body_lost" if answer.problem else "no_id"
        if holds_error(answer.head, whole=answer.whole):
            reason = "json_error_in_200"
        return _from_headers(answer, State.UNKNOWN, Billing.UNKNOWN, reason)
    known = _header_evidence(answer, money_headers(answer.headers), "")
    known["request_id"] = job.request_id
    return Verdict(State.ACCEPTED, Billing.PENDING, evidence=known, request_id=job.request_id)


# ------------------------------------------------------------------------------------ polling


def next_poll(after_polls: int) -> float:
    """Seconds to wait after that many polls: 1 s, growing by a quarter each time, at most 15 s."""
    return min(LONGEST_POLL, FIRST_POLL * POLL_GROWTH ** max(0, min(after_polls, 60)))


def judge_v2_status(answer: Answer | None, *, request_id: str, age: float, submit_status: int = 200) -> Poll:
    """What a status call means. `answer` is None if the call was lost; `age` is seconds since the submit.

    A body that names a state decides, whatever the HTTP code. Everything that names none is passing, but
    for a 404 after EARLY_404 (the record vanished) and the end of JOB_DEADLINE: both make the run unknown.
    """
    body = parse_status(answer.head) if answer else Status()
    if answer and (body.status == "FAILED" or _is_bare_failure(answer, body)):
        return Poll(
            Step.SETTLE,
            "FAILED",
            verdict=_failed(answer, body, request_id, submit_status),
        )
    if body.status == "COMPLETED":
        return Poll(Step.FETCH, "COMPLETED")
    if answer and not body.status and answer.status == 404 and age >= EARLY_404 and not _is_html(answer):
        verdict = judge_unknown(
            "vanished",
            request_id=request_id,
            submit_status=submit_status,
            answer=answer,
        )
        return Poll(Step.SETTLE, reason="vanished", verdict=verdict)
    if age >= JOB_DEADLINE:
        verdict = judge_unknown(
            "deadline",
            request_id=request_id,
            submit_status=submit_status,
            answer=answer,
        )
        return Poll(Step.SETTLE, body.status, "deadline", verdict)
    return Poll(Step.WAIT, body.status, "" if body.status else _why_passing(answer))


def judge_v2_result(answer: Answer | None, *, request_id: str, age: float, submit_status: int = 200) -> Poll:
    """What a result call means, after a status call said COMPLETED. Arguments as for judge_v2_status.

    COMPLETED is billed whether or not the result can be had: a result that stays away until JOB_DEADLINE, has
    vanished or is too large is succeeded, billed, cost unknown.
    """
    body = parse_result(answer.head) if answer else None
    state = body.status if body else ""
    if answer and body and (state == "FAILED" or _is_bare_failure(answer, body)):
        return Poll(
            Step.SETTLE,
            "FAILED",
            verdict=_failed(answer, body, request_id, submit_status),
        )
    if answer and body and answer.status == 200 and (state == "COMPLETED" or (not state and body.output)):
        return Poll(
            Step.SETTLE,
            "COMPLETED",
            verdict=_completed(answer, request_id, submit_status),
        )
    reason = ""
    if answer and answer.problem == "body_too_large":
        reason = "body_too_large"
    elif (
        answer and not state and answer.status == 404 and age >= EARLY_404 and not _is_html(answer)
    ) or age >= JOB_DEADLINE:
        reason = "result_lost"
    if reason:
        return Poll(
            Step.SETTLE,
            "COMPLETED",
            reason,
            _result_lost(answer, request_id, submit_status, reason),
        )
    return Poll(Step.WAIT, state, "" if state else _why_passing(answer))


def _is_html(answer: Answer) -> bool:
    return classify(answer.content_type, answer.head) is Kind.HTML


def _is_bare_failure(answer: Answer, body: Status) -> bool:
    return answer.status == 422 and not body.status and not _is_html(answer)


def _why_passing(answer: Answer | None) -> str:
    if answer is None:
        return "unreachable"
    if answer.status != 200:
        return f"status_{answer.status}"
    return answer.problem or "odd_answer"


def _failed(answer: Answer, body: Status, request_id: str, submit_status: int) -> Verdict:
    text = clean(body.error, TEXT_LIMIT) or error_text(answer)
    return Verdict(
        State.FAILED,
        Billing.NOT_BILLED,
        evidence=evidence(
            submit_status=submit_status,
            status=answer.status,
            request_id=request_id,
            generation_time_text=body.inference_time,
            content_type=answer.content_type,
            reason="job_failed",
        ),
        error_kind=errors.explain(422, text, version="v2").kind,
        error_text=text,
        request_id=request_id,
        generation_time=parse_money(body.inference_time),
    )


def _completed(answer: Answer, request_id: str, submit_status: int) -> Verdict:
    body = parse_result(answer.head)
    cost = parse_money(body.cost)
    reason = "" if cost is not None else ("cost_unreadable" if body.cost else "cost_missing")
    return Verdict(
        State.SUCCEEDED,
        Billing.BILLED,
        cost=cost,
        cost_source=None if cost is None else CostSource.METRICS,
        evidence=evidence(
            submit_status=submit_status,
            status=answer.status,
            cost_text=body.cost,
            balance_text=body.balance,
            request_id=request_id,
            generation_time_text=body.inference_time,
            seed_text=body.seed,
            content_type=answer.content_type,
            reason=reason,
        ),
        seed=body.seed,
        request_id=request_id,
        generation_time=parse_money(body.inference_time),
        balance=body.balance,
    )


def _result_lost(answer: Answer | None, request_id: str, submit_status: int, reason: str) -> Verdict:
    known = evidence(
        submit_status=submit_status,
        status=answer.status if answer else None,
        request_id=request_id,
        content_type=answer.content_type if answer else None,
        reason=reason,
    )
    return Verdict(
        State.SUCCEEDED,
        Billing.BILLED,
        evidence=known,
        error_kind=reason,
        request_id=request_id,
    )


# ------------------------------------------------------------------------------------ no answer


def judge_lost(exc: BaseException) -> Verdict:
    """The verdict on a POST that brought no answer: not sent only if the exception's causes prove it, else
    unknown.

    Takes what the client raises (NotSent, CallLost) or a raw transport exception; httpx's class is never
    looked at.
    """
    reason = reason_of(exc)
    return judge_not_sent(reason) if nothing_left(exc) else judge_unknown(reason)


def judge_not_sent(reason: str) -> Verdict:
    """For a run that stopped before its POST: a key that could not be read, a wrong address, no
    connection.
    """
    return Verdict(
        State.NOT_SENT,
        Billing.NOT_BILLED,
        evidence=evidence(reason=reason),
        error_kind=reason,
    )


def judge_cancelled() -> Verdict:
    """For a run that a person stopped before it was sent."""
    return Verdict(State.CANCELLED, Billing.NOT_BILLED, evidence=evidence(reason="cancelled"))


def judge_unknown(
    reason: str,
    *,
    request_id: str = "",
    submit_status: int | None = None,
    answer: Answer | None = None,
) -> Verdict:
    """For a run whose end nobody saw, such as one whose worker died after the claim."""
    known = evidence(
        submit_status=submit_status,
        status=answer.status if answer else submit_status,
        request_id=request_id,
        content_type=answer.content_type if answer else None,
        reason=reason,
    )
    text = error_text(answer) if answer and answer.status != 200 else ""
    return Verdict(
        State.UNKNOWN,
        Billing.UNKNOWN,
        evidence=known,
        error_kind=reason,
        error_text=text,
        request_id=request_id,
    )
