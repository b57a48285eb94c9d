"""`make run`, from the first start to the last Ctrl-C, as a person at a terminal sees it."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from config.commands import PROJECT
from config.embedded import Postgres
from config.processes import free_port, wait_until
from config.trial import SHORTEST_LIFE

# Each trial carries it in its environment, and so does everything it starts.
MARK = "ATELIER_TRIAL_UNDER_TEST"


class Run:
    """One `python -m config.trial` and what it printed."""

    def __init__(self, folder: Path, port: int, extra: dict[str, str]) -> None:
        self.port = port
        self.mark = secrets.token_hex(16)
        self.output = folder.parent / f"{folder.name}-{self.mark}.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.trial", "--data", str(folder), "--port", str(port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self._environment(), **extra},
                cwd=PROJECT,
            )

    def _environment(self) -> dict[str, str]:
        """As on a bare machine: nothing of what the tests themselves run on."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, MARK: self.mark}

    def text(self) -> str:
        return self.output.read_text()

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.text() or self.process.poll() is not None, seconds=120)
        assert words in self.text(), self.text()

    def wait_until_ready(self) -> None:
        self.wait_for("Ctrl-C stops")

    def left(self) -> list[psutil.Process]:
        """Every process that carries the mark, the supervisor included."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def all_gone(self) -> bool:
        return not self.left()

    def part(self, words: str) -> psutil.Process:
        found = [process for process in self.left() if words in " ".join(process.cmdline())]
        # A server's child carries the server's command line until it has named itself.
        return min(found, key=psutil.Process.create_time)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        wait_until(self.all_gone, seconds=30)
        self.output.unlink()


class Starter:
    """Starts trials on one folder and ends all of them with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs: list[Run] = []

    def __call__(self, port: int | None = None, extra: dict[str, str] | None = None) -> Run:
        run = Run(self.folder, port or free_port(), extra or {})
        self.runs.append(run)
        return run


@pytest.fixture
def start(open_folder: Path) -> Iterator[Starter]:
    starter = Starter(open_folder / "var")
    yield starter
    for run in starter.runs:
        run.end()


def states(url: str) -> dict[str, int]:
    """How many runs the trial's database has in each state."""
    with psycopg.connect(url) as connection:
        return dict(
            connection.execute("SELECT state, count(*) FROM playground_run GROUP BY state").fetchall()
        )


def database_url(folder: Path) -> str:
    """Of the PostgreSQL that a running trial keeps in `folder`; its pid file has the port in line 4."""
    cluster = folder / "postgres" / "data"
    password = (cluster / "atelier_password").read_text().strip()
    port = (cluster / "postmaster.pid").read_text().splitlines()[3]
    return f"postgres://atelier:{password}@127.0.0.1:{port}/atelier"


def sign_in(client: httpx.Client, run: Run) -> None:
    found = re.search(r"Sign in as (\S+) with (\S+)", run.text())
    assert found
    form = client.get("/accounts/login/")
    assert form.status_code == 200
    token = client.cookies["atelier_csrf"]
    answer = client.post(
        "/accounts/login/",
        data={"login": found[1], "password": found[2], "csrfmiddlewaretoken": token},
        headers={"Referer": f"{client.base_url}/accounts/login/"},
    )
    assert answer.status_code == 302, answer.text


def signed_in(client: httpx.Client) -> bool:
    return client.get("/accounts/password/change/").status_code == 200


@pytest.mark.slow
def test_data_and_sessions_survive_a_restart_and_nothing_is_left_running(start: Starter) -> None:
    first = start()
    first.wait_until_ready()
    with httpx.Client(base_url=f"http://localhost:{first.port}", timeout=30) as client:
        sign_in(client, first)
        assert signed_in(client)
        assert first.interrupt() == 0
        assert "Ctrl-C again stops at once" in first.text()
        assert first.left() == []

        second = start(first.port)
        second.wait_until_ready()
        assert "Preparing the database" not in second.text()
        assert signed_in(client)
    assert second.interrupt() == 0
    assert second.left() == []


