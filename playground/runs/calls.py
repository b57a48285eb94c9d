"""One run's calls to the provider, from a claim to an outcome. Nothing here raises for what the provider does."""

import asyncio
import base64
import binascii
import functools
import hashlib
import json
import logging
import mimetypes
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import vault
from accounts.models import ApiKey, Mode
from playground.runs import body, execute, store
from playground.runs.models import File, FileUpload
from playground.runs.outcome import KEPT_TEXT, Arrived, Outcome, clean
from playground.segmind import billing, reply
from playground.segmind.addresses import require_result_url
from playground.segmind.client import Addresses, Client, NotSent, ResultRefused, Streamed, Timeouts
from playground.segmind.lost import CallLost
from playground.segmind.reply import Answer, Kind

logger = logging.getLogger(__name__)

IN_MEMORY = 64 * 1024
READ_PIECE = 384 * 1024  # a multiple of 3, so that pieces of base64 join without padding
UPLOAD_SECONDS = 120
UPLOAD_KEPT = timedelta(days=6)
FINAL_COPY_STATUSES = (403, 404, 410)
Sql = Callable[..., Awaitable[Any]]


def live_addresses() -> Addresses:
    return Addresses(
        api=settings.SEGMIND_BASE_URL,
        storage=settings.SEGMIND_STORAGE_URL,
        history=settings.SEGMIND_HISTORY_URL,
        result_hosts=tuple(settings.SEGMIND_RESULT_HOSTS),
    )


def sandbox_addresses() -> Addresses | None:
    """The stand-in's addresses: all its surfaces share one base. None when there is no sandbox."""
    base = settings.SANDBOX_URL
    return Addresses(api=base, storage=base, history=base, sandbox=True) if base else None


class Landing:
    """Where an answer's bytes go: memory while they are few, then a file of this node's spool."""

    def __init__(self) -> None:
        self.name = str(uuid.uuid4())
        self.size = 0
        self._digest = hashlib.sha256()
        self._memory = bytearray()
        self._file: IO[bytes] | None = None

    def __call__(self, piece: bytes) -> None:
        self.size += len(piece)
        self._digest.update(piece)
        if self._file is None and len(self._memory) + len(piece) <= IN_MEMORY:
            self._memory += piece
            return
        self._spill().write(piece)

    def _spill(self) -> IO[bytes]:
        if self._file is None:
            self._file = self.path.open("wb")
            self._file.write(self._memory)
            self._memory.clear()
        return self._file

    @property
    def path(self) -> Path:
        return store.spool_path(self.name)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def keep(self) -> Path:
        """The bytes as a file."""
        self._spill().close()
        return self.path

    def read(self) -> bytes:
        """All of it; for answers that are known to be small."""
        if self._file is None:
            return bytes(self._memory)
        self._file.close()
        return self.path.read_bytes()

    def drop(self) -> None:
        self.close()
        if self._file is not None:
            self.path.unlink(missing_ok=True)


