"""What the worker promises as a process: it drains, it holds a key's limit, it delivers once, it outlives outages."""

import re
import signal
import uuid
from pathlib import Path
from unittest import mock

import pytest
from celery import Celery

from tests.promises.house import House, Row, post, until


def spooled(house: House) -> list[Path]:
    return list(Path(house.stack.env["SPOOL_ROOT"], "outcomes").glob("*.jsonl"))


def assert_billed_once(house: House, run: uuid.UUID, text: str) -> None:
    row: Row = house.row(run)
    assert (row.state, row.billing) == ("succeeded", "billed")
    assert row.cost == house.charged(text) > 0
    assert len(house.posts(text)) == 1


@pytest.fixture(autouse=True)
def _worker(house: House) -> None:
    """A test that failed while it had none leaves one to the next."""
    if "worker" not in house.stack.processes:
        house.stack.start_worker()


def test_a_key_has_three_calls_in_flight_and_the_rest_is_seen_to_wait(house: House) -> None:
    until(lambda: house.sandbox.stats()["in_flight"] == 0, "earlier calls to end")
    house.sandbox.reset()
    key, text = house.new_key()
    with house.held(key):
        runs = [house.fault(key, "delay", ms=150) for _ in range(20)]
    waiting = []

    def ended() -> bool:
        states = [
            state for (state,) in house.stack.sql("SELECT state FROM playground_run WHERE id = ANY(%s)", runs)
        ]
        waiting.append((states.count("queued"), states.count("sending")))
        return set(states) == {"succeeded"}

    until(ended, "all twenty to succeed")
    assert house.sandbox.stats()["peak"] == 3
    assert max(queued for queued, _ in waiting) >= 10
    assert max(sending for _, sending in waiting) == 3
    assert len(house.posts(text)) == 20


def test_fifty_deliveries_of_one_run_are_one_post(house: House) -> None:
    key, text = house.new_key()
    run = house.send(key)
    with Celery(broker=house.stack.env["REDIS_URL"]) as app:
        app.conf.task_default_queue = "atelier"
        app.conf.task_ignore_result = True
        for _ in range(50):
            app.send_task("runs.nudge")
    house.wait_for(run, "succeeded")
    assert_billed_once(house, run, text)


def test_a_warm_shutdown_ends_the_calls_in_flight_and_claims_no_more(house: House) -> None:
    keys = [house.new_key() for _ in range(2)]
    job = house.send(house.new_key()[0], version=2, body={"_sandbox": {"duration": 60}})
    house.wait_for(job, "accepted")
    with house.held(*[key for key, _ in keys]):
        flying = [house.fault(key, "delay", ms=3000) for key, _ in keys for _ in range(3)]
        waiting = [house.send(key) for key, _ in keys]
    until(lambda: {house.state(run) for run in flying} == {"sending"}, "the calls to be in flight")
    assert house.stack.kill_worker(signal.SIGTERM) == 0
    assert [house.state(run) for run in flying] == ["succeeded"] * 6
    assert house.stack.sql("SELECT count(*) FROM playground_run WHERE state = 'sending'") == [(0,)]
    # On a busy machine a call may have ended, and made room, just before the signal.
    assert {house.state(run) for run in waiting} <= {"queued", "succeeded"}
    assert house.state(job) == "accepted"
    assert re.search(r"Waiting for \d calls in flight to end", house.stack.log("worker"))
    house.stack.start_worker()
    for run in waiting:
        house.wait_for(run, "succeeded")
    assert [len(house.posts(text)) for _, text in keys] == [4, 4]


def test_an_answer_that_the_database_could_not_take_is_written_when_it_is_back(house: House) -> None:
    key, text = house.new_key()
    run = house.fault(key, "delay", ms=700)
    house.wait_for(run, "sending")
    with house.database_away():
        until(lambda: bool(spooled(house)), "the outcome to be on disk")
    house.wait_for(run, "succeeded")
    assert_billed_once(house, run, text)
    until(lambda: not spooled(house), "the spool to be empty")


def test_an_answer_in_the_spool_outlives_a_drained_worker(house: House) -> None:
    key, text = house.new_key()
    run = house.fault(key, "delay", ms=700)
    house.wait_for(run, "sending")
    with house.database_away():
        until(lambda: bool(spooled(house)), "the outcome to be on disk")
        assert house.stack.kill_worker(signal.SIGTERM, seconds=200) == 0
        assert spooled(house)
        # The database is still away when the next worker starts: it has to look again.
        house.stack.start_worker()
    house.wait_for(run, "succeeded")
    assert_billed_once(house, run, text)
    until(lambda: not spooled(house), "the spool to be empty")


def test_an_answer_that_neither_database_nor_disk_took_is_a_doubt(house: House) -> None:
    outcomes = Path(house.stack.env["SPOOL_ROOT"], "outcomes")
    key, text = house.new_key()
    outcomes.rmdir()
    outcomes.write_text("A file where the folder should be: no spool can be opened.")
    run = house.fault(key, "delay", ms=700)
    house.wait_for(run, "sending")
    with house.connection() as lock:
        lock.execute("SELECT 1 FROM playground_run WHERE id = %s FOR UPDATE", [run])
        until(lambda: "are only in memory" in house.stack.log("worker"), "the disk to refuse")
        house.stack.kill_worker()
    outcomes.unlink()
    house.stack.start_worker()
    house.deadlines_pass()
    row = house.wait_for(run, "unknown")
    assert (row.billing, row.reason, row.cost) == ("unknown", "sender_gone", None)
    assert house.charged(text) > 0
    assert len(house.posts(text)) == 1


def test_losing_the_broker_loses_nothing(house: House) -> None:
    stack, port = house.stack, house.stack.redis.port
    key, text = house.new_key()
    with house.browser(house.people.bob) as browser:
        team = f"/t/{house.people.team.slug}"
        page = f"{team}/sandbox/playground/flux-schnell/"
        assert browser.get(page).status_code == 200
        assert stack.redis.process is not None
        stack.redis.process.kill()
        stack.redis.stop()
        for path in (page, f"{team}/sandbox/history/", f"{team}/keys/", f"{team}/team/"):
            assert browser.get(path).status_code == 200, path
        answer = post(
            browser, f"{page}run/", body='{"prompt": "no broker", "width": 512, "height": 512}', version="1",
            token=str(uuid.uuid4()), key=str(key.id),
        )  # fmt: skip
        assert answer.status_code == 200, answer.text[:2000]
        ((run,),) = stack.sql("SELECT id FROM playground_run WHERE api_key_id = %s", key.id)
        # The table is the queue: the worker's own tick finds it, without anybody being told.
        house.wait_for(run, "succeeded")
        assert browser.get(f"{team}/sandbox/history/{run}/").status_code == 200
        assert_billed_once(house, run, text)
    with mock.patch("config.embedded.free_port", return_value=port):
        stack.redis.start()
    assert stack.redis.port == port
    thumbnail = (
        "SELECT f.thumbnail_name <> '' FROM playground_file f JOIN playground_output o ON o.file_id = f.id"
        " WHERE o.run_id = %s"
    )
    again = house.send(key, body={"seed": 4711})
    house.wait_for(again, "succeeded")
    until(lambda: stack.sql(thumbnail, again) == [(True,)], "the worker to take tasks again")
