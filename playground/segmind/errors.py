"""Errors in plain words: what happened, the likely cause, what to try, and whether it cost money.

Source of the table: the provider's documented statuses. There is no stable error code, so the cases of one
status are told apart by the text; every group has a fall-back that carries the text instead of guessing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from playground.segmind.exact import SHORT_LIMIT, clean
from playground.segmind.kinds import Kind
from playground.segmind.reply import plain_text

NOT_BILLED = "Not billed."
MAY_BE_BILLED = "This may have been billed. The provider cannot be asked to cancel it."
BILLED = "Billed."
LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Explanation:
    """`kind` is a short stable code; `text` is the provider's own words, already cut and stripped of markup."""

    kind: str
    title: str
    cause: str
    fix: str
    billed_note: str = NOT_BILLED
    text: str = ""
    resets_at: datetime | None = None


# ------------------------------------------------------------------------------------------------ no status line

REASONS: dict[str, Explanation] = {
    one.kind: one
    for one in (
        # Nothing was sent.
        Explanation("connect_failed", "Not sent", "No connection to the provider came up.", "Check the network, then run again."),
        Explanation("connect_timeout", "Not sent", "The provider did not accept a connection in time.", "Run again in a moment."),
        Explanation("dns_failed", "Not sent", "The provider's address could not be looked up.", "Check the network and the name service, then run again."),
        Explanation("tls_failed", "Not sent", "No secure connection to the provider came up.", "Check the clock and the certificates of the server, then run again."),
        Explanation("key_unreadable", "Not sent", "The stored key could not be read.", "Enter the key again under My keys, or ask an owner to check the key ring."),
        Explanation("key_unusable", "Not sent", "The key holds characters that cannot be sent.", "Enter the key again under My keys."),
        Explanation("wrong_address", "Not sent", "This key does not belong to that address.", "Use a sandbox key in the sandbox and a live key for live runs."),
        Explanation("slug_odd", "Not sent", "The model's name holds characters that cannot be sent.", "Check the model's name."),
        Explanation("body_unreadable", "Not sent", "A file of the request could not be read.", "Attach the file again, then run again."),
        # Sent, or perhaps sent.
        Explanation("connection_lost", "No answer", "The connection broke after the request may have left.", "Look at the provider's history before running again.", MAY_BE_BILLED),
        Explanation("read_timeout", "No answer", "The provider did not answer in time.", "Look at the provider's history before running again. Slow models fit v2 better.", MAY_BE_BILLED),
        Explanation("write_timeout", "No answer", "The request could not be sent off in time.", "Look at the provider's history before running again. Large files are better uploaded first.", MAY_BE_BILLED),
        Explanation("deadline", "No answer", "The time for this run is over.", "Look at the provider's history before running again.", MAY_BE_BILLED),
        Explanation("garbage_answer", "Unreadable answer", "What came back was no HTTP answer.", "Look at the provider's history before running again.", MAY_BE_BILLED),
        Explanation("body_source_failed", "Broken off", "A file of the request could not be read to its end.", "Look at the provider's history before running again.", MAY_BE_BILLED),
        Explanation("worker_died", "No answer seen", "The worker stopped while the request was under way.", "Look at the provider's history before running again.", MAY_BE_BILLED),
        Explanation("odd_failure", "No answer", "The call broke off in an unexpected way.", "Look at the provider's history before running again.", MAY_BE_BILLED),
        # v2 jobs.
        Explanation("no_id", "Accepted without an id", "The provider took the job but named no id to ask by.", "Look at the provider's history before running again.", MAY_BE_BILLED),
        Explanation("vanished", "Job record gone", "The provider no longer knows this job.", "Look at the provider's history; the job may have run.", MAY_BE_BILLED),
        Explanation("result_lost", "Result lost", "The job was completed, but its result could not be fetched.", "Look at the provider's history for the cost and the output.", "Billed, cost unknown."),
        # 200, but not as it should be.
        Explanation("json_error_in_200", "Error under status 200", "The answer says 200 and carries an error.", "Read the provider's text; its history tells whether it was billed.", MAY_BE_BILLED),
        Explanation("html_in_200", "A web page came back", "Something on the way answered with a web page under status 200.", "Check the API address and any proxy in between.", MAY_BE_BILLED),
        Explanation("empty_200", "Empty answer", "The provider answered 200 without a body.", "Look at the provider's history.", MAY_BE_BILLED),
        Explanation("body_cut", "Output cut off", "The connection broke while the output was coming in.", "The provider's history may still have the output.", BILLED),
        Explanation("body_stalled", "Output stalled", "The output stopped coming in.", "The provider's history may still have the output.", BILLED),
        Explanation("body_too_large", "Output too large", "The output is larger than this server accepts.", "Ask an owner to raise the size limit, or fetch it from the provider's history.", BILLED),
        Explanation("body_undecodable", "Output unreadable", "The output's compression is broken.", "The provider's history may still have the output.", BILLED),
        Explanation("encoding_unknown", "Output in an unknown form", "The output is compressed in a way this server does not know.", "The provider's history may still have the output.", BILLED),
        Explanation("store_failed", "Output not stored", "The output came in, but could not be written to disk.", "Check the disk of the server; the provider's history may still have the output.", BILLED),
    )
}  # fmt: skip


