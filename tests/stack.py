"""A whole Atelier as real processes, for tests that cross them: web, worker, sandbox, PostgreSQL, Redis."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
from celery import Celery
from psycopg import sql
from pytest_django import DjangoDbBlocker

from config import commands
from config.embedded import Redis
from config.processes import free_port, spawn, stop, tail, wait_until

# Any number, as long as every test process takes the same one.
TEMPLATE_LOCK = 7_011_977
TEMPLATE = "stack_template"

SANDBOX_ADDRESS = re.compile(r"Sandbox on (http://\S+)\n")


class StackError(Exception):
    """A process of the stack did not do what the test needs; the text ends with its log."""


class Stack:
    """One Atelier with a database, a Redis and ports of its own; the environment of the tests is its base.

    `environment` overrides settings, such as `CALLS_PER_KEY`. Start and stop it from the main thread only:
    its processes die with the thread that started them. The sandbox runs at `speed` times its usual pace.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        speed: float = 20.0,
        beat: bool = False,
        blocker: DjangoDbBlocker | None = None,
    ) -> None:
        self.folder = folder
        self.speed = speed
        self.with_beat = beat
        self.database = f"stack_{os.getpid()}_{free_port()}"
        self.redis = Redis(folder / "redis", fast=True)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.sandbox_url = ""
        self.env = {
            **os.environ,
            "DATABASE_URL": _database_url(self.database),
            "SITE_URL": self.url,
            "MEDIA_ROOT": str(folder / "media"),
            "SPOOL_ROOT": str(folder / "spool"),
            "LOG_LEVEL": "INFO",
            **(environment or {}),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._blocker = blocker
        self._log_sizes: dict[str, int] = {}

    # -- Start and stop ------------------------------------------------------------------------------------

    def start(self) -> "Stack":
        """Everything, until the web server answers and the worker takes tasks."""
        try:
            self.start_sandbox()
            self._make_database()
            self.redis.start()
            self.env["REDIS_URL"] = self.redis.url
            self._spawn("worker", commands.worker("stack"))
            self._spawn("web", commands.web(self.port))
            if self.with_beat:
                self._spawn("beat", commands.beat(self.folder / "beat"))
            self._await("worker", self._worker_ready)
            self._await("web", self._web_ready)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends every process and drops the database; safe to call twice."""
        for process in self.processes.values():
            stop(process)
        self.processes.clear()
        self.redis.stop()
        with _server() as connection:
            name = sql.Identifier(self.database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def start_sandbox(self, port: int = 0) -> None:
        """On a free port, or on the one it had, so that a test can take it away and give it back."""
        command = [*commands.sandbox(self.folder / "sandbox", port), "--speed", str(self.speed)]
        self._spawn("sandbox", command)
        self._await("sandbox", lambda: SANDBOX_ADDRESS.search(self._new_log("sandbox")) is not None)
        found = SANDBOX_ADDRESS.search(self._new_log("sandbox"))
        self.sandbox_url = self.env["SANDBOX_URL"] = found[1] if found else ""

    def stop_sandbox(self) -> int:
        """Returns the port that it had."""
        stop(self.processes.pop("sandbox"), (signal.SIGTERM, 5))
        return urlsplit(self.sandbox_url).port or 0

    def start_worker(self, environment: Mapping[str, str] | None = None) -> None:
        """A worker that takes tasks; `environment` is for this one only."""
        self._spawn("worker", commands.worker("stack"), environment)
        self._await("worker", self._worker_ready)

    def kill_worker(self, number: signal.Signals = signal.SIGKILL, *, seconds: float = 60) -> int:
        """Sends the signal, waits for the end and returns the exit status (-9 after SIGKILL)."""
        process = self.processes.pop("worker")
        process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise StackError(f"The worker was still there {seconds} s after {number.name}.") from None

    def restart_web(self, environment: Mapping[str, str] | None = None) -> None:
        """The web server anew on the same port; `environment` is for this one only."""
        stop(self.processes.pop("web"), (signal.SIGTERM, 10))
        self._spawn("web", commands.web(self.port), environment)
        self._await("web", self._web_ready)

    # -- Looking inside ------------------------------------------------------------------------------------

    def log(self, name: str) -> str:
        """Everything that `web`, `worker`, `sandbox`, `beat` or a command printed since the stack began."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self) -> str:
        """All logs together, to search for what must not be in any."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Runs a management command and returns what it printed. Raises StackError when it fails."""
        done = subprocess.run(
            commands.manage(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            env=self.env,
            cwd=commands.PROJECT,
            timeout=300,
        )
        if done.returncode != 0:
            raise StackError(f"manage.py {' '.join(arguments)}: {done.stdout}\n{done.stderr}")
        return done.stdout

    def sql(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of one statement on the stack's database, committed at once; none where it gives none."""
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def send_task(self, name: str, **arguments: object) -> None:
        """Puts one task on the stack's own queue, for example `runs.recover`."""
        with Celery(broker=self.env["REDIS_URL"]) as app:
            app.conf.task_default_queue = "atelier"
            app.conf.task_ignore_result = True
            app.send_task(name, kwargs=arguments)

    @contextlib.contextmanager
    def django(self) -> Iterator[None]:
        """Inside, Django in *this* process works on the stack's database, so that tests call verbs directly.

        What it queued is picked up when the block ends. Not for use inside a test's own transaction: the test
        must not be marked `django_db`.
        """
        from django.conf import settings
        from django.db import connections
        from django.test import override_settings

        usual = connections["default"]
        config = {**usual.settings_dict, "NAME": self.database, "OPTIONS": {}}
        stacks = usual.__class__(config, "default")
        there = override_settings(
            MEDIA_ROOT=self.env["MEDIA_ROOT"],
            SPOOL_ROOT=self.env["SPOOL_ROOT"],
            SANDBOX_URL=self.sandbox_url,
            SITE_URL=self.url,
            # The web server knows no quick hash.
            PASSWORD_HASHERS=[name for name in settings.PASSWORD_HASHERS if "MD5" not in name],
        )
        connections["default"] = stacks
        try:
            with self._blocker.unblock() if self._blocker else contextlib.nullcontext(), there:
                yield
        finally:
            stacks.close()
            connections["default"] = usual
        self.send_task("runs.nudge")

    # -- Inside --------------------------------------------------------------------------------------------

    def _spawn(self, name: str, command: list[str], extra: Mapping[str, str] | None = None) -> None:
        log = self.folder / f"{name}.log"
        self._log_sizes[name] = len(self.log(name))
        env = {**self.env, **(extra or {})}
        self.processes[name] = spawn(command, log=log, env=env, cwd=commands.PROJECT)

    def _new_log(self, name: str) -> str:
        """What the present process printed, without those before it."""
        return self.log(name)[self._log_sizes[name] :]

    def _await(self, name: str, ready: Callable[[], bool]) -> None:
        process = self.processes[name]
        wait_until(lambda: process.poll() is not None or ready(), seconds=120, interval=0.05)
        if process.poll() is not None or not ready():
            raise StackError(f"The {name} did not start:\n{tail(self.folder / f'{name}.log', 40)}")

    def _worker_ready(self) -> bool:
        return re.search(r" ready\.$", self._new_log("worker"), re.MULTILINE) is not None

    def _web_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=10).is_success
        except httpx.TransportError:
            return False

    def _make_database(self) -> None:
        """A copy of a migrated template, which the first test process to need it makes for all."""
        with _server() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
            made = connection.execute(
                "SELECT 1 FROM pg_database WHERE datistemplate AND datname = %s", [TEMPLATE]
            )
            template = sql.Identifier(TEMPLATE)
            if not made.fetchone():
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(template))
                connection.execute(sql.SQL("CREATE DATABASE {}").format(template))
                env = {
                    **self.env,
                    "DATABASE_URL": _database_url(TEMPLATE),
                    "REDIS_URL": os.environ["REDIS_URL"],
                }
                migrate = commands.manage("migrate", "--noinput", "--verbosity", "0")
                subprocess.run(migrate, env=env, cwd=commands.PROJECT, check=True)
                connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(template))
            name = sql.Identifier(self.database)
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))


def _database_url(name: str) -> str:
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{base}/{name}"


def _server() -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(_database_url("postgres"), autocommit=True)
