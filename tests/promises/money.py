"""Runs with every fault that touches money, a worker that is killed again and again, and both sides' books."""

import hashlib
import itertools
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from playground.ledger import sums
from playground.runs import proof
from tests.promises.house import House, until

KEYS = 10
# What each run asks of the sandbox, in turn. Every second one has no fault.
FAULTS: tuple[tuple[int, dict[str, Any]], ...] = (
    (1, {"fault": "drop_before_body"}),
    (1, {"fault": "drop_after_body"}),
    (1, {"fault": "drop_after_charge"}),
    (1, {"fault": "drop_mid_body"}),
    (1, {"fault": "garbage_status_line"}),
    (1, {"fault": "delay", "ms": 700}),
    (1, {"fault": "delay", "ms": 1500}),
    (1, {"fault": "slow_drip", "ms": 20, "bytes": 16384}),
    (1, {"fault": "status_500"}),
    (1, {"fault": "status_422"}),
    (1, {"fault": "status_406_credits"}),
    (1, {"fault": "status_429"}),
    (1, {"fault": "html_200", "charge": True}),
    (1, {"fault": "cost_missing"}),
    (1, {"fault": "cost_negative"}),
    (1, {"fault": "cost_nan"}),
    (1, {"fault": "cost_text"}),
    (1, {"fault": "cost_comma"}),
    (2, {}),
    (2, {"fault": "delay", "ms": 700}),
    (2, {"fault": "job_fails"}),
    (2, {"fault": "job_vanishes"}),
    (2, {"fault": "job_late", "ms": 300}),
    (2, {"fault": "result_lost"}),
    (2, {"fault": "submit_without_id"}),
    (2, {"fault": "drop_after_charge"}),
    (2, {"fault": "status_without_metrics"}),
)


@dataclass(frozen=True)
class Found:
    """What the books of both sides say. ``problems`` names every run and every sum that is not as it must be."""

    runs: int
    theirs: Decimal
    ours: Decimal
    in_doubt: int
    doubtful: Decimal  # what the provider charged for runs that we show as a doubt
    problems: list[str]


def disturb(house: House, *, runs: int, kills: int) -> Found:
    """Send ``runs`` runs and kill the worker ``kills`` times while they are under way; then let all come to an end."""
    keys = itertools.cycle([house.new_key()[0] for _ in range(KEYS)])
    faults = itertools.cycle(FAULTS)
    sent: dict[str, uuid.UUID] = {}
    for kill in range(kills):
        with house.django():
            for n in range(runs * kill // kills, runs * (kill + 1) // kills):
                version, fault = next(faults) if n % 2 else (1, {})
                asked = {"prompt": f"boat {uuid.uuid4()}", "width": 256, "height": 256, "_sandbox": fault}
                text = json.dumps(asked)
                run = house.send(next(keys), version=version, text=text)
                sent[hashlib.sha256(text.encode()).hexdigest()] = run
        # Some of them are answered by now, some on their way, some still wait.
        half = len(sent) - runs // kills // 2
        until(lambda half=half: _begun(house, list(sent.values())) >= half, "half of them to be sent")  # type: ignore[misc]
        if house.stack.kill_worker() != -9:
            raise RuntimeError("The worker ended by itself.")
        house.stack.start_worker()
        house.deadlines_pass()
    house.settle_down(list(sent.values()), hurry=7200)
    until(lambda: house.sandbox.stats()["in_flight"] == 0, "the sandbox to be done")
    return _compare(house, sent)


def _begun(house: House, runs: list[uuid.UUID]) -> int:
    query = "SELECT count(*) FROM playground_run WHERE id = ANY(%s) AND state <> 'queued'"
    return int(house.stack.sql(query, runs)[0][0])


def _compare(house: House, sent: dict[str, uuid.UUID]) -> Found:
    """Each call that the sandbox accepted belongs to a run by the digest of its body."""
    problems: list[str] = []
    records = house.sandbox.books()
    bodies = {r["request_id"]: r["body_sha256"] for r in records if r["kind"] == "accepted"}
    charged: dict[uuid.UUID, Decimal] = {}
    for record in records:
        run = sent.get(bodies.get(record.get("request_id"), "")) if record["kind"] == "charge" else None
        if run is not None:
            if run in charged:
                problems.append(f"Run {run} was charged twice.")
            charged[run] = charged.get(run, Decimal(0)) + Decimal(record["cost"])
    spent = dict(house.stack.sql("SELECT run_id, sum(spent) FROM playground_entry GROUP BY run_id"))
    doubts = []
    for run in sent.values():
        row, theirs = house.row(run), charged.get(run, Decimal(0))
        if spent[run] != (row.cost or 0):
            problems.append(f"Run {run} costs {row.cost}, its entries say {spent[run]}.")
        if row.in_doubt:
            doubts.append(run)
        elif (row.cost or 0) != theirs:
            problems.append(f"Run {run} is {row.billing} at {row.cost}, the provider charged {theirs}: {row}")
    with house.django():
        team = house.people.team.id
        problems += [str(one) for part in proof.compare() for one in part.differences]
        problems += [str(one) for one in sums.differences(team_id=team, mode="sandbox")]
    ours = sum((spent[run] for run in sent.values()), Decimal(0))
    doubtful = sum((charged.get(run, Decimal(0)) for run in doubts), Decimal(0))
    return Found(len(sent), sum(charged.values(), Decimal(0)), ours, len(doubts), doubtful, problems)