def explain_reason(reason: str, text: str = "") -> Explanation:
    """The explanation of a transport reason or an odd 200; an unknown code is explained as odd_failure."""
    known = REASONS.get(reason) or replace(REASONS["odd_failure"], kind=clean(reason, 40) or "odd_failure")
    return replace(known, text=clean(text))


# ------------------------------------------------------------------------------------------------ statuses

_NUMBER = r"\$?\s?(\d+(?:\.\d+)?)"
_BALANCE = re.compile(rf"(?:balance|available|remaining|you have)[^0-9]{{0,30}}?{_NUMBER}", re.IGNORECASE)
_NEED = re.compile(
    rf"(?:need(?:ed|s)?|require[sd]?|required|minimum|at least|costs?)[^0-9]{{0,30}}?{_NUMBER}",
    re.IGNORECASE,
)
_AMOUNT = re.compile(rf"(?:cap|limit|budget)[^0-9]{{0,30}}?{_NUMBER}|\$\s?(\d+(?:\.\d+)?)", re.IGNORECASE)
_PERIOD = re.compile(r"\b(daily|weekly|monthly|yearly|day|week|month|year|hourly|hour)\b", re.IGNORECASE)
_SPEND_CAP = re.compile(
    r"spend(?:ing)?[\s_-]*(?:limit|cap)|\bcap\b|budget|(?:daily|weekly|monthly)[\s\w]{0,20}limit|limit[\s\w]{0,20}(?:reached|exceeded)",
    re.IGNORECASE,
)
_CREDITS = re.compile(r"insufficient|not enough|too few credits|out of credits|low balance", re.IGNORECASE)
_CONTENT_TYPE = re.compile(r"content[\s_-]*type", re.IGNORECASE)
_REJECTED = re.compile(
    r"invalid|must be|not supported|unsupported|allowed|one of|expected|out of range|not valid|parameter|unknown value",
    re.IGNORECASE,
)
_MODERATION = re.compile(
    r"sensitive|moderat|nsfw|safety|content (?:policy|filter)|prohibited|inappropriate|flagged|not allowed by .{0,40}policy"
    r"|violat\w+ .{0,40}polic|explicit content|blocked by",
    re.IGNORECASE,
)
_PERIODS = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
    "hourly": "hour",
}
_OWN_TEXT = "The provider's text says more."


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next((group for group in match.groups() if group), "") if match else ""


def _explain_400(text: str) -> Explanation:
    if _MODERATION.search(text):
        return Explanation(
            "moderation",
            "Refused by moderation",
            "The model's provider refused the content of the request or of the output.",
            "Change the prompt or the input files.",
        )
    return Explanation(
        "bad_request",
        "Request not understood",
        "The body is broken, a field is missing, or the operation is not supported.",
        "Compare the body with the model's parameters.",
    )


