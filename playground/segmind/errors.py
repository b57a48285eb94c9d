"""Errors in plain words: what happened, the likely cause, what to try, and whether it cost money.

The wording is in errors.toml, by code. Source of the table: the provider's documented statuses. It has no
stable error codes, so the cases of one status are told apart by the text, and each has a fall-back that
carries the text instead of guessing.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from playground.segmind.exact import clean
from playground.segmind.kinds import Kind
from playground.segmind.reply import plain_text

NOT_BILLED = "Not billed."
_NOTES = {
    "no": NOT_BILLED,
    "maybe": "This may have been billed. The provider cannot be asked to cancel it.",
    "billed": "Billed.",
    "billed_cost_unknown": "Billed, cost unknown.",
}
LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Explanation:
    """`kind` is a short stable code; `text` is the provider's own words, cut and stripped of markup."""

    kind: str
    title: str
    cause: str
    fix: str
    billed_note: str = NOT_BILLED
    text: str = ""
    resets_at: datetime | None = None


def _load() -> dict[str, Explanation]:
    table = tomllib.loads(Path(__file__).with_name("errors.toml").read_text(encoding="utf-8"))
    return {
        kind: Explanation(kind, one["title"], one["cause"], one["fix"], _NOTES[one.get("billed", "no")])
        for kind, one in table.items()
    }


REASONS = _load()
"""Every code with its wording: transport reasons, odd 200s, and the kinds that explain() tells apart."""


def explain_reason(reason: str, text: str = "") -> Explanation:
    """The wording of a code as a run keeps it; an unknown code is worded as odd_failure."""
    known = REASONS.get(reason) or replace(REASONS["odd_failure"], kind=clean(reason, 40) or "odd_failure")
    return replace(known, text=clean(text))


# ------------------------------------------------------------------------------------ telling cases apart

_FLAGS = re.IGNORECASE
_NUMBER = r"\$?\s?(\d+(?:\.\d+)?)"
_BALANCE = re.compile(rf"(?:balance|available|remaining|you have)[^0-9]{{0,30}}?{_NUMBER}", _FLAGS)
_NEED = re.compile(rf"(?:need(?:ed|s)?|require[sd]?|minimum|at least|costs?)[^0-9]{{0,30}}?{_NUMBER}", _FLAGS)
_AMOUNT = re.compile(rf"(?:cap|limit|budget)[^0-9]{{0,30}}?{_NUMBER}|\$\s?(\d+(?:\.\d+)?)", _FLAGS)
_PERIOD = re.compile(r"\b(daily|weekly|monthly|yearly|hourly|day|week|month|year|hour)\b", _FLAGS)
_PERIODS = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year", "hourly": "hour"}
_SPEND_CAP = re.compile(
    r"spend(?:ing)?[\s_-]*(?:limit|cap)|\bcap\b|budget|(?:daily|weekly|monthly)[\s\w]{0,20}limit"
    r"|limit[\s\w]{0,20}(?:reached|exceeded)",
    _FLAGS,
)
_FEW_CREDITS = re.compile(r"insufficient|not enough|too few credits|out of credits|low balance", _FLAGS)
_CREDITS = re.compile(r"\bcredits?\b", _FLAGS)
_CONTENT_TYPE = re.compile(r"content[\s_-]*type", _FLAGS)
_REJECTED = re.compile(
    r"invalid|must be|not supported|unsupported|allowed|one of|expected|out of range|not valid|parameter"
    r"|unknown value",
    _FLAGS,
)
_MODERATION = re.compile(
    r"sensitive|moderat(?!e\b)|nsfw|safety|content (?:policy|filter)|prohibited|inappropriate|flagged"
    r"|violat\w+ .{0,40}polic|polic\w+ violat|explicit content",
    _FLAGS,
)
_MISSING = re.compile(r"missing", _FLAGS)
_NO_CREDITS_FOUND = re.compile(r"no credits found", _FLAGS)
_JOB_NOT_FOUND = re.compile(r"^request\b.*\bnot found", _FLAGS)
_GAVE_UP = re.compile(r"internal polling error", _FLAGS)


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return next((group for group in match.groups() if group), "") if match else ""


def credits_in(text: str) -> tuple[str, str]:
    """(balance, need) as the text of a refusal for credits names them, each empty where it does not."""
    return _found(_BALANCE, text), _found(_NEED, text)


def _credits(text: str) -> Explanation:
    known = REASONS["credits"]
    balance, need = credits_in(text)
    if balance and need:
        return replace(known, cause=f"The account has ${balance}, this model needs ${need}.")
    if balance:
        return replace(known, cause=f"The account has ${balance}, too little for this model.")
    return replace(known, cause=f"This model needs ${need}, more than the account has.") if need else known


