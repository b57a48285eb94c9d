"""How we know: the evidence of a run in words, and the rule that decided."""

from datetime import datetime, tzinfo

from playground.runs.models import Billing, CostSource, Run, State
from playground.segmind import errors

QUOTE = 60

# What a reason means beside a run; the longer explanation is the provider room's.
REASON_WORDS: dict[str, str] = {
    "connect_failed": "no connection came up",
    "connect_timeout": "no connection in time",
    "dns_failed": "address not found",
    "tls_failed": "no secure connection",
    "key_unreadable": "stored key unreadable",
    "key_unusable": "key cannot be sent",
    "key_deleted": "key deleted",
    "key_revoked": "key revoked",
    "wrong_address": "key does not fit the address",
    "slug_odd": "model name cannot be sent",
    "body_unreadable": "a file could not be read",
    "file_missing": "a file is no longer here",
    "upload_failed": "a file could not be uploaded",
    "prepare_failed": "stopped before sending",
    "member_left": "person left the team",
    "connection_lost": "connection lost after send",
    "read_timeout": "no answer in time",
    "write_timeout": "not sent off in time",
    "deadline": "no end within an hour",
    "garbage_answer": "unreadable answer",
    "body_source_failed": "a file broke off while sending",
    "worker_died": "worker stopped while sending",
    "sender_gone": "worker stopped while sending",
    "odd_failure": "broken off in an odd way",
    "no_id": "accepted without an id",
    "vanished": "job record gone",
    "result_lost": "completed, result lost",
    "json_error_in_200": "error under status 200",
    "html_in_200": "web page under status 200",
    "empty_200": "empty answer under status 200",
    "body_cut": "output cut off",
    "body_stalled": "output stalled",
    "body_too_large": "output too large",
    "body_undecodable": "output unreadable",
    "encoding_unknown": "output in an unknown form",
    "store_failed": "output not stored",
    "cost_missing": "no cost in the answer",
    "cost_unreadable": "cost in the answer unreadable",
    "cancelled": "stopped before sending",
    "spending_frozen": "spending was frozen",
}

_OPEN_WORDS = {
    State.QUEUED: "not sent yet",
    State.SENDING: "waiting for the answer",
    State.ACCEPTED: "accepted, charge comes at the end",
}

_SOURCE_WORDS = {
    CostSource.HEADER: "x-cost",
    CostSource.METRICS: "metrics.cost",
    CostSource.HISTORY: "provider history",
}

# The keys of Run.evidence as the detail page names them, in its order.
LABELS: dict[str, str] = {
    "submit_status": "Status of the POST",
    "status": "Status that decided",
    "cost_text": "Cost as received",
    "balance_text": "Balance as received",
    "request_id": "Request id",
    "generation_time_text": "Generation time as received",
    "seed_text": "Seed as received",
    "content_type": "Content type",
    "reason": "Reason",
    "history_match": "Found in the provider's history by",
    "history_status": "Status in the history",
    "history_cost_text": "Cost in the history",
    "history_outputs": "Rows in the history, each with the whole cost",
    "resolved_at": "Found at",
    "settled_by": "Settled by",
    "settled_at": "Settled at",
    "settled_reason": "Settled because",
    "settled_before": "Before that",
    "rule_version": "Rule version",
}


def reason_of(run: Run) -> str:
    return str(run.evidence.get("reason") or "")


def words(
    run: Run,
    *,
    error_text: str = "",
    resets_at: datetime | None = None,
    zone: tzinfo,
    sees_content: bool,
    sees_balance: bool,
) -> str:
    """The evidence column: why this run counts as it does, in a few words.

    ``error_text`` is the provider's; it is quoted only to those who see content, and its balance only to those who see
    the key's balance.
    """
    reason = reason_of(run)
    if run.cost_source == CostSource.PERSON or run.evidence.get("settled_by"):
        return f"settled by {run.evidence.get('settled_by', 'a person')}"
    if run.cost_source:
        return _SOURCE_WORDS[CostSource(run.cost_source)]
    if run.evidence.get("history_status"):
        return f"provider history: {str(run.evidence['history_status']).lower()}"
    if run.state in _OPEN_WORDS:
        return _OPEN_WORDS[State(run.state)]
    if run.error_kind == "rate_limited" and resets_at is not None:
        return f"limit resets {resets_at.astimezone(zone):%H:%M:%S}"
    if run.error_kind == "credits":
        return _credits_words(error_text, sees_balance=sees_balance)
    if run.state in (State.REFUSED, State.FAILED):
        if sees_content and error_text:
            return f"“{_cut(error_text)}”"
        return kind_words(run)
    return REASON_WORDS.get(reason, reason.replace("_", " ") or "no evidence")


def kind_words(run: Run) -> str:
    """The kind of a refusal without the provider's words."""
    return (run.error_kind or reason_of(run) or "refused").replace("_", " ")


def _credits_words(error_text: str, *, sees_balance: bool) -> str:
    has, needs = errors.credits_in(error_text)
    parts = []
    if has and sees_balance:
        parts.append(f"has {has}")
    if needs:
        parts.append(f"needs {needs}")
    return f"credits: {', '.join(parts)}" if parts else "too few credits"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTE else f"{line[: QUOTE - 1].rstrip()}…"


def rule(run: Run) -> str:
    """What the rule that decided says, as one or two sentences."""
    if run.evidence.get("settled_by"):
        return "The answer left it open; a person looked and decided."
    if run.evidence.get("history_status"):
        return "The answer left it open; the provider's own history of requests settled it."
    if run.billing == Billing.BILLED:
        return _billed_rule(run)
    if run.billing == Billing.NOT_BILLED:
        return _free_rule(run)
    if run.billing == Billing.PENDING:
        if run.state == State.ACCEPTED:
            return (
                "The 200 of a v2 submit is no charge yet. The charge comes when the job completes; "
                "a failed job is free."
            )
        return "Nothing is known before the provider has answered."
    return (
        "The request may have reached the provider, and nothing proves what became of it. Doubt stays doubt: "
        "it counts neither as billed nor as free until a person or a late answer settles it."
    )


def _billed_rule(run: Run) -> str:
    if run.version == 2:
        text = "A v2 job that completed is billed, whether or not its result can be fetched."
        where = "metrics.cost of the result"
    else:
        text = "Status 200 is billed, whatever became of the body."
        where = "the x-cost header"
    if run.cost is None:
        return f"{text} The cost would be in {where}; it is missing or unreadable, so it is unknown and not zero."
    return f"{text} The cost is {where}, as received."


def _free_rule(run: Run) -> str:
    if run.state == State.NOT_SENT:
        return "Nothing left this server, so nothing can have been charged."
    if run.state == State.CANCELLED:
        return "It was stopped before it was sent, so nothing can have been charged."
    if run.state == State.FAILED:
        return "A v2 job that failed is rolled back: the provider charges nothing for it."
    return f"Only status 200 is billed; {run.status or 'this answer'} is not."
