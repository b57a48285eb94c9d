"""What the provider answered: the kind of body, the money headers, and the JSON shapes of v2.

Everything here is hostile input: nothing raises on odd bytes, every text is cut to a length and stripped of
characters that a database refuses.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from playground.segmind.exact import (
    SHORT_LIMIT,
    TEXT_LIMIT,
    clean,
    parse_json,
    raw_text,
)
from playground.segmind.kinds import Kind, classify, looks_like_markup, media_type

__all__ = [
    "HEAD_BYTES",
    "Answer",
    "HeaderList",
    "Kind",
    "MoneyHeaders",
    "OutputUrl",
    "Result",
    "Status",
    "Submit",
    "classify",
    "clean",
    "error_text",
    "header",
    "holds_error",
    "llm_text",
    "media_type",
    "money_headers",
    "output_urls",
    "parse_json",
    "parse_result",
    "parse_status",
    "parse_submit",
]

HeaderList: TypeAlias = tuple[tuple[str, str], ...]

HEAD_BYTES = 16 * 1024


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `head` is the first HEAD_BYTES of the decoded body (the whole body for status and
    result calls).

    `size` counts the decoded bytes handed to the sink. `problem` is empty, or a short code: body_cut,
    body_stalled, body_too_large, body_undecodable, encoding_unknown, store_failed. Headers are already
    safe to keep.
    """

    status: int
    headers: HeaderList = ()
    head: bytes = b""
    size: int = 0
    problem: str = ""

    @property
    def content_type(self) -> str:
        return header(self.headers, "content-type") or ""

    @property
    def whole(self) -> bool:
        """True if `head` is the complete body."""
        return not self.problem and self.size == len(self.head)


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The value of a header, any case; several of one name are joined by a comma, so that they never pass
    for one.
    """
    wanted = name.lower()
    values = [value for key, value in headers if key.lower() == wanted]
    return ", ".join(values) if values else None


_OPENS_WITH_ERROR = re.compile(rb'\s*\{\s*"error"\s*:(?!\s*(?:null|false|""|\{\s*\}|\[\s*\]|$))')


def error_in(value: object) -> str:
    """The error text inside a decoded body: `error` as text or object, else detail or message; empty if
    none.
    """
    if not isinstance(value, dict):
        return ""
    for name in ("error", "detail", "message", "error_message", "error_description"):
        found = value.get(name)
        if isinstance(found, dict):
            found = (
                found.get("message")
                or found.get("error")
                or found.get("detail")
                or json.dumps(found, default=str)
            )
        if isinstance(found, list) and found:
            found = json.dumps(found, default=str)
        if isinstance(found, str) and found.strip():
            return clean(found)
    return ""


def holds_error(head: bytes, *, whole: bool) -> bool:
    """True if a body is a JSON object with an `error` that is set. A body known only in part is judged by
    its start.
    """
    if not head.lstrip().startswith(b"{"):
        return False
    if not whole:
        return bool(_OPENS_WITH_ERROR.match(head))
    value = parse_json(head)
    return isinstance(value, dict) and bool(value.get("error"))


_DROPPED = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>?", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)


def plain_text(markup: str, limit: int = SHORT_LIMIT) -> str:
    """Markup as one short line: its title, else its words. Never returns a tag."""
    markup = markup[:4096]  # tags that are never closed cost the square of the length
    title = _TITLE.search(markup)
    words = _DROPPED.sub(" ", title[1] if title and title[1].strip() else markup)
    return clean(" ".join(words.replace("<", " ").split()), limit)


def error_text(answer: Answer) -> str:
    """The provider's own words in an answer, short and without markup; empty if it gave none."""
    kind = classify(answer.content_type, answer.head)
    if kind is Kind.EMPTY or kind is Kind.BINARY or kind in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO):
        return ""
    text = answer.head.decode("utf-8", "replace")
    if kind is Kind.HTML or looks_like_markup(answer.head):
        return plain_text(text)
    value = parse_json(answer.head)
    if isinstance(value, str):
        return clean(value)
    return error_in(value) or clean(text)


@dataclass(frozen=True)
class MoneyHeaders:
    """The v1 headers about money and the run, each as received; empty where the header is missing."""

    cost: str
    balance: str
    generation_time: str
    seed: str
    request_id: str
    reset: str
    output_metadata: str


def money_headers(headers: Iterable[tuple[str, str]]) -> MoneyHeaders:
    found: dict[str, str] = {}
    for key, value in headers:
        name = key.lower()
        found[name] = f"{found[name]}, {value}" if name in found else value

    def text(name: str, limit: int = SHORT_LIMIT) -> str:
        return clean(found.get(name, ""), limit)

    return MoneyHeaders(
        cost=text("x-cost"),
        balance=text("x-remaining-credits"),
        generation_time=text("x-generation-time"),
        seed=text("x-seed-value"),
        request_id=text("x-request-id"),
        reset=text("x-rate-limit-reset-at-utc"),
        output_metadata=text("x-output-metadata", TEXT_LIMIT),
    )


@dataclass(frozen=True)
class Submit:
    """The body of a v2 submit. `request_id` is empty if there is none that can be put into an address."""

    request_id: str = ""
    status: str = ""
    error: str = ""


@dataclass(frozen=True)
class Status:
    """A v2 status body. `status` is QUEUED, PROCESSING, COMPLETED, FAILED, or empty for anything else."""

    status: str = ""
    request_id: str = ""
    error: str = ""
    inference_time: str = ""