def _explain_401(text: str) -> Explanation:
    if re.search(r"missing", text, re.IGNORECASE):
        return Explanation(
            "no_key_arrived", "No key arrived", "The provider saw no key in the request.",
            "Check the API address and any proxy in between: one of them drops the key.",
        )  # fmt: skip
    return Explanation(
        "key_refused", "Key refused", "The provider does not accept this key.",
        "Check the key under My keys, or make a new one in the provider's console.",
    )  # fmt: skip


def _explain_404(text: str) -> Explanation:
    if re.search(r"no credits found", text, re.IGNORECASE):
        return Explanation(
            "no_credit_record", "No balance record", "The key is good, but the account has no balance yet.",
            "Add credits in the provider's console.",
        )  # fmt: skip
    if re.search(r"\brequest\b.*\bnot found", text, re.IGNORECASE):
        return Explanation(
            "job_not_found", "Job not found", "The provider does not know this job; records live about an hour.",
            "Look at the provider's history.",
        )  # fmt: skip
    return Explanation(
        "model_not_found", "Model not found", "The provider knows no model by this name.",
        "Check the spelling, or pick the model from the list.",
    )  # fmt: skip


def _credits(text: str) -> Explanation:
    balance, need = _found(_BALANCE, text), _found(_NEED, text)
    cause = "The account's balance is below the cost of this model."
    if balance and need:
        cause = f"The account has ${balance}, this model needs ${need}."
    elif balance or need:
        cause = (
            f"The account has ${balance}, too little for this model."
            if balance
            else f"This model needs ${need}, more than the account has."
        )
    return Explanation(
        "credits",
        "Too few credits",
        cause,
        "Add credits in the provider's console, or use another key.",
    )


def _spend_cap(text: str) -> Explanation:
    period, amount = _found(_PERIOD, text).lower(), _found(_AMOUNT, text)
    of = f" for the {_PERIODS.get(period, period)}" if period else ""
    sum_ = f" of ${amount}" if amount else ""
    return Explanation(
        "spend_cap", "Spending cap reached", f"The cap{sum_}{of} set in the provider's team is reached.",
        "Wait for the next period, or ask the admin of the provider's team to raise the cap.",
    )  # fmt: skip


def _explain_406(text: str) -> Explanation:
    if _CONTENT_TYPE.search(text):
        return Explanation(
            "content_type", "Content type not accepted", "The provider takes JSON or multipart bodies only.",
            "Send the body as application/json.",
        )  # fmt: skip
    if _CREDITS.search(text):
        return _credits(text)
    if _SPEND_CAP.search(text):
        return _spend_cap(text)
    if re.search(r"\bcredits?\b", text, re.IGNORECASE):
        return _credits(text)
    if _REJECTED.search(text):
        return Explanation(
            "rejected_value", "Value not accepted", "A parameter has a value that this model does not take.",
            "Compare the values with the model's parameters.",
        )  # fmt: skip
    cause = (
        f"The provider said: {text}"
        if text
        else "The provider gave no reason. Credits, a spending cap, a value or the content type can be behind it."
    )
    return Explanation(
        "not_accepted",
        "Not accepted",
        cause,
        "Check the values, the balance and the team's caps.",
    )


def _explain_422(text: str) -> Explanation:
    if _MODERATION.search(text):
        return _explain_400(text)
    return Explanation(
        "job_failed", "Run failed", "The model rejected the input or failed while running.",
        "Read the provider's text and compare the body with the model's parameters.",
    )  # fmt: skip


def _explain_500(text: str) -> Explanation:
    if re.search(r"internal polling error", text, re.IGNORECASE):
        return Explanation(
            "polling_gave_up", "The provider stopped waiting", "Blocking calls end after about 100 seconds.",
            "Use v2 for this model.",
        )  # fmt: skip
    return Explanation(
        "server_error", "Error at the provider", "Something failed while the model ran. After a change of parameters, they are the likely cause.",
        "Go back to values that worked; if the same body worked before, run it again later.",
    )  # fmt: skip


def _always(explanation: Explanation) -> Callable[[str], Explanation]:
    return lambda text: explanation


