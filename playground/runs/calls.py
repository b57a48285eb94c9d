"""One run's calls to the provider, from a claim to an outcome. Nothing here raises for what the provider does."""

import asyncio
import base64
import functools
import hashlib
import json
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import vault
from accounts.models import ApiKey, Mode
from playground.runs import answers, body, execute, store
from playground.runs.addresses import live_addresses, sandbox_addresses
from playground.runs.landing import IN_MEMORY, Landing
from playground.runs.models import File, FileUpload
from playground.runs.outcome import Outcome
from playground.segmind import billing, reply
from playground.segmind.client import Client, NotSent, ResultRefused, Streamed, Timeouts
from playground.segmind.lost import CallLost
from playground.segmind.reply import Answer

logger = logging.getLogger(__name__)

READ_PIECE = 384 * 1024  # a multiple of 3, so that pieces of base64 join without padding
UPLOAD_SECONDS = 120
UPLOAD_KEPT = timedelta(days=6)
FINAL_COPY_STATUSES = (403, 404, 410)
Sql = Callable[..., Awaitable[Any]]


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
                bytes(api_key.ciphertext),
                row_id=api_key.id,
                team_id=api_key.team_id,
                owner_ref=api_key.owner_ref,
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
            landing.blot(key)
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
            return answers.outcome(run, billing.judge_lost(error))
        except Exception:
            logger.exception("Run %s was not seen to its end", run.run_id)
            landing.drop()
            verdict = (
                billing.judge_unknown("odd_failure") if left else billing.judge_not_sent("prepare_failed")
            )
            return answers.outcome(run, verdict)
        if run.version == 2 and answer.status == 200:
            landing.drop()
            return answers.submitted(run, answer)
        read = functools.partial(answers.answered, run, answer, landing)
        try:
            if answer.size <= IN_MEMORY:
                return read()
            return await asyncio.get_running_loop().run_in_executor(None, read)
        except Exception:
            # The status and the money headers are here; what became of the body must not cost them.
            logger.exception("The answer of run %s could not be kept", run.run_id)
            return answers.bare(run, answer)

    async def _content(self, run: execute.Claimed, key: str) -> bytes | Streamed:
        """The body to send: the exact text, with each file marker replaced by what it stands for."""
        places = list(body.markers(run.body_text, team_id=run.team_id))
        if not places:
            return run.body_text.encode()
        files: dict[uuid.UUID, File] = await self._sql(
            _files, run.team_id, {place.file_id for place in places}
        )
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
        age = (timezone.now() - due.accepted_at).total_seconds()
        known: dict[str, Any] = {
            "request_id": due.request_id,
            "age": age,
            "submit_status": due.submit_status or 200,
        }
        try:
            key = await self._key(due.api_key, for_new=False)
        except NotSent as error:
            if error.reason == "key_deleted":
                verdict = billing.judge_unknown(
                    "key_gone", request_id=due.request_id, submit_status=due.submit_status
                )
                return Outcome.from_verdict(str(due.run_id), str(due.team_id), verdict)
            return answers.again(due, billing.judge_v2_status(None, **known))
        try:
            step = billing.judge_v2_status(await self._get(self._client.get_status, key, due), **known)
            if step.step is not billing.Step.FETCH:
                return answers.again(due, step)
            answer = await self._get(self._client.get_result, key, due)
            return answers.again(due, billing.judge_v2_result(answer, **known), answer)
        except Exception:
            logger.exception("Polling run %s failed", due.run_id)
            return answers.again(due, billing.judge_v2_status(None, **known))

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
            await self._sql(
                store.postpone_copy, copy=copy, reason="Our copy was lost before it was stored.", final=True
            )
            return None
        landing = Landing()
        try:
            answer = await self._client.download(
                copy.url,
                sink=landing,
                sandbox=copy.mode == Mode.SANDBOX,
                max_bytes=settings.MAX_RESPONSE_BYTES,
            )
        except ResultRefused as error:
            await self._postpone(copy, landing, str(error), final=True)
            return None
        except (CallLost, NotSent) as error:
            await self._postpone(
                copy, landing, f"The file could not be fetched ({error.reason}).", final=False
            )
            return None
        if answer.status != 200 or answer.problem:
            final = answer.status in FINAL_COPY_STATUSES or answer.problem == "body_too_large"
            await self._postpone(copy, landing, answers.copy_problem(answer), final=final)
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
            if cut:  # an empty piece would end the body
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
    """The team's files whose bytes are there: to find one missing half-way through a body would leave a doubt."""
    rows = File.objects.filter(team=team_id).in_bulk(ids)
    return {id_: file for id_, file in rows.items() if default_storage.exists(file.storage_name)}


def _upload_url(file: File, mode: str) -> str | None:
    recent = timezone.now() - UPLOAD_KEPT
    return (
        FileUpload.objects.filter(file=file, mode=mode, created_at__gt=recent)
        .values_list("url", flat=True)
        .first()
    )


def _note_upload(file: File, mode: str, url: str) -> None:
    FileUpload.objects.update_or_create(
        file=file, mode=mode, defaults={"url": url, "created_at": timezone.now()}
    )


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
