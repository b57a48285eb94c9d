"""A verdict on a run: its state, its billing, its cost, each with evidence. The rules that reach it are
in billing.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import TypeAlias

from playground.segmind.exact import SHORT_LIMIT, clean

RULE_VERSION = 1

Evidence: TypeAlias = dict[str, str | int | None]
EVIDENCE_KEYS = (
    "submit_status",  # HTTP status of the POST
    "status",  # HTTP status that decided (the POST's on v1, the last status or result call's on v2)
    "cost_text",  # x-cost or metrics.cost as received
    "balance_text",  # x-remaining-credits or metrics.remaining_credits as received
    "request_id",
    "generation_time_text",  # x-generation-time or metrics.inference_time as received
    "seed_text",
    "content_type",
    "reason",  # short code, one of errors.REASONS or of the codes below
    "rule_version",
)
"""The only keys of a verdict's evidence, all always present. Never a body, a prompt or a key.

Reasons beside errors.REASONS: cost_missing and cost_unreadable (billed, cost unknown), job_failed,
refused, cancelled.
"""


class State(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Billing(StrEnum):
    PENDING = "pending"
    BILLED = "billed"
    NOT_BILLED = "not_billed"
    UNKNOWN = "unknown"


class CostSource(StrEnum):
    HEADER = "header"
    METRICS = "metrics"
    HISTORY = "history"
    PERSON = "person"


@dataclass(frozen=True)
class Verdict:
    """What a reply proves. `cost` is in US dollars and None where unknown; `error_kind` is a code of
    errors.py.

    Texts (`balance`, `seed`, `request_id`, `error_text`) are as received, cut to a length and free of
    characters that a database refuses; empty where the reply had none.
    """

    state: State
    billing: Billing
    cost: Decimal | None = None
    cost_source: CostSource | None = None
    evidence: Evidence = field(default_factory=dict)
    error_kind: str = ""
    error_text: str = ""
    seed: str = ""
    request_id: str = ""
    generation_time: Decimal | None = None
    balance: str = ""


_MONEY = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_PLACES = Decimal("1E-10")
_TOO_MUCH = Decimal("1E10")


def parse_money(text: str | None) -> Decimal | None:
    """An amount that is finite, >= 0 and fits 20 digits with 10 places; else None (keep the text as
    evidence).

    Digits past the tenth place are rounded to even; an amount above zero never becomes zero.
    """
    stripped = (text or "").strip()
    if len(stripped) > 64 or not _MONEY.fullmatch(stripped):
        return None
    amount = Decimal(stripped)
    if amount < 0 or amount >= _TOO_MUCH:
        return None
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -10:
        rounded = amount.quantize(_PLACES, rounding=ROUND_HALF_EVEN)
        amount = _PLACES if amount and not rounded else rounded
    return abs(amount) if amount < _TOO_MUCH else None


def parse_balance(text: str | None) -> Decimal | None:
    """A balance: as parse_money, but it may lie below zero."""
    stripped = (text or "").strip()
    if stripped.startswith("-") and not stripped.startswith("-+"):
        below = parse_money(stripped[1:])
        return None if below is None else -below
    return parse_money(stripped)


def evidence(**known: str | int | None) -> Evidence:
    """Evidence with every key of EVIDENCE_KEYS; empty texts become None. Raises KeyError for any other
    key.
    """
    found: Evidence = dict.fromkeys(EVIDENCE_KEYS)
    for name, value in known.items():
        if name not in found:
            raise KeyError(name)
        found[name] = clean(value, SHORT_LIMIT) or None if isinstance(value, str) else value
    found["rule_version"] = RULE_VERSION
    return found


def merge_evidence(earlier: Mapping[str, str | int | None], later: Evidence) -> Evidence:
    """`later` over `earlier`: what only the earlier reply showed (the submit's status, the job id) stays."""
    return {name: earlier.get(name) if later.get(name) is None else later[name] for name in EVIDENCE_KEYS}
