"""A sweep pays for each cell once: through a killed worker, a stop, clocks that tick together and a spent budget. Only
a rate limit, which ran nothing, lets software send a cell anew: as a new run, linked, after the reset.
"""

import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import ApiKey, Membership
from playground.workbench import grid, sweeps
from playground.workbench.models import Sweep
from tests.ledger.caps import cap
from tests.promises.house import PROMPT, House, until

SLUG = "flux-schnell"
CELLS = """SELECT c.position, r.state, r.billing, t.request_sha256, c.attempts
  FROM playground_sweepcell c LEFT JOIN playground_run r ON r.id = c.run_id
  LEFT JOIN playground_runtext t ON t.run_id = r.id WHERE c.sweep_id = %s ORDER BY c.position"""
RUNS = """SELECT t.request_sha256 FROM playground_sweeprun s JOIN playground_sweepcell c ON c.id = s.cell_id
  JOIN playground_runtext t ON t.run_id = s.run_id WHERE c.sweep_id = %s"""


@pytest.fixture(autouse=True)
def _worker(house: House) -> None:
    """A test that failed while it had none leaves one to the next."""
    if "worker" not in house.stack.processes:
        house.stack.start_worker()


@dataclass(frozen=True)
class Cell:
    position: int
    state: str | None
    billing: str | None
    digest: str | None
    attempts: int


class Grid:
    """One sweep over seeds with a key of its own; ``tick`` is the clock, a pace's seconds later."""

    def __init__(
        self,
        house: House,
        values: str,
        *,
        body: dict[str, Any] | None = None,
        key: tuple[ApiKey, str] | None = None,
    ) -> None:
        self.house = house
        self.key, self.secret = key or house.new_key()
        self.text = json.dumps(PROMPT | (body or {}))
        with house.django():
            self.id = sweeps.make(
                membership=self.member(),
                endpoint=SLUG,
                version=1,
                key=ApiKey.objects.get(id=self.key.id),
                text=self.text,
                fields=grid.read(self.text, [("seed", values)]),
                cap_usd=None,
                cap_runs=500,
                per_minute=50,
                token=uuid.uuid4(),
            ).id

    def member(self) -> Membership:
        return Membership.objects.select_related("team", "user").get(
            id=self.house.people.membership("bob").id
        )

    def tick(self, *, later: bool = True) -> None:
        if later:
            self.house.stack.sql(
                "UPDATE playground_sweeprun SET started_at = started_at - interval '6 seconds' WHERE api_key_id = %s",
                self.key.id,
            )
        self.house.stack.send_task("workbench.sweeps")

    def cells(self) -> list[Cell]:
        return [Cell(*row) for row in self.house.stack.sql(CELLS, self.id)]

    def states(self) -> list[str | None]:
        return [cell.state for cell in self.cells()]

    def state(self) -> str:
        ((state,),) = self.house.stack.sql("SELECT state FROM playground_sweep WHERE id = %s", self.id)
        return str(state)

    def until_over(self, *states: str) -> None:
        def over() -> bool:
            self.tick()
            return self.state() in (states or ("finished",)) and not {"queued", "sending"} & set(
                self.states()
            )

        until(over, "the sweep to end")

    def posted(self) -> list[str]:
        """The digest of each POST's body, sorted."""
        return sorted(str(record["body_sha256"]) for record in self.house.posts(self.secret))

    def digests(self, *seeds: int) -> list[str]:
        """What ``posted`` says when each of these was sent once."""
        texts = (self.text.replace('"seed": 7', f'"seed": {seed}') for seed in seeds)
        return sorted(hashlib.sha256(text.encode()).hexdigest() for text in texts)


