"""Server-Sent Events: what happens to the runs a page shows. An open stream holds no database connection."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from accounts import access
from accounts.models import Membership, User
from playground.runs import live
from playground.runs.models import OPEN_STATES, Output, Run

MOST_RUNS = 100
MOST_STREAMS = 30  # of one person in one web process
HEARTBEAT = 15.0
RECHECK = 60.0

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Watch:
    """Who watches what. ``membership`` is renewed each minute; ``runs`` are those that were visible at the start."""

    user: User
    team: str
    session_key: str
    session_exists: Callable[[str], bool]
    mode: str
    runs: tuple[uuid.UUID, ...]
    follow: bool
    membership: Membership


async def _briefly(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """``function`` in the request's thread, and no database connection left behind."""

    def call() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return await sync_to_async(call)()


@require_GET
async def stream(request: HttpRequest, team: str, mode: str) -> HttpResponseBase:
    """`?run=<id>&run=<id>` until all of them are final; with `follow=1` also runs that begin later, without an end."""
    watch = await _briefly(_admit, request, team, mode)
    if live.hub.count(str(watch.membership.user_id)) >= MOST_STREAMS:
        # The page asks for its fragments instead, as it does whenever a stream is not to be had.
        return HttpResponse("Too many open pages are watching.", status=429, content_type="text/plain")
    response = StreamingHttpResponse(_events(watch), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _admit(request: HttpRequest, team: str, mode: str) -> Watch:
    membership = access.membership_or_404(request, team)
    wanted = [run_id for run_id in map(_as_uuid, request.GET.getlist("run")[:MOST_RUNS]) if run_id]
    visible = Run.objects.visible_to(membership).in_mode(mode).filter(id__in=wanted)
    runs = tuple(visible.values_list("id", flat=True))
    follow = request.GET.get("follow") == "1"
    if not runs and not follow:
        raise Http404
    session = request.session
    return Watch(
        membership.user, team, session.session_key or "", session.exists, mode, runs, follow, membership
    )


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _renew(watch: Watch) -> bool:
    """Whether the person is still signed in and in the team; takes over a changed role."""
    membership = access.find_membership(watch.user, watch.team)
    if membership is None or not membership.user.is_active:
        return False
    watch.membership = membership
    return not watch.session_key or watch.session_exists(watch.session_key)


def _snapshot(watch: Watch, runs: tuple[uuid.UUID, ...]) -> list[dict[str, Any]]:
    copying = Output.objects.filter(run=OuterRef("pk"), state=Output.State.COPYING)
    rows = (
        Run.objects.visible_to(watch.membership)
        .filter(id__in=runs)
        .annotate(copying=Exists(copying))
        .values_list("id", "state", "billing", "copying")
    )
    return [
        {
            "run": str(run_id),
            "state": state,
            "billing": billing,
            "done": state not in OPEN_STATES and not waiting,
        }
        for run_id, state, billing, waiting in rows
    ]


def _message(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"


_GOODBYE = "event: end\ndata: {}\n\n"


async def _events(watch: Watch) -> AsyncIterator[str]:
    # The middleware around this view has used the database after the view returned.
    await sync_to_async(connections.close_all)()
    watcher = live.new_watcher(
        team=watch.membership.team_id,
        mode=watch.mode,
        runs=[str(run_id) for run_id in watch.runs],
        everyone=access.sees_all_runs(watch.membership),
        person=watch.membership.user_id,
        follow=watch.follow,
    )
    unfinished = set(watch.runs)
    async with live.hub.watch(watcher) as queue:
        yield "retry: 3000\n\n"
        async for message in _snapshots(watch, unfinished):
            yield message
        next_check = time.monotonic() + RECHECK
        while unfinished or watch.follow:
            try:
                # Not wait_for, which would take a task and some more turns of the loop for each change.
                async with asyncio.timeout(HEARTBEAT):
                    change = await queue.get()
            except TimeoutError:
                yield ": still here\n\n"
            else:
                if change is not None:
                    yield _change_message(change, unfinished)
            if watcher.asked_again or time.monotonic() >= next_check:
                watcher.asked_again = False
                if not await _briefly(_renew, watch):
                    break
                watcher.everyone = access.sees_all_runs(watch.membership)
                # Whatever the push channel lost meanwhile.
                async for message in _snapshots(watch, unfinished):
                    yield message
                next_check = time.monotonic() + RECHECK
    yield _GOODBYE


async def _snapshots(watch: Watch, unfinished: set[uuid.UUID]) -> AsyncIterator[str]:
    """How the unfinished runs stand now; takes those that are done out of the set."""
    for fact in await _briefly(_snapshot, watch, tuple(unfinished)):
        if fact["done"]:
            unfinished.discard(uuid.UUID(fact["run"]))
        yield _message({**fact, "snapshot": True})


def _change_message(change: live.Change, unfinished: set[uuid.UUID]) -> str:
    done = change.final and not change.copying
    if done:
        unfinished.discard(uuid.UUID(change.run))
    return _message({"run": change.run, "state": change.state, "billing": change.billing, "done": done})
