"""kill -9 hits the worker while runs stand at every step of their life. Afterwards the runs are compared with the
sandbox's books: no request lost, none sent twice, every doubt shown as a doubt.
"""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from accounts.models import ApiKey
from playground.runs import body
from tests.promises.house import House, Row, until
from tests.runs.factories import make_file

LONG = 30_000  # milliseconds: beyond the kill, whatever the machine does
DOUBT = ("unknown", "unknown", "sender_gone")
GOOD = ("succeeded", "billed", "")


@dataclass(frozen=True)
class Step:
    """Where the kill finds a run, what it must be in the end, and how many POSTs its key sent in all."""

    name: str
    ends: tuple[str, str, str]
    posts: int = 1


LIMITED = "queued behind its key's limit"
STEPS = (
    Step(LIMITED, GOOD, posts=4),
    Step("claimed, POST not sent", DOUBT, posts=0),
    Step("v1 in flight", DOUBT),
    Step("v2 submit in flight", DOUBT),
    # The answer is in the spool by then: the next start settles it.
    Step("v1 answered, not settled", GOOD),
    Step("v2 submit answered, not settled", GOOD),
    Step("accepted", GOOD),
    Step("being polled", GOOD),
    Step("being copied", GOOD),
)


@dataclass(frozen=True)
class Killed:
    """A run after the restart, with what the books say of it."""

    row: Row
    posts: int
    charged: Decimal
    outputs: list[tuple[str, str]]


class Scene:
    """Brings one run to each step and keeps it there until the kill."""

    def __init__(self, house: House, locks: psycopg.Connection[Any], files: psycopg.Connection[Any]) -> None:
        self.house, self.locks, self.files = house, locks, files
        self.runs: dict[str, tuple[uuid.UUID, str]] = {}
        self.others: list[uuid.UUID] = []

    def _key(self, step: str) -> tuple[ApiKey, str]:
        assert step in {one.name for one in STEPS}
        return self.house.new_key()

    def at_the_provider(self) -> None:
        """Jobs that were accepted: one waits for its next poll, one is asked now, one is done and being fetched."""
        house = self.house
        key, text = self._key("being copied")
        house.sandbox.fault("files", "delay", ms=LONG)
        run = house.send(key, version=2)
        self.runs["being copied"] = run, text
        leased = (
            "SELECT 1 FROM playground_output WHERE run_id = %s AND next_try_at > now() + interval '1 minute'"
        )
        until(lambda: house.stack.sql(leased, run) == [(1,)], "the copy to begin")

        key, text = self._key("being polled")
        run = house.fault(key, "delay", version=2, at="status", ms=LONG, times=1)
        self.runs["being polled"] = run, text
        asked = "SELECT 1 FROM playground_run WHERE id = %s AND next_poll_at > now() + interval '30 seconds'"
        until(lambda: house.stack.sql(asked, run) == [(1,)], "the poll to begin")

        key, text = self._key("accepted")
        run = house.send(key, version=2, body={"_sandbox": {"duration": 1}})
        self.runs["accepted"] = run, text
        house.wait_for(run, "accepted")
        until(
            lambda: (
                house.stack.sql(
                    "UPDATE playground_run SET next_poll_at = now() + interval '1 hour'"
                    " WHERE id = %s AND state = 'accepted' RETURNING 1",
                    run,
                )
                == [(1,)]
            ),
            "the job to wait",
        )

    def in_flight(self) -> None:
        house = self.house
        v1, v2, limited = (self._key(name) for name in ("v1 in flight", "v2 submit in flight", LIMITED))
        with house.held(v1[0], v2[0], limited[0]):
            self.runs["v1 in flight"] = house.fault(v1[0], "delay", ms=5000), v1[1]
            self.runs["v2 submit in flight"] = house.fault(v2[0], "delay", version=2, ms=5000), v2[1]
            self.others += [house.fault(limited[0], "delay", ms=5000) for _ in range(3)]
            self.runs[LIMITED] = house.send(limited[0]), limited[1]
        until(lambda: house.sandbox.stats()["in_flight"] >= 5, "the calls to be in flight")

    def unsettled(self) -> None:
        """The answer is here and charged, but the row is locked: the outcome cannot be written."""
        house = self.house
        for name, version in (("v1 answered, not settled", 1), ("v2 submit answered, not settled", 2)):
            key, text = self._key(name)
            run = house.fault(key, "delay", version=version, ms=800)
            house.wait_for(run, "sending")
            self.locks.execute("SELECT 1 FROM playground_run WHERE id = %s FOR UPDATE", [run])
            assert house.state(run) == "sending"
            self.runs[name] = run, text
        for name in ("v1 answered, not settled", "v2 submit answered, not settled"):
            text = self.runs[name][1]
            until(lambda text=text: house.charged(text) > 0, "the call to be charged")  # type: ignore[misc]
        spool = Path(house.stack.env["SPOOL_ROOT"], "outcomes")
        until(
            lambda: sum(len(file.read_text().splitlines()) for file in spool.glob("*.jsonl")) >= 2,
            "both outcomes to be on disk",
        )

    def unsent(self) -> None:
        """Claimed, but the table of files is locked: the body cannot be put together."""
        house = self.house
        name = "claimed, POST not sent"
        key, text = self._key(name)
        with house.django():
            membership = house.people.membership("bob")
            file = make_file(membership)
            file.holders.add(membership.user)
            mark = body.make_marker(team_id=membership.team_id, file_id=file.id, how="base64")
        with house.held(key):
            run = house.send(key, body={"image": mark})
            self.files.execute("LOCK TABLE playground_file IN ACCESS EXCLUSIVE MODE")
        house.wait_for(run, "sending")
        self.runs[name] = run, text


