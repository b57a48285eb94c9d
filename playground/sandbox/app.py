"""The sandbox as an aiohttp application."""

from aiohttp import web

from playground.sandbox import calls, control, jobs, side_routes, wire
from playground.sandbox.delivery import untype
from playground.sandbox.sandbox import SANDBOX, Options, Refusal, Sandbox

MAX_BODY = 256 * 1024 * 1024


def create_app(options: Options) -> web.Application:
    """The application; the books are read at its start and closed at its end."""
    app = web.Application(client_max_size=MAX_BODY)
    app[SANDBOX] = Sandbox(options)
    app.on_startup.append(_open)
    app.on_cleanup.append(_close)
    app.on_response_prepare.append(untype)
    app.add_routes(side_routes.routes())
    app.add_routes(control.routes())
    version = "/{version:v1|v2}/"
    app.add_routes(
        [
            web.get("/v2/requests/{id}/status", jobs.get_status),
            web.get("/v2/requests/{id}", jobs.get_result),
            web.get("/v1/requests/{id}", jobs.get_result),
            web.post(version + "{slug}", calls.post_model),
            web.route("*", version + "{slug}", wrong_verb),
            web.get("/", front),
            web.route("*", "/{anything:.*}", nothing),
        ]
    )
    return app


async def _open(app: web.Application) -> None:
    sandbox = app[SANDBOX]
    sandbox.open()
    for lost in jobs.resume(sandbox):
        await sandbox.write({"kind": "abandoned", "request_id": lost.id, "fingerprint": lost.fingerprint})


async def _close(app: web.Application) -> None:
    await app[SANDBOX].close()


async def wrong_verb(request: web.Request) -> web.StreamResponse:
    """Anything but POST on a model's route: HTML, once the key is good."""
    try:
        await request.app[SANDBOX].admit(request)
    except Refusal as refusal:
        return refusal.response()
    return wire.page(405, wire.PAGES[405])


async def nothing(request: web.Request) -> web.StreamResponse:
    return wire.error(404, "Not found")


async def front(request: web.Request) -> web.StreamResponse:
    return web.Response(text="Atelier's sandbox: a stand-in for api.segmind.com. Nothing here costs money.\n")