def _spend_cap(text: str) -> Explanation:
    period, amount = _found(_PERIOD, text).lower(), _found(_AMOUNT, text)
    size = f" of ${amount}" if amount else ""
    span = f" for the {_PERIODS.get(period, period)}" if period else ""
    return replace(REASONS["spend_cap"], cause=f"The cap{size}{span} set in the provider's team is reached.")


def _explain_400(text: str) -> Explanation:
    return REASONS["moderation" if _MODERATION.search(text) else "bad_request"]


def _explain_401(text: str) -> Explanation:
    return REASONS["no_key_arrived" if _MISSING.search(text) else "key_refused"]


def _explain_404(text: str) -> Explanation:
    if _NO_CREDITS_FOUND.search(text):
        return REASONS["no_credit_record"]
    return REASONS["job_not_found" if _JOB_NOT_FOUND.search(text) else "model_not_found"]


def _explain_406(text: str) -> Explanation:
    if _CONTENT_TYPE.search(text):
        return REASONS["content_type"]
    if _FEW_CREDITS.search(text):
        return _credits(text)
    if _SPEND_CAP.search(text):
        return _spend_cap(text)
    if _CREDITS.search(text):
        return _credits(text)
    if _REJECTED.search(text):
        return REASONS["rejected_value"]
    known = REASONS["not_accepted"]
    return replace(known, cause=f"The provider said: {text}") if text else known


def _explain_422(text: str) -> Explanation:
    return REASONS["moderation" if _MODERATION.search(text) else "job_failed"]


def _explain_500(text: str) -> Explanation:
    return REASONS["polling_gave_up" if _GAVE_UP.search(text) else "server_error"]


_BY_TEXT: dict[int, Callable[[str], Explanation]] = {
    400: _explain_400,
    401: _explain_401,
    402: _credits,
    404: _explain_404,
    406: _explain_406,
    422: _explain_422,
    500: _explain_500,
}
_BY_STATUS = {
    403: "forbidden",
    405: "wrong_verb",
    408: "gateway",
    410: "retired",
    413: "too_large",
    415: "content_type",
    429: "rate_limited",
    502: "gateway",
    503: "gateway",
    504: "gateway",
}


def _told(status: int, text: str) -> Explanation:
    if status in _BY_TEXT:
        return _BY_TEXT[status](text)
    if status in _BY_STATUS:
        return REASONS[_BY_STATUS[status]]
    if 500 <= status < 600:
        return _explain_500(text)
    if 300 <= status < 400:
        return REASONS["redirect"]
    cause = f"The provider answered with status {status}."
    return replace(REASONS["refused" if 400 <= status < 500 else "odd_status"], cause=cause)


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
    markup = kind is Kind.HTML or text.lstrip()[:1] == "<"
    words = plain_text(text) if markup else clean(text)
    found = _told(status, words)
    if found.kind == "gateway" and version == "v2":
        found = replace(found, fix="Run again later.")
    if found.kind == "rate_limited" and resets_at is not None:
        found = replace(found, fix=f"Run again after {resets_at.astimezone(UTC):%H:%M:%S} UTC.")
    return replace(found, text=words, resets_at=resets_at)


def explain_kept(*, status: int | None, kind: str, text: str = "", version: str = "v1") -> Explanation:
    """The wording for a run from what it keeps: the deciding status, its error kind and error text."""
    if status is not None and status != 200:
        found = explain(status, text, version=version)
        if found.kind == kind:
            return found
    return explain_reason(kind, text)


# ------------------------------------------------------------------------------------ reset time

_EPOCH = re.compile(r"\d{9,14}(?:\.\d{1,9})?", re.ASCII)
_ZONE_NAME = re.compile(r"\s*(?:UTC|GMT)$")


def reset_at(header: str | None, *, now: datetime | None = None) -> datetime | None:
    """The end of the rate-limit window: epoch seconds or milliseconds, or ISO 8601 (UTC if no zone is given).

    Never later than LONGEST_WAIT from now; None for anything unreadable or longer past than that.
    """
    text = (header or "").strip()
    moment = now or datetime.now(UTC)
    if not text or len(text) > 64:
        return None
    try:
        if _EPOCH.fullmatch(text):
            number = Decimal(text)
            found = datetime.fromtimestamp(float(number / 1000 if number > 10**11 else number), UTC)
        else:
            found = datetime.fromisoformat(_ZONE_NAME.sub("", text))
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if found < moment - LONGEST_WAIT:
        return None
    return min(found, moment + LONGEST_WAIT)
