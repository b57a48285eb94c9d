"""Answers of the provider become outcomes: what the rules decide, plus the bytes and addresses that came along."""

import base64
import binascii
import mimetypes
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from accounts.models import Mode
from playground.runs import execute
from playground.runs.addresses import live_addresses, sandbox_addresses
from playground.runs.landing import Landing
from playground.runs.outcome import KEPT_TEXT, Arrived, Outcome, clean
from playground.segmind import billing, reply
from playground.segmind.addresses import require_result_url
from playground.segmind.client import ResultRefused
from playground.segmind.reply import Answer, Kind

# Up to here a JSON answer is read whole, for the picture that models put into it when asked with "base64": true.
READ_JSON = 24 * 1024 * 1024
MOST_OUTPUTS = 200


def outcome(run: execute.Claimed, verdict: billing.Verdict, **more: Any) -> Outcome:
    status = verdict.evidence.get("status")
    return Outcome.from_verdict(
        str(run.run_id),
        str(run.team_id),
        verdict,
        submit_status=verdict.evidence.get("submit_status"),
        status=status,
        **more,
    )


def submitted(run: execute.Claimed, answer: Answer) -> Outcome:
    verdict = billing.judge_v2_submit(answer)
    more: dict[str, Any] = {"headers": list(answer.headers)}
    if verdict.state is billing.State.ACCEPTED:
        more["next_poll"] = billing.next_poll(0)
    else:
        more["response_text"] = _text(answer.head)
    return outcome(run, verdict, **more)


def bare(run: execute.Claimed, answer: Answer) -> Outcome:
    """The outcome of an answer whose body could not be kept: everything that decides the bill."""
    judge = billing.judge_v1 if run.version == 1 else billing.judge_v2_submit
    lost = [Arrived(lost="This server could not store the file.")] if answer.status == 200 else []
    return outcome(run, judge(answer), headers=list(answer.headers), outputs=lost)


def answered(run: execute.Claimed, answer: Answer, landing: Landing) -> Outcome:
    """The outcome of an answer that ends the run: v1's, or a refused submit."""
    judge = billing.judge_v1 if run.version == 1 else billing.judge_v2_submit
    verdict = judge(answer)
    kind = reply.classify(answer.content_type, answer.head)
    headers = list(answer.headers)
    if answer.status != 200 or kind in (Kind.HTML, Kind.EMPTY):
        landing.drop()
        return outcome(run, verdict, headers=headers, response_text=_text(answer.head), output_kind="")
    if landing.size <= {Kind.JSON: READ_JSON, Kind.TEXT: KEPT_TEXT}.get(kind, 0):
        raw = landing.read()
        words, outputs = _json_parts(run.mode, raw) if kind is Kind.JSON else (raw, [])
        if outputs or len(words) <= KEPT_TEXT:
            landing.drop()
            shown = outputs[0].kind if outputs else kind.value
            return outcome(
                run, verdict, headers=headers, response_text=_text(words), outputs=outputs, output_kind=shown
            )
    arrived = _arrived(answer, landing, kind)
    return outcome(run, verdict, headers=headers, outputs=[arrived], output_kind=kind.value)


def _arrived(answer: Answer, landing: Landing, kind: Kind) -> Arrived:
    if answer.problem:
        landing.drop()
        return Arrived(kind=kind.value, lost=copy_problem(answer))
    landing.keep()
    return Arrived(
        spool_name=landing.name,
        sha256=landing.sha256,
        size=landing.size,
        media_type=reply.media_type(kind, answer.content_type, answer.head),
        kind=kind.value,
    )


def copy_problem(answer: Answer) -> str:
    if answer.problem == "body_too_large":
        return f"The file is larger than {settings.MAX_RESPONSE_BYTES // 1024 // 1024} MB."
    if answer.problem == "store_failed":
        return "This server could not store the file."
    if answer.problem:
        return "The file arrived incomplete."
    return f"The provider answered {answer.status} for the file."


def _json_parts(mode: str, raw: bytes) -> tuple[bytes, list[Arrived]]:
    """The words of a JSON answer and the files in it: base64 under ``image``, or result addresses.

    A picture that became a file is not kept as words, too: its length stands in its place.
    """
    result = reply.parse_result(raw)
    image = result.body.get("image")
    if isinstance(image, str) and len(image) > 100 and not image.startswith("http"):
        decoded = _decoded(image)
        note = f"({len(image)} characters of base64, kept as a file)".encode()
        return raw.replace(image.encode(errors="replace"), note) if decoded else raw, decoded
    return raw, _addresses(mode, result)


def _decoded(text: str) -> list[Arrived]:
    try:
        data = base64.b64decode(text.partition("base64,")[2] or text, validate=True)
    except (binascii.Error, ValueError):
        return []
    kind = reply.classify(None, data[: reply.HEAD_BYTES])
    landing = Landing()
    landing(data)
    landing.keep()
    media_type = reply.media_type(kind, None, data[: reply.HEAD_BYTES])
    return [Arrived("", landing.name, landing.sha256, landing.size, media_type, kind.value)]


def _addresses(mode: str, result: reply.Result) -> list[Arrived]:
    addresses = sandbox_addresses() if mode == Mode.SANDBOX else live_addresses()
    outputs = []
    for found in reply.output_urls(result):
        refused = ""
        try:
            if addresses is not None:
                require_result_url(found.url, addresses)
        except ResultRefused as error:
            # A link inside words is no output; one in the place of the output is, and its loss is said.
            if found.role != "output":
                continue
            refused = str(error)
        outputs.append(Arrived(url=clean(found.url), kind=_kind_of(found), lost=refused))
    return outputs[:MOST_OUTPUTS]


def _kind_of(found: reply.OutputUrl) -> str:
    guessed = found.content_type or mimetypes.guess_type(urlsplit(found.url).path)[0] or ""
    kind = reply.classify(guessed, b"")
    return kind.value if kind in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO) else Kind.BINARY.value


def again(due: execute.Due, step: billing.Poll, answer: Answer | None = None) -> Outcome:
    """The outcome of a poll: a later one, or the end."""
    if step.verdict is None:
        return Outcome(
            run_id=str(due.run_id),
            team_id=str(due.team_id),
            state=billing.State.ACCEPTED.value,
            billing=billing.Billing.PENDING.value,
            request_id=due.request_id,
            next_poll=billing.next_poll(due.polls + 1),
            at=timezone.now().timestamp(),
        )
    outputs: list[Arrived] = []
    shown = ""
    text = ""
    if answer is not None:
        text = _text(answer.head)
        if step.verdict.state is billing.State.SUCCEEDED:
            result = reply.parse_result(answer.head)
            mode = due.mode
            outputs = _addresses(mode, result)
            shown = outputs[0].kind if outputs else Kind.JSON.value
    return Outcome.from_verdict(
        str(due.run_id),
        str(due.team_id),
        step.verdict,
        status=step.verdict.evidence.get("status"),
        headers=list(answer.headers) if answer else [],
        response_text=text,
        outputs=outputs,
        output_kind=shown,
    )


def _text(raw: bytes) -> str:
    return clean(raw.decode("utf-8", "replace"))