@dataclass(frozen=True)
class Result(Status):
    """A v2 result body. Money, seed and times are texts as received; `body` is the decoded object
    (numbers: JsonNumber).
    """

    cost: str = ""
    balance: str = ""
    seed: str = ""
    output: object = None
    body: dict[str, Any] = field(default_factory=dict, repr=False)


JOB_STATES = frozenset({"QUEUED", "PROCESSING", "COMPLETED", "FAILED"})
# Opaque text (UUIDs and bare hexadecimal were both seen), but it becomes a part of an address.
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def is_job_id(text: str) -> bool:
    """True if a job id can be put into an address as it is."""
    return bool(_JOB_ID.fullmatch(text)) and ".." not in text


def _object(body: bytes) -> dict[str, Any]:
    value = parse_json(body)
    return value if isinstance(value, dict) else {}


def _state(value: dict[str, Any]) -> str:
    state = raw_text(value.get("status")).upper()
    return state if state in JOB_STATES else ""


def _part(value: dict[str, Any], name: str) -> dict[str, Any]:
    part = value.get(name)
    return part if isinstance(part, dict) else {}


def parse_submit(body: bytes) -> Submit:
    value = _object(body)
    job = raw_text(value.get("request_id"))
    return Submit(
        request_id=job if is_job_id(job) else "",
        status=_state(value),
        error=error_in(value),
    )


def parse_status(body: bytes) -> Status:
    value = _object(body)
    return Status(
        status=_state(value),
        request_id=raw_text(value.get("request_id")),
        error=error_in(value),
        inference_time=raw_text(_part(value, "metrics").get("inference_time")),
    )


def parse_result(body: bytes) -> Result:
    value = _object(body)
    metrics = _part(value, "metrics")
    return Result(
        status=_state(value),
        request_id=raw_text(value.get("request_id")),
        error=error_in(value),
        inference_time=raw_text(metrics.get("inference_time")),
        cost=raw_text(metrics.get("cost")),
        balance=raw_text(metrics.get("remaining_credits")),
        seed=raw_text(value.get("seed")),
        output=value.get("output"),
        body=value,
    )


@dataclass(frozen=True)
class OutputUrl:
    """One file that a result names. `role` is the path of keys that led to it, such as `images` or
    `video.last_frame_url`.
    """

    url: str
    role: str
    content_type: str = ""
    file_name: str = ""


# Keys that may hold addresses which are not outputs: sources of an answer, echoes of the input, the job's
# own routes.
_NOT_OUTPUT = frozenset(
    {
        "prompt",
        "grounding",
        "citations",
        "sources",
        "timings",
        "metrics",
        "error",
        "status",
        "request_id",
        "poll_url",
        "status_url",
        "response_url",
        "reasoning",
        "usage",
        "input",
        "inputs",
        "parameters",
        "request_body",
    }
)


def _is_url(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= 4096
        and value.startswith(("https://", "http://"))
        and " " not in value
    )


def _walk(value: object, role: str, depth: int) -> Iterator[OutputUrl]:
    if isinstance(value, str) and _is_url(value):
        yield OutputUrl(value, role)
    elif isinstance(value, list) and depth:
        for one in value:
            yield from _walk(one, role, depth - 1)
    elif isinstance(value, dict) and depth:
        url = value.get("url")
        if isinstance(url, str) and _is_url(url):
            yield OutputUrl(
                url,
                role,
                raw_text(value.get("content_type")),
                raw_text(value.get("file_name")),
            )
        for name, one in value.items():
            if name not in _NOT_OUTPUT and name != "url":
                yield from _walk(
                    one,
                    f"{role}.{clean(name, 40)}" if role else clean(name, 40),
                    depth - 1,
                )


def output_urls(result: Result) -> tuple[OutputUrl, ...]:
    """The files a result names, each address once, the fuller description kept, `output` first.

    The addresses are as received: client.download decides whether one may be fetched.
    """
    order = sorted(result.body, key=lambda name: name != "output")
    found: dict[str, OutputUrl] = {}
    for one in _walk({name: result.body[name] for name in order}, "", 4):
        known = found.get(one.url)
        if known is None or (one.content_type and not known.content_type):
            found[one.url] = one
    return tuple(found.values())


_LAYERS = 12  # known answers have four at most; JSON may be nested deeper than Python can follow


def _parts(value: object, layers: int = _LAYERS) -> str:
    """Text of a message content: a text, or a list of parts with `text`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and layers:
        texts = (one.get("text") if isinstance(one, dict) else one for one in value)
        return "".join(_parts(text, layers - 1) for text in texts)
    return ""


def _first(value: object) -> dict[str, Any]:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def llm_text(obj: object, layers: int = _LAYERS) -> str:
    """The words of a language model's answer: OpenAI, Anthropic, Gemini or plain form, decoded twice where
    v2 wraps it.

    Takes a decoded body or text that holds one; empty if no words were found. The words are the model's:
    hostile.
    """
    if isinstance(obj, str):
        inner = parse_json(obj.encode("utf-8", "replace")) if obj.lstrip()[:1] in ("{", '"') else None
        return (llm_text(inner, layers - 1) or obj) if isinstance(inner, dict) else obj
    if not isinstance(obj, dict) or layers <= 0:
        return ""
    choice = _first(obj.get("choices"))
    candidate = _first(obj.get("candidates"))
    forms = (
        _parts(_part(choice, "message").get("content")),
        _parts(choice.get("text")),
        _parts(obj.get("content")),
        _parts(_part(candidate, "content").get("parts")),
        _parts(obj.get("text")),
    )
    for words in forms:
        if words:
            return words
    inner = obj.get("output")
    return llm_text(inner, layers - 1) if isinstance(inner, str | dict) and not _is_url(inner) else ""
