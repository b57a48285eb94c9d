"""The routes beside the models: balance, upload, history and the public files."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from playground.sandbox import history, wire
from playground.sandbox.delivery import Answer, deliver, document, refuse
from playground.sandbox.faults import BadFault, parse_header
from playground.sandbox.files import NotDataUri, decode_data_uri, entry
from playground.sandbox.sandbox import SANDBOX, Refusal, Sandbox
from playground.sandbox.state import Account

Side = Callable[[Sandbox, web.Request, Account], Awaitable[Answer]]


def guarded(name: str, side: Side) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A route that asks for a key; its faults are set under `name` in place of a slug."""

    async def handler(request: web.Request) -> web.StreamResponse:
        sandbox = request.app[SANDBOX]
        try:
            account = await sandbox.admit(request)
            faults = sandbox.registry.take(name, "post", account.fingerprint)
            faults += parse_header(request.headers.get("x-sandbox-fault", ""))
            early = await refuse(request, faults, sandbox.clock.now())
            if early is not None:
                return early
            answer = await side(sandbox, request, account)
        except Refusal as refusal:
            return refusal.response()
        except BadFault as bad:
            return wire.error(400, str(bad))
        await sandbox.books.flushed()
        return await deliver(request, answer, faults)

    return handler


async def balance(sandbox: Sandbox, request: web.Request, account: Account) -> Answer:
    """GET /v1/get-user-credits: what calls in flight hold is not taken off."""
    return document({"credits": account.credits, "free-credits": account.free})


async def upload(sandbox: Sandbox, request: web.Request, account: Account) -> Answer:
    """POST /upload-asset: data URIs in, public addresses out; they are never deleted."""
    if request.content_type != "application/json":
        raise Refusal(406, wire.CONTENT_TYPE)
    try:
        uris = json.loads(await request.read())["data_urls"]
        decoded = [decode_data_uri(uri) for uri in uris]
    except (ValueError, KeyError, TypeError, NotDataUri, RecursionError) as bad:
        raise Refusal(400, "data_urls must be a list of data URIs") from bad
    files = []
    for content_type, content in decoded:
        digest = await asyncio.to_thread(sandbox.files.put, content)
        files.append(entry(digest, content_type, len(content), None, folder="assets/"))
    mark = {"fingerprint": account.fingerprint, "last4": account.last4}
    await sandbox.write({"kind": "upload", "files": files, **mark})
    base = request.url.origin()
    urls = [f"{base}/files/{file['name']}" for file in files]
    return document({"file_urls": urls, "message": "Files uploaded successfully"})


async def download(request: web.Request) -> web.StreamResponse:
    """GET /files/{name}: no key, ranges allowed, 404 after seven days. Its faults are set under `files`."""
    sandbox = request.app[SANDBOX]
    faults = sandbox.registry.take("files", "post", "")
    early = await refuse(request, faults, sandbox.clock.now())
    if early is not None:
        return early
    file = sandbox.public_file(request.match_info["name"])
    if file is None:
        return wire.error(404, "File not found")
    if faults:
        content = await asyncio.to_thread(sandbox.files.read, file.sha256)
        return await deliver(request, Answer(content, file.content_type), faults)
    return web.FileResponse(sandbox.files.path(file.sha256), headers={"Content-Type": file.content_type})


def routes() -> list[web.RouteDef]:
    past = "/inference-request/request-history"
    return [
        web.get("/v1/get-user-credits", guarded("get-user-credits", balance)),
        web.post("/upload-asset", guarded("upload-asset", upload)),
        web.get(past, guarded("request-history", history.list_requests)),
        web.get(past + "/{id}", guarded("request-history", history.one_request)),
        web.get("/files/{name:[0-9a-f]+[.][a-z0-9]+}", download),
        web.get("/files/{name:assets/[0-9a-f]+[.][a-z0-9]+}", download),
    ]
