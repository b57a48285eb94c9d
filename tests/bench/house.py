"""The stack that is measured: web, worker, PostgreSQL and Redis of the product, with a bare upstream."""

import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
from uuid_utils.compat import uuid7

from config.processes import wait_until
from tests.stack import SANDBOX_ADDRESS, Stack

EMAIL, PASSWORD = "bench@example.com", "a long bench password"


# Each queued run has held what it may cost, as if it had been submitted.
_HOLD = """
INSERT INTO playground_entry (
    id, kind, made_by, team_id, mode, run_id, person_id, person_label, key_id, key_label, key_last_four, endpoint,
    category, source, tag, size, held, spent, billing, billing_before, state, state_before, error_kind, evidence,
    rule_version, actor_label, reason, effective_at, day)
SELECT gen_random_uuid(), 'hold', 'run', r.team_id, r.mode, r.id, r.person_id, r.person_label, r.api_key_id,
    r.key_label, r.key_last_four, r.endpoint, '', r.source, '', '', 0.06, 0, 'pending', '', 'queued', '', '', '{}', 1,
    '', '', r.created_at, r.created_at::date
FROM playground_run AS r WHERE r.state = 'queued'
    AND NOT EXISTS (SELECT FROM playground_entry AS e WHERE e.run_id = r.id)
"""
# Only here: what PostgreSQL keeps in production is emptied between two measurements.
_FORGET = """
SET session_replication_role = replica;
TRUNCATE playground_run CASCADE;
TRUNCATE playground_entry, playground_openhold, playground_rollup, playground_quarterhour, playground_name,
    playground_budgetcounter;
"""


class House(Stack):
    """A Stack whose sandbox is the upstream; ``team``, ``person`` and ``key`` are ids of rows made at start."""

    def __init__(self, folder: Path, **environment: str) -> None:
        usual = {
            "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
            "CALLS_PER_KEY": "100000",
            "CALLS_PER_PROCESS": "10000",
        }
        super().__init__(folder, environment={**usual, **environment})

    def start_sandbox(self, port: int = 0) -> None:
        self._spawn("sandbox", [sys.executable, "-m", "tests.bench.upstream", "--port", str(port)])
        self._await("sandbox", lambda: SANDBOX_ADDRESS.search(self._new_log("sandbox")) is not None)
        found = SANDBOX_ADDRESS.search(self._new_log("sandbox"))
        self.sandbox_url = self.env["SANDBOX_URL"] = found[1] if found else ""

    def start_naive(self, arguments: list[str]) -> None:
        """A plain Celery worker on a queue of its own, with a larger pool of connections."""
        extra = {"DATABASE_POOL_SIZE": "20", "LOG_LEVEL": "INFO"}
        self._spawn("worker", [sys.executable, "-m", "celery", *arguments], extra)
        self._await("worker", self._worker_ready)

    def furnish(self) -> None:
        """A team with one owner, one sandbox key, and an endpoint for each pace that is measured."""
        from accounts import keys, teams
        from accounts.models import User
        from playground.catalogue.models import Endpoint

        with self.django():
            owner = User.objects.create_user(EMAIL, PASSWORD, name="Bench")
            membership = teams.create_team(owner=owner, name="Bench")
            key = keys.add_key(membership=membership, label="Bench", text="SGTEST_0123456789abcdef")
            for slug in ("bench-0-0", "bench-300-0"):
                Endpoint.objects.create(team=membership.team, slug=slug, title=slug)
            self.team, self.person, self.key = membership.team_id, owner.id, key.id

    def queue(self, slug: str, count: int, *, models: int = 1) -> list[str]:
        """``count`` queued runs of ``slug``, written before the clock starts; of as many ``models`` with its name."""
        from playground.runs.models import Run, RunText

        with self.django():
            runs = [
                Run(
                    team_id=self.team, mode="sandbox", person_id=self.person, person_label="Bench",
                    endpoint=f"{slug}-{n % models}" if models > 1 else slug, version=1, api_key_id=self.key,
                    key_label="Bench", key_last_four="cdef", token=uuid7(),
                )
                for n in range(count)
            ]  # fmt: skip
            Run.objects.bulk_create(runs, batch_size=1000)
            RunText.objects.bulk_create(
                [
                    RunText(
                        run=run, request_text=f'{{"n": {n}, "prompt": "a harbour"}}', request_sha256="0" * 64
                    )
                    for n, run in enumerate(runs)
                ],
                batch_size=1000,
            )
        self.sql(_HOLD)
        return [str(run.id) for run in runs]

    def forget(self) -> None:
        """An empty book: no runs, no counters upstream."""
        self.sql(_FORGET)
        self.sql("VACUUM ANALYZE playground_run, playground_entry")
        httpx.get(f"{self.sandbox_url}/reset")

    def stats(self) -> dict[str, int]:
        return dict(httpx.get(f"{self.sandbox_url}/stats").json())

    def times(self) -> dict[int, list[float]]:
        return {int(n): found for n, found in httpx.get(f"{self.sandbox_url}/times").json().items()}

    def open_runs(self) -> int:
        return int(self.sql("SELECT count(*) FROM playground_run WHERE state IN ('queued', 'sending')")[0][0])

    def wait_done(self, seconds: float) -> None:
        if not wait_until(lambda: self.open_runs() == 0, seconds=seconds, interval=0.25):
            raise RuntimeError(f"{self.open_runs()} runs were not finished after {seconds} s")

    def wall(self) -> float:
        """Seconds from the first claim to the last settlement, from the rows themselves."""
        found = self.sql("SELECT extract(epoch FROM max(finished_at) - min(claimed_at)) FROM playground_run")
        return float(found[0][0])

    def settled(self) -> int:
        return int(self.sql("SELECT count(*) FROM playground_run WHERE state = 'succeeded'")[0][0])

    def worker_pss(self) -> int:
        """Bytes of memory of the worker and its children, shared pages counted in proportion."""
        root = psutil.Process(self.processes["worker"].pid)
        tree = [root, *root.children(recursive=True)]
        return sum(process.memory_full_info().pss for process in tree)

    @contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.url, timeout=60, follow_redirects=True) as client:
            client.get("/accounts/login/")
            token = client.cookies["atelier_csrf"]
            client.post(
                "/accounts/login/",
                data={"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token},
                headers={"Referer": f"{self.url}/accounts/login/"},
            ).raise_for_status()
            client.headers["X-CSRFToken"] = client.cookies["atelier_csrf"]
            client.headers["Origin"] = self.url
            yield client


def median(values: list[float]) -> float:
    return statistics.median(values)


def repeat(times: int, measure: Callable[[], float]) -> float:
    """The median of ``times`` measurements."""
    return median([measure() for _ in range(times)])


def now() -> datetime:
    return datetime.now(UTC)


def new_token() -> uuid.UUID:
    return uuid7()


def pause(seconds: float) -> None:
    time.sleep(seconds)


Figure = dict[str, Any]
