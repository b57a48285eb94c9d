"""Is a key good? The balance call answers that for free: it runs no model."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import httpx

from playground.segmind.addresses import Addresses
from playground.segmind.asking import ask
from playground.segmind.errors import reset_at
from playground.segmind.exact import parse_json, raw_text
from playground.segmind.kinds import Kind, classify
from playground.segmind.reply import Answer, error_text, money_headers
from playground.segmind.verdict import parse_balance

PATH = "/v1/get-user-credits"
MAX_BYTES = 64 * 1024
SECONDS = 10.0


class KeyOutcome(StrEnum):
    GOOD = "good"
    NO_CREDIT_RECORD = "no_credit_record"
    NO_KEY_ARRIVED = "no_key_arrived"
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    ODD_ANSWER = "odd_answer"
    UNREACHABLE = "unreachable"


_MESSAGES = {
    KeyOutcome.GOOD: "The key works.",
    KeyOutcome.NO_CREDIT_RECORD: "The key works. The account has no balance yet.",
    KeyOutcome.NO_KEY_ARRIVED: "The provider saw no key. Something between here and the provider drops it.",
    KeyOutcome.REFUSED: "The provider does not accept this key.",
    KeyOutcome.RATE_LIMITED: "The provider's rate limit is reached. The key was not checked.",
    KeyOutcome.ODD_ANSWER: "The provider's answer was not understood. The key was not checked.",
    KeyOutcome.UNREACHABLE: "The provider could not be reached. The key was not checked.",
}


@dataclass(frozen=True)
class KeyCheck:
    """The outcome of a balance call. Amounts are US dollars, None where not told; texts are as received.

    A balance may lie below zero. `message` is fit for the user; `error` holds the provider's words,
    `status` its HTTP status (None if unreachable). Never holds the key.
    """

    outcome: KeyOutcome
    credits: Decimal | None = None
    free_credits: Decimal | None = None
    credits_text: str = ""
    free_credits_text: str = ""
    status: int | None = None
    error: str = ""
    resets_at: datetime | None = None

    @property
    def good(self) -> bool:
        """True if the provider knows the key."""
        return self.outcome in (KeyOutcome.GOOD, KeyOutcome.NO_CREDIT_RECORD)

    @property
    def message(self) -> str:
        return _MESSAGES[self.outcome]


def judge_balance(answer: Answer | None) -> KeyCheck:
    """What an answer to the balance call says about the key; None means that no answer came."""
    if answer is None:
        return KeyCheck(KeyOutcome.UNREACHABLE)
    text = error_text(answer) if answer.status != 200 else ""
    outcome = _outcome(answer, text)
    found = parse_json(answer.head) if outcome is KeyOutcome.GOOD else {}
    paid, free = raw_text(found.get("credits")), raw_text(found.get("free-credits"))
    return KeyCheck(
        outcome,
        credits=parse_balance(paid),
        free_credits=parse_balance(free),
        credits_text=paid,
        free_credits_text=free,
        status=answer.status,
        error=text,
        resets_at=reset_at(money_headers(answer.headers).reset) if answer.status == 429 else None,
    )


def _outcome(answer: Answer, text: str) -> KeyOutcome:
    markup = classify(answer.content_type, answer.head) is Kind.HTML
    if answer.status == 200:
        found = parse_json(answer.head) if answer.whole else None
        told = isinstance(found, dict) and parse_balance(raw_text(found.get("credits"))) is not None
        return KeyOutcome.GOOD if told else KeyOutcome.ODD_ANSWER
    if answer.status == 404 and not markup and "no credits" in text.lower():
        return KeyOutcome.NO_CREDIT_RECORD
    if answer.status == 401 and not markup:
        return KeyOutcome.NO_KEY_ARRIVED if "missing" in text.lower() else KeyOutcome.REFUSED
    if answer.status == 403 and not markup:
        return KeyOutcome.REFUSED
    return KeyOutcome.RATE_LIMITED if answer.status == 429 else KeyOutcome.ODD_ANSWER


def check_key(
    base_url: str,
    key: str,
    *,
    sandbox: bool = False,
    seconds: float = SECONDS,
    transport: httpx.BaseTransport | None = None,
) -> KeyCheck:
    """Asks the provider at `base_url` for the balance behind `key`; takes up to about twice `seconds`.

    For a background task: a page never waits on the provider. `sandbox` says that `base_url` is the sandbox.
    Raises WrongAddress, before anything is sent, if the key does not belong there, and NotSent for a key
    that no header can carry.
    """
    addresses = Addresses(api=base_url, sandbox=sandbox)
    addresses.require(key)
    url = addresses.api + PATH
    return judge_balance(ask(url, key, seconds=seconds, max_bytes=MAX_BYTES, transport=transport))