@pytest.mark.slow
def test_ctrl_c_lets_calls_in_flight_finish(start: Starter) -> None:
    """The demo team's first runs are on their way to the sandbox when the person stops the trial."""
    run = start()
    run.wait_until_ready()
    url = database_url(start.folder)
    assert wait_until(lambda: states(url).get("sending", 0) > 0, seconds=60)
    assert run.interrupt() == 0
    server = Postgres(start.folder / "postgres")
    server.start()
    after = states(server.url)
    server.stop()
    assert "sending" not in after
    assert after.get("succeeded", 0) > 0


@pytest.mark.slow
def test_a_second_ctrl_c_stops_at_once(start: Starter) -> None:
    run = start()
    run.wait_until_ready()
    sandbox = run.part("playground.sandbox")
    sandbox.suspend()
    run.process.send_signal(signal.SIGINT)
    run.wait_for("Ctrl-C again stops at once")
    assert run.interrupt() == 0
    assert run.left() == []


@pytest.mark.slow
def test_one_trial_per_folder_and_secrets_for_its_owner_only(start: Starter) -> None:
    first = start()
    first.wait_until_ready()
    second = start()
    assert second.process.wait(60) == 1
    where = f"http://localhost:{first.port} (process {first.process.pid})"
    assert second.text() == f"Atelier already runs from this folder: {where}\n"
    for name in ("secret_key", "vault_keys", "ledger_keys", "owner_password"):
        assert (start.folder / name).stat().st_mode & 0o077 == 0
    listening = [c for process in first.left() for c in process.net_connections() if c.status == "LISTEN"]
    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_nothing_running_and_is_repaired(start: Starter) -> None:
    for moment in ("Starting Atelier", "Preparing the database", "Atelier is ready"):
        run = start()
        run.wait_for(moment)
        run.process.kill()
        run.process.wait()
        assert wait_until(run.all_gone, seconds=30), run.left()
    last = start()
    last.wait_until_ready()
    assert last.interrupt() == 0


@pytest.mark.slow
def test_a_part_that_ends_is_started_again_but_not_for_ever(start: Starter) -> None:
    run = start()
    run.wait_until_ready()
    beat = run.part("celery -A config.celery beat")
    wait_until(lambda: time.time() - beat.create_time() > SHORTEST_LIFE + 1, seconds=60)
    beat.kill()
    run.wait_for("The beat ended by itself (status -9) and is started again.")
    run.part("config.celery beat").kill()
    assert run.process.wait(60) == 1
    assert re.search(r"^The beat ended by itself \(status -9\), see \S+/beat.log:", run.text(), re.MULTILINE)
    assert run.left() == []


@pytest.mark.slow
def test_a_database_that_ends_ends_the_trial(start: Starter) -> None:
    run = start()
    run.wait_until_ready()
    run.part("postgres -D").kill()
    assert run.process.wait(60) == 1
    assert re.search(r"^PostgreSQL ended by itself, see \S+/postgres.log\.$", run.text(), re.MULTILINE)
    assert run.left() == []


@pytest.mark.slow
def test_servers_named_in_the_environment_replace_the_embedded_ones(start: Starter) -> None:
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS trial_elsewhere WITH (FORCE)")
        connection.execute("CREATE DATABASE trial_elsewhere")
    url = f"{base}/trial_elsewhere"
    run = start(extra={"DATABASE_URL": url, "REDIS_URL": os.environ["REDIS_URL"]})
    run.wait_until_ready()
    assert wait_until(lambda: states(url) != {}, seconds=60)
    assert run.interrupt() == 0
    assert not (start.folder / "postgres").exists()
    assert not (start.folder / "redis").exists()


def test_a_busy_port_is_one_clear_line(start: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = start(port)
        assert run.process.wait(60) == 1
    assert run.text() == (
        f"Port {port} is used by another program: choose another, for example PORT={port + 1} make run.\n"
    )


def test_a_port_that_is_none_is_one_clear_line(start: Starter) -> None:
    run = start(70_000)
    assert run.process.wait(60) == 1
    assert run.text() == "PORT=70000 is not a port number: use one between 1024 and 65535.\n"
