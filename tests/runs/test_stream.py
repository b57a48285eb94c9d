import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client

from accounts import presence, teams
from config.asgi import application
from config.processes import free_port, wait_until
from playground.runs import live, stream
from playground.runs.models import Billing, Output, Run, State
from playground.workbench.leaving import delete_person, remove_member
from tests.personas import PASSWORD, People, Persona
from tests.runs.factories import add_output, make_run

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/t/studio/sandbox/stream/"
STREAMS = 300


@pytest.fixture
def server(transactional_db: None) -> Iterator[str]:
    """The whole application on a real socket, in this process, so that it shares the test's database and its pool."""
    port = free_port()
    config = uvicorn.Config(
        application, host="127.0.0.1", port=port, log_level="warning", lifespan="off", ws="none"
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        assert wait_until(lambda: running.started, seconds=10)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.force_exit = running.should_exit = True
        thread.join(10)


def cookies(persona: Persona) -> dict[str, str]:
    client: Client = persona.client()
    return {name: morsel.value for name, morsel in client.cookies.items()}


async def messages(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The data of each message; ends at the server's goodbye."""
    event = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            if event == "end":
                return
            yield json.loads(line.removeprefix("data: "))


@contextlib.asynccontextmanager
async def opened(server: str, persona: Persona, query: str) -> AsyncIterator[httpx.Response]:
    jar = await sync_to_async(cookies)(persona)
    async with (
        httpx.AsyncClient(base_url=server, cookies=jar, timeout=20) as client,
        client.stream("GET", f"{URL}?{query}") as response,
    ):
        yield response


def move(run: Run, state: State, billing: Billing) -> None:
    Run.objects.filter(id=run.id).update(state=state, billing=billing, status=200)
    run.refresh_from_db()
    live.publish([live.Change.of(run)])
    connections.close_all()


def open_run(people: People, name: str = "bob", state: State = State.SENDING) -> Run:
    return make_run(people.membership(name), state=state, billing=Billing.PENDING, status=None)


def test_snapshot_then_changes_then_the_end(server: str, people: People) -> None:
    run = open_run(people)

    async def watch() -> list[dict[str, Any]]:
        seen = []
        async with opened(server, people.bob, f"run={run.id}") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-store"
            assert response.headers["x-accel-buffering"] == "no"
            async for message in messages(response):
                seen.append(message)
                if len(seen) == 1:
                    await sync_to_async(move)(run, State.SUCCEEDED, Billing.BILLED)
        return seen

    snapshot, change = asyncio.run(watch())
    assert snapshot == {
        "run": str(run.id),
        "state": "sending",
        "billing": "pending",
        "done": False,
        "snapshot": True,
    }
    assert change == {"run": str(run.id), "state": "succeeded", "billing": "billed", "done": True}


def test_a_finished_run_ends_the_stream_at_once(server: str, people: People) -> None:
    run = make_run(people.membership("bob"))

    async def watch() -> list[dict[str, Any]]:
        async with opened(server, people.bob, f"run={run.id}") as response:
            return [message async for message in messages(response)]

    assert [message["done"] for message in asyncio.run(watch())] == [True]


def test_files_that_are_being_copied_keep_it_open(server: str, people: People) -> None:
    run = make_run(people.membership("bob"))
    output = add_output(run, None, state=Output.State.COPYING, url="https://images.example/x.png")

    def lose() -> None:
        Output.objects.filter(id=output.id).update(state=Output.State.LOST)
        live.publish([live.Change.of(run)])
        connections.close_all()

    async def watch() -> list[bool]:
        seen = []
        async with opened(server, people.bob, f"run={run.id}") as response:
            async for message in messages(response):
                seen.append(message["done"])
                if len(seen) == 1:
                    await sync_to_async(lose)()
        return seen

    assert asyncio.run(watch()) == [False, True]


def test_following_tells_of_runs_that_begin_later_but_not_of_other_peoples(
    server: str, people: People
) -> None:
    people.team.own_runs_only = True
    people.team.save()
    first = open_run(people)

    def begin() -> tuple[Run, Run]:
        of_alice, of_bob = open_run(people, "alice"), open_run(people, "bob")
        live.publish([live.Change.of(of_alice), live.Change.of(of_bob)])
        connections.close_all()
        return of_alice, of_bob

    async def watch() -> tuple[str, str, str]:
        async with opened(server, people.bob, f"run={first.id}&follow=1") as response:
            stream_of_messages = messages(response)
            assert (await anext(stream_of_messages))["run"] == str(first.id)
            of_alice, of_bob = await sync_to_async(begin)()
            return (await anext(stream_of_messages))["run"], str(of_bob.id), str(of_alice.id)

    heard, of_bob, of_alice = asyncio.run(watch())
    assert heard == of_bob != of_alice


def test_who_may_open_one(server: str, people: People) -> None:
    run = open_run(people, "alice")

    async def status(persona: Persona, query: str) -> int:
        async with opened(server, persona, query) as response:
            return response.status_code

    for persona, expected in (
        (people.alice, 200), (people.adam, 200), (people.bob, 200), (people.audrey, 200), (people.charlie, 404),
        (people.nobody, 302),
    ):  # fmt: skip
        assert asyncio.run(status(persona, f"run={run.id}")) == expected, persona.name
    assert asyncio.run(status(people.bob, "")) == 404
    assert asyncio.run(status(people.bob, "run=nonsense")) == 404
    people.team.own_runs_only = True
    people.team.save()
    assert asyncio.run(status(people.bob, f"run={run.id}")) == 404


@pytest.mark.parametrize("how", ["left the team", "signed out"])
def test_it_ends_when_the_access_is_gone(
    server: str, people: People, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    monkeypatch.setattr(stream, "RECHECK", 0.1)
    run = open_run(people)
    client = people.bob.client()
    jar = {name: morsel.value for name, morsel in client.cookies.items()}

    def take_away() -> None:
        if how == "signed out":
            client.session.flush()
        else:
            people.membership("bob").delete()
        connections.close_all()

    async def watch() -> int:
        async with (
            httpx.AsyncClient(base_url=server, cookies=jar, timeout=10) as http,
            http.stream("GET", f"{URL}?run={run.id}") as response,
        ):
            seen = 0
            async for _ in messages(response):
                seen += 1
                if seen == 1:
                    await sync_to_async(take_away)()
            return seen

    assert asyncio.run(watch()) >= 1


def sign_in(people: People, *, name: str = "bob") -> Client:
    cache.clear()
    client = Client()
    client.post("/accounts/login/", {"login": f"{name}@example.com", "password": PASSWORD})
    return client


DEEDS: dict[str, Callable[[People, Client], object]] = {
    "removed": lambda people, _: remove_member(
        actor=people.membership("adam"), leaving=people.membership("bob")
    ),
    "deleted": lambda people, _: delete_person(user=people.bob.user, actor=None),
    "signed out everywhere": lambda people, _: teams.end_sessions(people.bob.user),
    "signed out here": lambda _, client: client.post("/accounts/logout/"),
}


@pytest.mark.parametrize("how", DEEDS)
def test_it_ends_at_once_when_somebody_takes_the_access_away(server: str, people: People, how: str) -> None:
    """No check is due before the reader gives up: only the message makes the stream ask again."""
    run, client = open_run(people), sign_in(people)
    jar = {name: morsel.value for name, morsel in client.cookies.items()}

    def take_away() -> None:
        DEEDS[how](people, client)
        connections.close_all()

    async def watch() -> list[bool]:
        async with (
            httpx.AsyncClient(base_url=server, cookies=jar, timeout=10) as http,
            http.stream("GET", f"{URL}?run={run.id}&follow=1") as response,
        ):
            seen = []
            async for message in messages(response):
                seen.append(message["done"])
                if len(seen) == 1:
                    await sync_to_async(take_away)()
            return seen

    assert asyncio.run(watch()) == [False]


def test_a_lowered_role_sees_less_at_once(server: str, people: People) -> None:
    people.team.own_runs_only = True
    people.team.save()
    of_bob, of_adam = open_run(people), open_run(people, "adam")

    def lower() -> None:
        teams.change_role(
            actor=people.membership("alice"), membership=people.membership("adam"), role="member"
        )
        connections.close_all()

    async def watch() -> list[str]:
        async with opened(server, people.adam, f"run={of_bob.id}&run={of_adam.id}") as response:
            stream_of_messages = messages(response)
            first = {(await anext(stream_of_messages))["run"] for _ in range(2)}
            await sync_to_async(lower)()
            # The check repeats the snapshot, as far as it is still visible.
            again = (await anext(stream_of_messages))["run"]
            await sync_to_async(move)(of_bob, State.SUCCEEDED, Billing.BILLED)
            await sync_to_async(move)(of_adam, State.SUCCEEDED, Billing.BILLED)
            heard = (await anext(stream_of_messages))["run"]
            return [*sorted(first), again, heard]

    everything = sorted([str(of_bob.id), str(of_adam.id)])
    assert asyncio.run(watch()) == [*everything, str(of_adam.id), str(of_adam.id)]


def test_a_message_alone_ends_nothing(server: str, people: People) -> None:
    run = open_run(people)

    async def watch() -> list[bool]:
        async with opened(server, people.bob, f"run={run.id}") as response:
            stream_of_messages = messages(response)
            before = (await anext(stream_of_messages))["snapshot"]
            await sync_to_async(presence.ask_again)(people.bob.user.id)
            return [before, (await anext(stream_of_messages))["snapshot"]]

    assert asyncio.run(watch()) == [True, True]


def test_a_heartbeat_keeps_proxies_awake(
    server: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    run = open_run(people)

    async def watch() -> str:
        async with opened(server, people.bob, f"run={run.id}") as response:
            async for line in response.aiter_lines():
                if line.startswith(":"):
                    return line
        return ""

    assert asyncio.run(watch()) == ": still here"


def test_one_person_has_a_bounded_number_of_streams(
    server: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_STREAMS", 2)
    run = open_run(people)

    async def watch() -> list[int]:
        async with contextlib.AsyncExitStack() as stack:
            first = [
                await stack.enter_async_context(opened(server, people.bob, f"run={run.id}")) for _ in range(2)
            ]
            held = [messages(response) for response in first]
            for one in held:
                await anext(one)
            third = await stack.enter_async_context(opened(server, people.bob, f"run={run.id}"))
            other = await stack.enter_async_context(opened(server, people.alice, f"run={run.id}"))
            return [third.status_code, other.status_code]

    assert asyncio.run(watch()) == [429, 200]


def test_300_streams_on_10_connections_and_pages_still_answer(
    server: str, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_STREAMS", STREAMS)  # one person stands for many
    pool = connection.settings_dict["OPTIONS"]["pool"]
    assert pool["max_size"] == 10
    run = open_run(people)
    jar = cookies(people.bob)
    connections.close_all()

    async def crowd() -> tuple[int, list[int], int]:
        limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=server, cookies=jar, timeout=60, limits=limits) as client,
            contextlib.AsyncExitStack() as stack,
        ):
            gate = asyncio.Semaphore(20)
            streams: list[AsyncIterator[dict[str, Any]]] = []

            async def join() -> None:
                async with gate:
                    request = client.build_request("GET", f"{URL}?run={run.id}")
                    response = await client.send(request, stream=True)
                    stack.push_async_callback(response.aclose)
                    stream_of_messages = messages(response)
                    assert (await anext(stream_of_messages))["snapshot"] is True
                    streams.append(stream_of_messages)

            await asyncio.gather(*(join() for _ in range(STREAMS)))
            pages = [(await client.get("/t/studio/sandbox/history/")).status_code for _ in range(5)]
            held = await sync_to_async(_connections)()
            await sync_to_async(move)(run, State.SUCCEEDED, Billing.BILLED)
            heard = await asyncio.gather(*(anext(one) for one in streams))
            return len([one for one in heard if one["done"]]), pages, held

    heard, pages, held = asyncio.run(crowd())
    assert heard == STREAMS
    assert pages == [200] * 5
    assert held <= 10


def _connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        count = cursor.fetchone()[0]
    connections.close_all()
    return int(count)
