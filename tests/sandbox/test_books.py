"""The books: what is written, and what a kill -9 leaves."""

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import aiohttp
import httpx
import pytest

from tests.sandbox.conftest import SMALL, Caller, Connect
from tests.sandbox_server import SandboxServer

COST = Decimal("0.0078544346")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path) as server:
        yield server


def test_an_accepted_call_and_its_charge_are_written(server: SandboxServer, caller: Caller) -> None:
    text = json.dumps(SMALL, indent=3)
    response = caller.http.post(
        "/v1/flux-schnell", content=text, headers={"Content-Type": "application/json"}
    )
    *keys, accepted, charge = server.books(key=caller.key)
    assert {record["kind"] for record in keys} == {"key"}
    assert accepted["kind"] == "accepted"
    assert accepted["request_id"] == response.headers["x-request-id"]
    assert accepted["body_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (accepted["slug"], accepted["version"], accepted["seed"]) == ("flux-schnell", "v1", 7)
    assert accepted["last4"] == caller.key[-4:]
    assert accepted["fingerprint"] == hashlib.sha256(caller.key.encode()).hexdigest()
    assert charge["kind"] == "charge"
    assert (charge["cost"], charge["balance"]) == (str(COST), str(25 - COST))


def test_a_refusal_is_written_and_costs_nothing(server: SandboxServer, caller: Caller) -> None:
    caller.http.post("/v1/flux-schnell", json={})
    caller.v1("no-such-model")
    refused = server.books(key=caller.key, kind="refused")
    assert [(row["slug"], row["status"]) for row in refused] == [
        ("flux-schnell", 400),
        ("no-such-model", 404),
    ]
    assert server.accepted(caller.key) == []


def test_the_file_never_holds_a_key(own: SandboxServer, connect: Connect) -> None:
    caller = connect(own, own.new_key())
    caller.v1("flux-schnell", SMALL)
    caller.v2("flux-schnell", SMALL)
    text = (own.data / "books.jsonl").read_text()
    assert caller.key not in text
    assert caller.key[-4:] in text
    assert (own.data / "books.jsonl").stat().st_mode & 0o077 == 0


def test_books_and_balance_survive_kill_9(own: SandboxServer, connect: Connect) -> None:
    caller = connect(own, own.new_key("1"))
    done = [caller.v1("flux-schnell", {**SMALL, "seed": seed}).headers["x-request-id"] for seed in range(3)]
    made = caller.v2("flux-schnell", SMALL).json()["request_id"]
    caller.finish(made)
    before = own.books(key=caller.key)
    own.kill()
    own.start()
    again = connect(own, caller.key)
    assert own.books(key=caller.key) == before
    assert (
        again.http.get("/v1/get-user-credits").text == f'{{"credits": {1 - 4 * COST}, "free-credits": 0.0}}'
    )
    result = again.result(made)
    assert result.status_code == 200
    assert httpx.get(result.json()["output"]).content == again.v1("flux-schnell", SMALL).content
    for request_id in done:
        assert again.http.get(f"/inference-request/request-history/{request_id}").status_code == 200


def test_jobs_in_flight_run_on_after_kill_9(own: SandboxServer, connect: Connect) -> None:
    caller = connect(own, own.new_key("1"))
    good = caller.v2("flux-schnell", {**SMALL, "_sandbox": {"duration": 0.6}}).json()["request_id"]
    bad = caller.v2("flux-schnell", {"_sandbox": {"duration": 0.6}}).json()["request_id"]
    own.kill()
    own.start()
    again = connect(own, caller.key)
    assert again.finish(good).json()["status"] == "COMPLETED"
    assert again.finish(bad).json()["error"] == "Prompt is Mandatory and must be string"
    assert len(own.charges(caller.key)) == 1
    assert len(own.accepted(caller.key)) == 2


def test_a_v1_call_cut_short_by_kill_9_is_abandoned_and_free(own: SandboxServer, connect: Connect) -> None:
    caller = connect(own, own.new_key("1"))
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(caller.v1, "flux-schnell", {**SMALL, "_sandbox": {"duration": 30}})
        while not own.accepted(caller.key):
            time.sleep(0.02)
        own.kill()
        with pytest.raises(httpx.TransportError):
            call.result()
    own.start()
    assert [row["kind"] for row in own.books(key=caller.key)][-1] == "abandoned"
    again = connect(own, caller.key)
    assert again.balance()["credits"] == 1
    assert again.v1("flux-schnell", {**SMALL, "_sandbox": {"cost": "1"}}).status_code == 200


def test_a_torn_last_line_is_cut_off(own: SandboxServer, connect: Connect) -> None:
    caller = connect(own, own.new_key("1"))
    caller.v1("flux-schnell", SMALL)
    before = own.books()
    own.stop()
    path = own.data / "books.jsonl"
    path.write_bytes(path.read_bytes() + b'{"kind": "charge", "request_')
    own.start()
    assert own.books() == before
    own.new_key("1")
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_calls_in_flight_hold_their_cost(server: SandboxServer, caller: Caller) -> None:
    server.change_key(caller.key, credits="1")
    body = {**SMALL, "_sandbox": {"duration": 0.5, "cost": "0.3"}}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: caller.v1("flux-schnell", body), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [406] * 5
    assert caller.balance()["credits"] == 0.1


def test_a_client_that_leaves_is_charged_all_the_same(server: SandboxServer, caller: Caller) -> None:
    with pytest.raises(httpx.ReadTimeout):
        caller.http.post("/v1/flux-schnell", json={**SMALL, "_sandbox": {"duration": 0.6}}, timeout=0.2)
    server.wait_idle()
    assert len(server.charges(caller.key)) == 1


def test_a_thousand_calls_at_once(own: SandboxServer) -> None:
    key = own.new_key("1000")

    async def call(session: aiohttp.ClientSession, number: int) -> int:
        body = {**SMALL, "seed": number % 50, "_sandbox": {"duration": 1.5}}
        async with session.post(f"{own.url}/v1/flux-schnell", json=body) as response:
            await response.read()
            return response.status

    async def everything() -> list[int]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers={"x-api-key": key}) as session:
            return await asyncio.gather(*(call(session, number) for number in range(1000)))

    assert asyncio.run(everything()) == [200] * 1000
    assert own.stats()["peak"] >= 500
    charges = own.charges(key)
    assert len({row["request_id"] for row in charges}) == 1000
    assert Decimal(charges[-1]["balance"]) == 1000 - 1000 * COST