def test_a_worker_killed_in_the_middle_loses_no_cell_and_sends_none_twice(house: House) -> None:
    found = Grid(house, "1..9", body={"_sandbox": {"fault": "delay", "ms": 3000}})
    found.tick(later=False)
    until(lambda: len(house.stack.sql(RUNS, found.id)) > 3, "a run that has to wait for its turn")
    until(lambda: house.sandbox.stats()["in_flight"] >= 3, "three calls in flight")
    assert house.stack.kill_worker() == -9
    until(lambda: house.sandbox.stats()["in_flight"] == 0, "the sandbox to have written every call")
    sent, rows = found.posted(), [digest for (digest,) in house.stack.sql(RUNS, found.id)]
    # A row before a request: whatever reached the provider had been written down.
    assert set(sent) < set(rows)
    assert len(rows) < 9
    house.stack.start_worker()
    house.deadlines_pass()
    found.until_over()
    assert found.posted() == found.digests(*range(1, 10))
    cells = found.cells()
    assert [cell.attempts for cell in cells] == [1] * 9
    assert set(found.states()) == {"succeeded", "unknown"}
    # Three calls a key: those that were in flight are in doubt, and nobody repeats them.
    assert 1 <= found.states().count("unknown") <= 3
    assert {cell.digest for cell in cells if cell.state == "unknown"} <= set(sent)
    before = len(found.posted())
    found.tick()
    assert len(found.posted()) == before


def test_only_a_rate_limit_is_repeated_and_only_after_its_reset(house: House) -> None:
    key, secret = house.new_key()
    house.sandbox.fault(SLUG, "status_429", times=1, key=secret, reset_in=2)
    found = Grid(house, "11..12", key=(key, secret))
    found.until_over()
    posts = found.posted()
    assert len(posts) == 3
    assert sorted(set(posts)) == found.digests(11, 12)
    assert sorted(cell.attempts for cell in found.cells()) == [1, 2]
    linked = """SELECT l.why, e.status, e.billing, r.created_at - e.finished_at > interval '1 second'
      FROM playground_runlink l JOIN playground_run e ON e.id = l.earlier_id JOIN playground_run r ON r.id = l.run_id
      JOIN playground_sweeprun s ON s.run_id = r.id JOIN playground_sweepcell c ON c.id = s.cell_id
      WHERE c.sweep_id = %s"""
    assert house.stack.sql(linked, found.id) == [("rate_limited", 429, "not_billed", True)]


@pytest.mark.parametrize("fault", ["status_500", "drop_after_charge", "status_503"])
def test_nothing_else_is_repeated(house: House, fault: str) -> None:
    found = Grid(house, "21..22", body={"_sandbox": {"fault": fault}})
    found.until_over()
    for _ in range(3):
        found.tick()
    assert found.posted() == found.digests(21, 22)
    assert [cell.attempts for cell in found.cells()] == [1, 1]


def test_a_stop_takes_back_what_was_not_sent_and_a_resume_sends_it_once(house: House) -> None:
    found = Grid(house, "31..36", body={"_sandbox": {"fault": "delay", "ms": 1500}})
    found.tick(later=False)
    until(lambda: {"queued", "sending"} <= set(found.states()), "a queue behind the calls in flight")
    with house.django():
        sweeps.stop(membership=found.member(), sweep=Sweep.objects.get(id=found.id))
    taken = {cell.position for cell in found.cells() if cell.state in (None, "cancelled")}
    assert taken
    found.until_over("stopped")
    assert len(found.posted()) == 6 - len(taken)
    with house.django():
        sweeps.resume(
            membership=found.member(),
            sweep=Sweep.objects.get(id=found.id),
            cap_usd=None,
            cap_runs=500,
            per_minute=50,
        )
    found.until_over()
    assert found.posted() == found.digests(*range(31, 37))
    assert set(found.states()) == {"succeeded"}


def test_clocks_that_tick_together_start_each_cell_once_within_the_budget(house: House) -> None:
    other = house.among("sweepers")
    with house.django():
        cap(other.people, None, runs=5)
    found = Grid(other, "41..49")
    with ThreadPoolExecutor(8) as clocks:
        for _ in range(6):
            list(clocks.map(lambda _: found.tick(), range(8)))
    found.until_over("stopped")
    assert len(found.posted()) == len(set(found.posted())) == 5
    spent = house.charged(found.secret)
    ((booked,),) = house.stack.sql(
        "SELECT sum(r.cost) FROM playground_run r JOIN playground_sweeprun s ON s.run_id = r.id"
        " JOIN playground_sweepcell c ON c.id = s.cell_id WHERE c.sweep_id = %s",
        found.id,
    )
    assert Decimal(booked) == spent > 0
