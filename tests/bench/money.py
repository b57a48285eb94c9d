"""What budgets and sums cost, and whether they hold while many press against them at once."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from config import commands
from tests.bench.house import House, median

PROCESSES, THREADS, EACH = 4, 16, 10
BATCH, BATCHES = 200, 25
SLUG = "bench-0-0"


def budget_parallel(house: House) -> dict[str, float]:
    """64 submitters against one budget that fits three quarters of their runs, and the same without a budget.

    ``violations`` counts runs beyond the cap and counters that passed it; ``ratio`` is of submissions a second.
    """
    house.kill_worker()
    rates: dict[bool, list[float]] = {True: [], False: []}
    violations = 0
    for _ in range(3):
        for capped in (True, False):
            house.forget()
            rates[capped].append(_submit_all(house, capped=capped))
            violations += _violations(house) if capped else 0
            house.sql("UPDATE playground_budget SET ended_at = now() WHERE ended_at IS NULL")
    house.forget()
    house.start_worker()
    return {"violations": violations, "ratio": median(rates[True]) / median(rates[False])}


def _submit_all(house: House, *, capped: bool) -> float:
    if capped:
        _make_budget(house)
    command = [sys.executable, "-m", "tests.bench.submitting", str(house.team), str(THREADS), str(EACH)]
    env = {**house.env, "DATABASE_POOL_SIZE": str(THREADS + 1)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, env=env, cwd=commands.PROJECT, **pipes) for _ in range(PROCESSES)]  # type: ignore[call-overload]
    for process in running:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("A submitter did not start.")
    began = time.monotonic()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    done = sum(int(process.stdout.readline()) for process in running)
    wall = time.monotonic() - began
    for process in running:
        process.communicate()
    if done != PROCESSES * THREADS * EACH:
        raise RuntimeError(f"{done} submissions came to an end.")
    return done / wall


def _make_budget(house: House) -> None:
    from django.conf import settings

    from accounts.models import Membership
    from playground.ledger import budgets
    from playground.ledger.budgets import Terms

    fitting = PROCESSES * THREADS * EACH * 3 // 4
    with house.django():
        owner = Membership.objects.select_related("team", "user").get(team=house.team, user=house.person)
        terms = Terms(name="Bench", limit_usd=Decimal(settings.HOLD_DEFAULT_USD) * fitting)
        budgets.make(membership=owner, mode="sandbox", terms=terms)


def _violations(house: House) -> int:
    """How far runs, entries and counters are from the cap that all of them pressed against: zero is exactly full."""
    fitting = PROCESSES * THREADS * EACH * 3 // 4
    runs = house.sql("SELECT count(*) FROM playground_run")[0][0]
    over = house.sql(
        "SELECT count(*) FROM playground_budgetcounter AS c JOIN playground_budget AS b ON b.id = c.budget_id"
        " WHERE b.ended_at IS NULL AND (c.spent + c.held > b.limit_usd"
        " OR c.held <> (SELECT sum(held) FROM playground_entry) OR c.runs <> %s)",
        runs,
    )[0][0]
    return abs(int(runs) - fitting) + int(over)


def rollup_cost(house: House) -> dict[str, float]:
    """How much slower batches settle because the sums are kept: of one model, and of twenty."""
    house.kill_worker()
    lost = {}
    for name, models in (("one_model", 1), ("twenty_models", 20)):
        rates: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(3):
            for kept in (True, False):
                house.forget()
                house.queue(SLUG, BATCH * BATCHES, models=models)
                house.sql("UPDATE playground_run SET state = 'sending', claimed_at = now()")
                if kept:
                    rates[kept].append(_settle_all(house))
                else:
                    with _without_sums(house):
                        rates[kept].append(_settle_all(house))
        lost[name] = 1 - median(rates[True]) / median(rates[False])
    house.forget()
    house.start_worker()
    return lost


def _settle_all(house: House) -> float:
    """Runs settled a second, a batch in each transaction, as the sender does it."""
    from playground.runs import execute
    from playground.runs.outcome import Outcome

    runs = house.sql("SELECT id, team_id FROM playground_run ORDER BY id")

    def outcome(run: UUID, team: UUID, n: int) -> Outcome:
        cost = f"0.00{1000 + n % 50}"
        return Outcome(
            run_id=str(run), team_id=str(team), state="succeeded", billing="billed", cost=cost, cost_source="header",
            submit_status=200, status=200, request_id=f"bench-{n}", at=time.time(), response_text='{"text": "done"}',
            evidence={"status": 200, "cost_text": cost, "reason": ""}, headers=[("x-cost", cost)],
        )  # fmt: skip

    outcomes = [outcome(run, team, n) for n, (run, team) in enumerate(runs)]
    with house.django():
        warm, rest = outcomes[:BATCH], outcomes[BATCH:]
        execute.settle_many(warm)
        began = time.monotonic()
        for start in range(0, len(rest), BATCH):
            execute.settle_many(rest[start : start + BATCH])
        wall = time.monotonic() - began
    if house.settled() != len(outcomes):
        raise RuntimeError(f"{house.settled()} of {len(outcomes)} runs are settled.")
    return len(rest) / wall


@contextmanager
def _without_sums(house: House) -> Iterator[None]:
    """The entries' trigger as it is, but for the sums of days, quarters of an hour and names: in this database only."""
    ((function,),) = house.sql(
        "SELECT pg_get_functiondef(tgfoid) FROM pg_trigger WHERE tgname LIKE 'pgtrigger_entry_counts%%'"
    )
    less, count = re.subn(
        r"INSERT INTO playground_rollup AS r.*?(?=RETURN NULL;)", "", function, flags=re.DOTALL
    )
    if count != 1:
        raise RuntimeError("The trigger keeps its sums in another way now.")
    house.sql(less.replace("%", "%%"))
    try:
        yield
    finally:
        house.sql(function.replace("%", "%%"))


def money_kill(folder: Path) -> dict[str, Any]:
    """A thousand runs with every fault and a worker that is killed ten times: what both sides' books say."""
    from tests.promises.conftest import LIMITS
    from tests.promises.house import House as Promises
    from tests.promises.money import disturb
    from tests.promises.recorder import Recorder
    from tests.stack import Stack

    stack = Stack(folder, environment=LIMITS, speed=40.0)
    try:
        found = disturb(Promises(stack.start(), Recorder()), runs=1000, kills=10)
    finally:
        stack.stop()
    unexplained = found.theirs - found.ours - found.doubtful
    return {
        "differences": len(found.problems) + (unexplained != 0),
        "runs": found.runs,
        "in_doubt": found.in_doubt,
        "theirs": f"{found.theirs:f}",
        "ours": f"{found.ours:f}",
        "first": found.problems[:3],
    }