class Provider:
    """The provider as the sender sees it: a claim in, an outcome out. Lives on the sender's event loop."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def __aenter__(self) -> Self:
        self._client = Client(
            live=live_addresses(),
            sandbox=sandbox_addresses(),
            timeouts=Timeouts(
                connect=settings.SEGMIND_CONNECT_TIMEOUT,
                write=settings.SEGMIND_WRITE_TIMEOUT,
                read=settings.SEGMIND_READ_TIMEOUT,
                submit=settings.SEGMIND_SUBMIT_TIMEOUT,
                overall=execute.call_seconds(1),
            ),
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def _key(self, api_key: ApiKey, *, for_new: bool) -> str:
        """The key's text, for the call that follows. Raises NotSent when it may not or cannot be used."""
        if api_key.ciphertext is None or api_key.state == ApiKey.State.DELETED:
            raise NotSent("key_deleted", "The key was deleted.")
        if for_new and api_key.state != ApiKey.State.ACTIVE:
            raise NotSent("key_revoked", "The key was revoked.")
        try:
            return vault.open_blob(
                bytes(api_key.ciphertext), row_id=api_key.id, team_id=api_key.team_id, owner_ref=api_key.owner_ref
            )
        except vault.Unreadable as error:
            await self._sql(_mark_unreadable, api_key)
            raise NotSent("key_unreadable", str(error)) from None

    # -- the paid call

    async def call(self, run: execute.Claimed) -> Outcome:
        """Send the run's body once. What cannot be known is UNKNOWN; only proof makes it NOT_SENT."""
        landing = Landing()
        left = False
        try:
            key = await self._key(run.api_key, for_new=True)
            content = await self._content(run, key)
            left = True
            answer = await self._client.post_model(
                key=key,
                version=f"v{run.version}",
                slug=run.endpoint,
                body=content,
                sink=landing,
                max_bytes=settings.MAX_RESPONSE_BYTES,
            )
        except (NotSent, CallLost) as error:
            landing.drop()
            return _outcome(run, billing.judge_lost(error))
        except Exception:
            logger.exception("Run %s was not seen to its end", run.run_id)
            landing.drop()
            verdict = billing.judge_unknown("odd_failure") if left else billing.judge_not_sent("prepare_failed")
            return _outcome(run, verdict)
        if run.version == 2 and answer.status == 200:
            landing.drop()
            return _submitted(run, answer)
        return await asyncio.get_running_loop().run_in_executor(
            None, functools.partial(_answered, run, answer, landing)
        ) if answer.size > IN_MEMORY else _answered(run, answer, landing)

    async def _content(self, run: execute.Claimed, key: str) -> bytes | Streamed:
        """The body to send: the exact text, with each file marker replaced by what it stands for."""
        places = list(body.markers(run.body_text, team_id=run.team_id))
        if not places:
            return run.body_text.encode()
        files: dict[uuid.UUID, File] = await self._sql(_files, run.team_id, {place.file_id for place in places})
        parts: list[bytes | File] = []
        end = 0
        for place in places:
            file = files.get(place.file_id)
            if file is None:
                raise NotSent("file_missing", "A file of this body is no longer here.")
            parts.append(run.body_text[end : place.start].encode() + b'"')
            if place.how == "upload":
                parts.append(json.dumps(await self._uploaded(file, run, key)).encode()[1:-1])
            else:
                if place.how == "data-uri":
                    parts.append(f"data:{file.media_type};base64,".encode())
                parts.append(file)
            parts.append(b'"')
            end = place.end
        parts.append(run.body_text[end:].encode())
        length = sum(4 * ((p.size + 2) // 3) if isinstance(p, File) else len(p) for p in parts)
        return Streamed(_joined(parts), length)

    async def _uploaded(self, file: File, run: execute.Claimed, key: str) -> str:
        """The file's public address at the provider, put there now unless it was in the last days."""
        known: str | None = await self._sql(_upload_url, file, run.mode)
        if known:
            return known
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                done = await self._client.upload_asset(
                    key=key, media_type=file.media_type, file=Streamed(_pieces(file), file.size)
                )
        except (CallLost, TimeoutError):
            # No run was started: the upload is a call of its own, and free.
            raise NotSent("upload_failed", "The file could not be put into the provider's storage.") from None
        if not done.url:
            raise NotSent("upload_failed", "The provider's storage did not take the file.")
        await self._sql(_note_upload, file, run.mode, done.url)
        return done.url

    # -- polling

    async def poll(self, due: execute.Due) -> Outcome:
        """Ask after an accepted job. Polls are free and may be repeated."""
        age = (timezone.now() - due.created_at).total_seconds()
        known: dict[str, Any] = {"request_id": due.request_id, "age": age, "submit_status": due.submit_status or 200}
        try:
            key = await self._key(due.api_key, for_new=False)
        except NotSent as error:
            if error.reason == "key_deleted":
                verdict = billing.judge_unknown(error.reason, request_id=due.request_id, submit_status=due.submit_status)
                return Outcome.from_verdict(str(due.run_id), str(due.team_id), verdict)
            return _again(due, billing.judge_v2_status(None, **known))
        try:
            step = billing.judge_v2_status(await self._get(self._client.get_status, key, due), **known)
            if step.step is not billing.Step.FETCH:
                return _again(due, step)
            answer = await self._get(self._client.get_result, key, due)
            return _again(due, billing.judge_v2_result(answer, **known), answer)
        except Exception:
            logger.exception("Polling run %s failed", due.run_id)
            return _again(due, billing.judge_v2_status(None, **known))

    async def _get(self, call: Callable[..., Awaitable[Answer]], key: str, due: execute.Due) -> Answer | None:
        try:
            return await call(key=key, request_id=due.request_id)
        except CallLost:
            return None

    # -- copies

    async def copy(self, copy: store.Copy) -> uuid.UUID | None:
        """Bring one output into the media store; the file's id when it needs a thumbnail."""
        if copy.spool_name and store.spool_path(copy.spool_name).exists():
            return await self._sql(_adopt, copy)  # type: ignore[no-any-return]
        if not copy.url:
            await self._sql(store.postpone_copy, copy=copy, reason="Our copy was lost before it was stored.", final=True)
            return None
        landing = Landing()
        try:
            answer = await self._client.download(
                copy.url, sink=landing, sandbox=copy.mode == Mode.SANDBOX, max_bytes=settings.MAX_RESPONSE_BYTES
            )
        except ResultRefused as error:
            await self._postpone(copy, landing, str(error), final=True)
            return None
        except (CallLost, NotSent) as error:
            await self._postpone(copy, landing, f"The file could not be fetched ({error.reason}).", final=False)
            return None
        if answer.status != 200 or answer.problem:
            final = answer.status in FINAL_COPY_STATUSES or answer.problem == "body_too_large"
            await self._postpone(copy, landing, _copy_problem(answer), final=final)
            return None
        kind = reply.classify(answer.content_type, answer.head)
        return await self._sql(  # type: ignore[no-any-return]
            store.finish_copy,
            copy=copy,
            sha256=landing.sha256,
            size=landing.size,
            media_type=reply.media_type(kind, answer.content_type, answer.head),
            kind=kind.value,
            path=landing.keep(),
        )

    async def _postpone(self, copy: store.Copy, landing: Landing, reason: str, *, final: bool) -> None:
        landing.drop()
        await self._sql(store.postpone_copy, copy=copy, reason=reason, final=final)


# ------------------------------------------------------------------------------- answers become outcomes


def _outcome(run: execute.Claimed, verdict: billing.Verdict, **more: Any) -> Outcome:
    status = verdict.evidence.get("status")
    return Outcome.from_verdict(
        str(run.run_id),
        str(run.team_id),
        verdict,
        submit_status=verdict.evidence.get("submit_status"),
        status=status,
        **more,
    )


def _submitted(run: execute.Claimed, answer: Answer) -> Outcome:
    verdict = billing.judge_v2_submit(answer)
    more: dict[str, Any] = {"headers": list(answer.headers)}
    if verdict.state is billing.State.ACCEPTED:
        more["next_poll"] = billing.next_poll(0)
    else:
        more["response_text"] = _text(answer.head)
    return _outcome(run, verdict, **more)


def _answered(run: execute.Claimed, answer: Answer, landing: Landing) -> Outcome:
    """The outcome of an answer that ends the run: v1's, or a refused submit."""
    judge = billing.judge_v1 if run.version == 1 else billing.judge_v2_submit
    verdict = judge(answer)
    kind = reply.classify(answer.content_type, answer.head)
    headers = list(answer.headers)
    if answer.status != 200 or kind in (Kind.HTML, Kind.EMPTY):
        landing.drop()
        return _outcome(run, verdict, headers=headers, response_text=_text(answer.head), output_kind="")
    if kind in (Kind.JSON, Kind.TEXT) and landing.size <= KEPT_TEXT:
        raw = landing.read()
        landing.drop()
        text = _text(raw)
        outputs = _json_outputs(run.mode, raw) if kind is Kind.JSON else []
        shown = outputs[0].kind if outputs else kind.value
        return _outcome(run, verdict, headers=headers, response_text=text, outputs=outputs, output_kind=shown)
    arrived = _arrived(answer, landing, kind)
    return _outcome(run, verdict, headers=headers, outputs=[arrived], output_kind=kind.value)


def _arrived(answer: Answer, landing: Landing, kind: Kind) -> Arrived:
    if answer.problem:
        landing.drop()
        return Arrived(kind=kind.value, lost=_copy_problem(answer))
    landing.keep()
    return Arrived(
        spool_name=landing.name,
        sha256=landing.sha256,
        size=landing.size,
        media_type=reply.media_type(kind, answer.content_type, answer.head),
        kind=kind.value,
    )


def _copy_problem(answer: Answer) -> str:
    if answer.problem == "body_too_large":
        return f"The file is larger than {settings.MAX_RESPONSE_BYTES // 1024 // 1024} MB."
    if answer.problem == "store_failed":
        return "This server could not store the file."
    if answer.problem:
        return "The file arrived incomplete."
    return f"The provider answered {answer.status} for the file."


def _json_outputs(mode: str, raw: bytes) -> list[Arrived]:
    """Files inside a JSON answer: base64 under ``image`` (models asked with ``base64: true``), or result addresses."""
    result = reply.parse_result(raw)
    image = result.body.get("image")
    if isinstance(image, str) and len(image) > 100 and not image.startswith("http"):
        return _decoded(image)
    return _addresses(mode, result)


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
        outputs.append(Arrived(url=found.url, kind=_kind_of(found), lost=refused))
    return outputs


def _kind_of(found: reply.OutputUrl) -> str:
    guessed = found.content_type or mimetypes.guess_type(urlsplit(found.url).path)[0] or ""
    kind = reply.classify(guessed, b"")
    return kind.value if kind in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO) else Kind.BINARY.value


def _again(due: execute.Due, step: billing.Poll, answer: Answer | None = None) -> Outcome:
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


# ------------------------------------------------------------------------------- files that go out


async def _pieces(file: File) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    stored = await loop.run_in_executor(None, default_storage.open, file.storage_name)
    try:
        while piece := await loop.run_in_executor(None, stored.read, READ_PIECE):
            yield piece
    finally:
        await loop.run_in_executor(None, stored.close)


async def _joined(parts: list[bytes | File]) -> AsyncIterator[bytes]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        rest = b""
        async for piece in _pieces(part):
            data = rest + piece
            cut = len(data) - len(data) % 3
            rest = data[cut:]
            yield base64.b64encode(data[:cut])
        if rest:
            yield base64.b64encode(rest)


# ------------------------------------------------------------------------------- what needs the database


def _mark_unreadable(api_key: ApiKey) -> None:
    try:
        vault.decrypt(api_key)
    except vault.Unreadable:
        logger.warning("The key of row %s cannot be read and needs to be entered again", api_key.id)


def _files(team_id: uuid.UUID, ids: set[uuid.UUID]) -> dict[uuid.UUID, File]:
    return File.objects.filter(team=team_id).in_bulk(ids)


def _upload_url(file: File, mode: str) -> str | None:
    recent = timezone.now() - UPLOAD_KEPT
    return FileUpload.objects.filter(file=file, mode=mode, created_at__gt=recent).values_list("url", flat=True).first()


def _note_upload(file: File, mode: str, url: str) -> None:
    FileUpload.objects.update_or_create(file=file, mode=mode, defaults={"url": url, "created_at": timezone.now()})


def _adopt(copy: store.Copy) -> uuid.UUID | None:
    path = store.spool_path(copy.spool_name)
    digest, head = hashlib.sha256(), b""
    with path.open("rb") as file:
        while piece := file.read(1024 * 1024):
            head = head or piece[: reply.HEAD_BYTES]
            digest.update(piece)
    kind = reply.classify(None, head)
    return store.finish_copy(
        copy=copy,
        sha256=digest.hexdigest(),
        size=path.stat().st_size,
        media_type=reply.media_type(kind, None, head),
        kind=kind.value,
        path=path,
    )
