"""Faults on request: their names, where they strike, and who has one coming."""

import json
from dataclasses import dataclass, field
from typing import Any

from playground.sandbox.books import Record

POINTS = ("post", "status", "result")
"""Where a fault strikes: the POST of a model (or any other route by its name), or one of the two v2 GETs."""

STATUSES = (400, 401, 402, 403, 404, 405, 406, 410, 413, 422, 429, 500, 502, 503, 504)

FAULTS: dict[str, str] = {
    "delay": "answer `ms` later (default 1000)",
    "drop_before_body": "cut the connection once the headers are read; nothing runs",
    "drop_after_body": "cut the connection once the body is read; nothing runs",
    "drop_after_charge": "run and charge (v2: accept), then cut the connection without an answer",
    "drop_mid_body": "run, charge, send the headers and half of the body, then cut the connection",
    "garbage_status_line": "run, charge, then send bytes that are no HTTP",
    "slow_drip": "send the body in pieces of `bytes` (default 1024), one per `ms` (default 50)",
    "wrong_content_type": "send the right body as `value` (default text/plain)",
    "no_content_type": "send the right body without a Content-Type",
    "truncated_body": "send the first half of the body as if it were whole",
    "empty_body": "send the right headers and no body",
    "huge_body": "send `bytes` (default 268435456) of zeros after the body",
    "gzip_body": "send `bytes` (default 268435456) of zeros under gzip: small on the wire, huge once decoded",
    "html_200": "an HTML page under 200; with `charge` true it is charged and carries the money headers",
    "json_error_200": '`{"error": text}` under 200; with `charge` true as above',
    "redirect": "302 to `to`",
    "status_406_content_type": "406, the text of a wrong Content-Type",
    "status_406_credits": "406, the text of too few credits",
    "status_406_value": "406, the text of a rejected value",
    "status_406_cap": "406, the text of a team's spend cap",
    "cost_missing": "charge, but tell no cost",
    "cost_negative": "charge, but tell -0.05",
    "cost_nan": "charge, but tell NaN",
    "cost_infinite": "charge, but tell Infinity",
    "cost_text": "charge, but tell `free`",
    "cost_long": "charge, but tell a cost of 30 digits",
    "cost_huge": "charge, but tell 99999999999999",
    "cost_comma": "charge, but tell `0,05`",
    "job_never_ends": "v2: PROCESSING for ever; never charged",
    "job_flaps": "v2: polls answer 502, 429, HTML, 404 and the truth in turn, for `polls` polls (default 8)",
    "job_fails": "v2: FAILED with `error`; not charged",
    "job_vanishes": "v2: both GETs answer 404 after `after` polls (default 1); charged all the same",
    "job_late": "v2: both GETs answer 404 for the first `ms` (default 1000)",
    "result_lost": "v2: COMPLETED and charged, but the result answers `status` (default 404)",
    "submit_without_id": "v2: accepted and run, but the submit's answer has no request_id",
    "foreign_urls": "v2: every URL of the submit's answer points to `to` (default https://elsewhere.example)",
    "status_without_metrics": "v2: neither GET has `metrics`",
    **{f"status_{code}": f"{code} with `text`, not run" for code in STATUSES},
}
FAULTS["status_405"] = FAULTS["status_502"] = FAULTS["status_504"] = "the status with an HTML page, not run"
FAULTS["status_429"] = (
    "429; `reset_in` seconds (60), `reset_format` iso, epoch or garbage; `reset` false omits it"
)

ODD_COSTS = {
    "cost_missing": None,
    "cost_negative": "-0.05",
    "cost_nan": "NaN",
    "cost_infinite": "Infinity",
    "cost_text": "free",
    "cost_long": "0.123456789012345678901234567890",
    "cost_huge": "99999999999999",
    "cost_comma": "0,05",
}


class BadFault(ValueError):
    """The fault that was asked for does not exist; str() says what was wrong."""


@dataclass
class Fault:
    """One fault. `times` None means every time; `holder` is the fingerprint of the only key it strikes."""

    name: str
    at: str = "post"
    times: int | None = None
    slug: str = "*"
    holder: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        value = self.params.get(name, default)
        try:
            return float(value)
        except (TypeError, ValueError):
            return default

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.params.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true", "yes")

    def text(self, name: str, default: str) -> str:
        return str(self.params.get(name, default))

    def as_record(self) -> Record:
        return {"fault": self.name, "at": self.at, "times": self.times, "slug": self.slug, **self.params}


def parse_fault(source: Any) -> Fault:
    """A fault from its name, or from {"fault": name, "at", "times", "slug", params}. Raises BadFault."""
    if isinstance(source, str):
        source = {"fault": source}
    if not isinstance(source, dict) or not isinstance(source.get("fault"), str):
        raise BadFault("A fault is a name or an object with a name under 'fault'")
    params = {
        name: value for name, value in source.items() if name not in ("fault", "at", "times", "slug", "key")
    }
    at, times = source.get("at", "post"), source.get("times")
    if source["fault"] not in FAULTS:
        raise BadFault(f"There is no fault named {source['fault']}")
    if at not in POINTS:
        raise BadFault(f"'at' is one of {', '.join(POINTS)}")
    if times is not None and (not isinstance(times, int) or times < 1):
        raise BadFault("'times' is a whole number from 1")
    return Fault(source["fault"], at, times, str(source.get("slug", "*")), params=params)


def parse_header(text: str) -> list[Fault]:
    """`x-sandbox-fault`: JSON (one fault or a list), or `name;param=value;…`. Raises BadFault."""
    if not text:
        return []
    if text.lstrip().startswith(("{", "[")):
        try:
            return parse_many(json.loads(text))
        except ValueError as broken:
            raise BadFault(f"x-sandbox-fault is not JSON: {broken}") from broken
    name, *pairs = (part.strip() for part in text.split(";"))
    source: dict[str, Any] = {"fault": name}
    for pair in pairs:
        key, _, value = pair.partition("=")
        source[key] = int(value) if key == "times" and value.isdigit() else value
    return [parse_fault(source)]


def parse_many(source: Any) -> list[Fault]:
    """Faults from one of them or a list of them. Raises BadFault."""
    return [parse_fault(item) for item in (source if isinstance(source, list) else [source])]


class Registry:
    """Faults set for slugs (or for the other routes by name) through the control route."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.faults.append(fault)

    def clear(self, slug: str | None = None) -> None:
        self.faults = [fault for fault in self.faults if slug is not None and fault.slug != slug]

    def take(self, slug: str, at: str, holder: str) -> list[Fault]:
        """The faults that strike now; each loses one of its times."""
        struck = [
            fault
            for fault in self.faults
            if fault.at == at and fault.slug in (slug, "*") and fault.holder in ("", holder)
        ]
        for fault in struck:
            spend(fault)
        self.faults = [fault for fault in self.faults if fault.times != 0]
        return struck


def spend(fault: Fault) -> None:
    if fault.times is not None:
        fault.times -= 1


def find(faults: list[Fault], *names: str) -> Fault | None:
    return next((fault for fault in faults if fault.name in names), None)