@pytest.fixture(scope="module")
def killed(house: House) -> dict[str, Killed]:
    with house.connection() as locks, house.connection() as files:
        scene = Scene(house, locks, files)
        scene.at_the_provider()
        scene.unsettled()
        scene.unsent()
        scene.in_flight()
        assert house.stack.kill_worker() == -9
    house.sandbox.clear_faults()
    house.stack.start_worker()
    house.deadlines_pass()
    house.settle_down([run for run, _ in scene.runs.values()] + scene.others, hurry=7200)
    sent = {step.name: step.posts for step in STEPS}
    until(
        lambda: all(len(house.posts(text)) >= sent[name] for name, (_, text) in scene.runs.items()),
        "the sandbox to have written every call",
    )
    until(lambda: house.sandbox.stats()["in_flight"] == 0, "the sandbox to be done")
    return {
        name: Killed(house.row(run), len(house.posts(text)), house.charged(text), house.outputs(run))
        for name, (run, text) in scene.runs.items()
    }


@pytest.mark.parametrize("step", STEPS, ids=[step.name for step in STEPS])
def test_a_killed_worker_leaves_every_run_at_a_true_end(killed: dict[str, Killed], step: Step) -> None:
    found = killed[step.name]
    assert (found.row.state, found.row.billing, found.row.reason) == step.ends
    if step.ends == GOOD:
        assert found.row.cost is not None
        assert found.row.cost * found.posts == found.charged > 0
        assert [state for state, _ in found.outputs] == ["copied"]


@pytest.mark.parametrize(
    "step", [step for step in STEPS if "limit" not in step.name], ids=lambda step: step.name
)
def test_nothing_is_sent_twice_and_nothing_is_lost(killed: dict[str, Killed], step: Step) -> None:
    assert killed[step.name].posts == step.posts


def test_the_books_differ_by_exactly_the_runs_in_doubt(killed: dict[str, Killed]) -> None:
    alone = [one for name, one in killed.items() if name != LIMITED]
    difference = sum((one.charged - (one.row.cost or 0) for one in alone), Decimal(0))
    assert difference == sum((one.charged for one in alone if one.row.in_doubt), Decimal(0)) > 0