_GATEWAY = _always(Explanation("gateway", "Provider not reachable behind its gateway", "The provider's gateway gave up or its servers are busy.", "Run again later; slow models fit v2 better."))  # fmt: skip
_TYPE = _always(Explanation("content_type", "Content type not accepted", "The provider takes JSON or multipart bodies only.", "Send the body as application/json."))  # fmt: skip
_BY_STATUS: dict[int, Callable[[str], Explanation]] = {
    400: _explain_400,
    401: _explain_401,
    402: _credits,
    403: _always(Explanation("forbidden", "Model not allowed", "The model exists, but this account or team may not use it.", "Ask the admin of the provider's team to allow the model, or use another key.")),
    404: _explain_404,
    405: _always(Explanation("wrong_verb", "Address does not take this call", "The provider's address wants another kind of request.", "Check the API address in the settings.")),
    406: _explain_406,
    408: _GATEWAY,
    410: _always(Explanation("retired", "Model retired", "The provider no longer offers this model.", "Pick another model.")),
    413: _always(Explanation("too_large", "Request too large", "The body is larger than the provider takes.", "Use smaller files, or upload them first and send their addresses.")),
    415: _TYPE,
    422: _explain_422,
    429: _always(Explanation("rate_limited", "Too many requests", "The rate limit of this key or account is reached.", "Run again after the reset time.")),
    500: _explain_500,
    502: _GATEWAY,
    503: _GATEWAY,
    504: _GATEWAY,
}  # fmt: skip


def _fallback(status: int, text: str) -> Explanation:
    if 500 <= status < 600:
        return _explain_500(text)
    if 300 <= status < 400:
        return Explanation("redirect", "Redirect not followed", "The provider pointed to another address, and a key is never sent along.", "Check the API address in the settings.")  # fmt: skip
    if 400 <= status < 500:
        return Explanation("refused", "Refused", f"The provider answered with status {status}.", _OWN_TEXT if text else "Run again later.")  # fmt: skip
    return Explanation("odd_status", "Unusual answer", f"The provider answered with status {status}; only 200 brings output.", "Check the API address in the settings.")  # fmt: skip


def explain(
    status: int,
    text: str,
    *,
    version: str = "v1",
    kind: Kind | None = None,
    resets_at: datetime | None = None,
) -> Explanation:
    """What a non-200 answer means. `text` is the provider's error text, or the raw body if `kind` is HTML.

    `version` is v1 or v2 (some cures differ), `resets_at` the reset time of a 429 where the answer told it.
    """
    is_markup = kind is Kind.HTML or text.lstrip()[:1] == "<"
    words = plain_text(text) if is_markup else clean(text)
    found = (_BY_STATUS.get(status) or partial(_fallback, status))(words[: SHORT_LIMIT * 5])
    if found.kind == "gateway" and version == "v2":
        found = replace(found, fix="Run again later.")
    if found.kind == "rate_limited" and resets_at is not None:
        found = replace(found, fix=f"Run again after {resets_at.astimezone(UTC):%H:%M:%S} UTC.")
    return replace(found, text=words, resets_at=resets_at)


# ------------------------------------------------------------------------------------------------ reset time

_EPOCH = re.compile(r"\d{9,14}(?:\.\d{1,9})?")


def reset_at(header: str | None, *, now: datetime | None = None) -> datetime | None:
    """The end of the rate-limit window: epoch seconds or milliseconds, or ISO 8601 (UTC where no zone is given).

    Never later than LONGEST_WAIT from now; None for anything unreadable or longer past than that.
    """
    text = (header or "").strip()
    moment = now or datetime.now(UTC)
    if not text or len(text) > 64:
        return None
    try:
        if _EPOCH.fullmatch(text):
            seconds = Decimal(text)
            found = datetime.fromtimestamp(float(seconds / 1000 if seconds > 10**11 else seconds), UTC)
        else:
            found = datetime.fromisoformat(re.sub(r"\s*(?:UTC|GMT)$", "", text))
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if found < moment - LONGEST_WAIT:
        return None
    return min(found, moment + LONGEST_WAIT)
