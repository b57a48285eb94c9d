"""`make run`: a whole Atelier on one machine, for a trial, with nothing installed and nothing left running.

One supervisor starts everything as its own children: PostgreSQL and Redis (unless DATABASE_URL and REDIS_URL
name others), the sandbox, the web server, the worker and beat. All of it is kept in one folder, `var`; what a
killed start left half done is finished by the next one.
"""

import argparse
import base64
import contextlib
import fcntl
import hashlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config import commands
from config.embedded import EmbeddedServerError, Postgres, Redis
from config.processes import free_port, spawn, stop, tail, wait_until

OWNER_EMAIL = "demo@example.com"

# A part that ends sooner than this after its start would only end again.
SHORTEST_LIFE = 10.0


class TrialError(Exception):
    """The trial can't go on; the text is the one line the person needs."""


@dataclass
class Part:
    """One process of Atelier under the supervisor's eye."""

    name: str
    command: list[str]
    log: Path
    env: dict[str, str]
    started: float = 0.0
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = spawn(self.command, log=self.log, env=self.env, cwd=commands.PROJECT)

    def ended(self) -> bool:
        return self.process.poll() is not None

    def obituary(self) -> str:
        return f"The {self.name} ended by itself (status {self.process.returncode})"


class Trial:
    """The supervisor: `run` starts everything, watches it and stops it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.address = f"http://localhost:{port}"
        self.env: dict[str, str] = {}
        self.parts: dict[str, Part] = {}
        self.postgres: Postgres | None = None
        self.redis: Redis | None = None

    def run(self) -> None:
        """Until Ctrl-C. Raises TrialError or EmbeddedServerError; nothing is left running in any case."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        with self._only_one():
            try:
                self._start()
                self._watch()
            except KeyboardInterrupt:
                self._drain()
            finally:
                self._halt()

    # -- Starting ------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        """One trial per folder, and a free port, before anything is touched."""
        if not self.folder.exists():
            # PostgreSQL's user may pass through it; everything inside is closed to others.
            self.folder.mkdir(parents=True)
            self.folder.chmod(0o711)
        os.umask(0o077)
        with (self.folder / "running").open("a+") as note:
            try:
                fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                note.seek(0)
                raise TrialError(f"Atelier already runs from this folder: {note.read().strip()}") from None
            _check_port(self.port)
            note.truncate(0)
            note.write(f"{self.address} (process {os.getpid()})")
            note.flush()
            yield

    def _start(self) -> None:
        say("Starting Atelier …")
        self.env = {**os.environ, **self._secrets(), **self._places()}
        self._start_sandbox()
        self._start_servers()
        self._prepare_database()
        for name, command in (
            ("web server", commands.web(self.port)),
            ("worker", commands.worker()),
            ("beat", commands.beat(self.folder / "beat")),
        ):
            self._add(name, command)
        self._wait_for(self._web_answers, "web server")
        say(f"\nAtelier is ready: {self.address}")
        say(self._login())
        say(f"Logs are in {_short(self.folder / 'log')}. Ctrl-C stops Atelier.")

    def _secrets(self) -> dict[str, str]:
        """Names of files with secrets, made at the first start; what the environment gives comes first."""
        makers: dict[str, Callable[[], str]] = {
            "SECRET_KEY": lambda: secrets.token_urlsafe(48),
            "VAULT_KEYS": lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "LEDGER_KEYS": lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "OWNER_PASSWORD": lambda: secrets.token_urlsafe(12),
        }
        files = {}
        for name, make in makers.items():
            if name in os.environ or f"{name}_FILE" in os.environ:
                continue
            path = self.folder / name.lower()
            if not path.exists():
                draft = path.with_suffix(".draft")
                draft.unlink(missing_ok=True)
                draft.write_text(make())
                draft.rename(path)
            files[f"{name}_FILE"] = str(path)
        return files

    def _places(self) -> dict[str, str]:
        given = os.environ
        return {
            "SITE_URL": given.get("SITE_URL", self.address),
            "MEDIA_ROOT": given.get("MEDIA_ROOT", str(self.folder / "media")),
            "SPOOL_ROOT": given.get("SPOOL_ROOT", str(self.folder / "spool")),
            "OWNER_EMAIL": given.get("OWNER_EMAIL", OWNER_EMAIL),
        }

    def _start_sandbox(self) -> None:
        """On the port of last time where it is free, because old runs name files at that address."""
        note = self.folder / "sandbox-port"
        port = int(note.read_text()) if note.exists() and note.read_text().isdigit() else 0
        if not port or not _port_is_free(port):
            port = free_port()
            note.write_text(str(port))
        self.env["SANDBOX_URL"] = f"http://127.0.0.1:{port}"
        self._add("sandbox", commands.sandbox(self.folder / "sandbox", port))

    def _start_servers(self) -> None:
        if not self.env.get("DATABASE_URL") and not self.env.get("DATABASE_URL_FILE"):
            self.postgres = Postgres(self.folder / "postgres", say=say)
            self.postgres.start()
            self.env["DATABASE_URL"] = self.postgres.url
        if not self.env.get("REDIS_URL") and not self.env.get("REDIS_URL_FILE"):
            self.redis = Redis(self.folder / "redis", say=say)
            self.redis.start()
            self.env["REDIS_URL"] = self.redis.url

    def _prepare_database(self) -> None:
        """Migrate and fill, unless the last start did so with these very files and this database."""
        note = self.folder / "prepared"
        state = self._fingerprint()
        if self.postgres and note.exists() and note.read_text() == state:
            return
        say("Preparing the database, once …")
        note.unlink(missing_ok=True)
        self._manage("migrate", "--noinput")
        self._wait_for(self._sandbox_answers, "sandbox")
        self._manage("demo")
        note.write_text(state)

    def _fingerprint(self) -> str:
        """Of everything `migrate` and `demo` read, and of the cluster, which its random password names."""
        digest = hashlib.sha256()
        paths = sorted(commands.PROJECT.glob("*/migrations/*.py"))
        paths += sorted((commands.PROJECT / "playground/catalogue").rglob("*.*"))
        paths += sorted(commands.PROJECT.glob("*/management/commands/*.py"))
        paths.append(commands.PROJECT / "requirements/base.txt")
        for path in paths:
            if path.suffix != ".pyc":
                digest.update(path.read_bytes())
        if self.postgres:
            digest.update((self.postgres.cluster / "atelier_password").read_bytes())
        return digest.hexdigest()

    def _manage(self, *arguments: str) -> None:
        log = self.folder / "log" / f"{arguments[0]}.log"
        log.unlink(missing_ok=True)
        process = spawn(commands.manage(*arguments), log=log, env=self.env, cwd=commands.PROJECT)
        try:
            status = process.wait()
        except KeyboardInterrupt:
            stop(process)
            raise
        if status != 0:
            raise TrialError(f"`manage.py {arguments[0]}` failed, see {_short(log)}:\n{tail(log)}")

    def _login(self) -> str:
        path = self.env.get("OWNER_PASSWORD_FILE")
        password = Path(path).read_text() if path else "the password in OWNER_PASSWORD"
        return f"Sign in as {self.env['OWNER_EMAIL']} with {password}"

    def _add(self, name: str, command: list[str]) -> None:
        log = self.folder / "log" / f"{name.replace(' ', '-')}.log"
        log.unlink(missing_ok=True)
        part = Part(name, command, log, self.env)
        part.start()
        self.parts[name] = part

    def _wait_for(self, ready: Callable[[], bool], name: str) -> None:
        def ended() -> list[Part]:
            return [part for part in self.parts.values() if part.ended()]

        wait_until(lambda: bool(ended()) or ready(), seconds=120, interval=0.05)
        for part in ended() or ([] if ready() else [self.parts[name]]):
            raise TrialError(f"The {part.name} did not start, see {_short(part.log)}:\n{tail(part.log)}")

    def _sandbox_answers(self) -> bool:
        return "Sandbox on " in tail(self.parts["sandbox"].log)

    def _web_answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    # -- Watching and stopping -----------------------------------------------------------------------------

    def _watch(self) -> None:
        """Returns never: a part that ended is started again, unless it keeps ending."""
        while True:
            time.sleep(0.25)
            for server in (self.postgres, self.redis):
                if server is not None and not server.running():
                    raise TrialError(f"{server.label} ended by itself, see {_short(server.log)}.")
            for part in self.parts.values():
                if not part.ended():
                    continue
                if time.monotonic() - part.started < SHORTEST_LIFE:
                    raise TrialError(f"{part.obituary()}, see {_short(part.log)}:\n{tail(part.log)}")
                say(f"{part.obituary()} and is started again.")
                part.start()

    def _drain(self) -> None:
        """The web server takes nothing new, the worker ends its calls, and the sandbox still answers them."""
        say("\nStopping. Calls in flight finish first; Ctrl-C again stops at once.")
        with contextlib.suppress(KeyboardInterrupt):
            leaving = [part for name, part in self.parts.items() if name != "sandbox"]
            for part in leaving:
                if not part.ended():
                    part.process.terminate()
            for part in leaving:
                part.process.wait()

    def _halt(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for name, part in self.parts.items():
            # The sandbox writes its books to the end.
            stop(part.process, *([(signal.SIGTERM, 3)] if name == "sandbox" else []))
        if self.redis:
            self.redis.stop()
        if self.postgres:
            self.postgres.stop()
        say("Stopped.")


def say(text: str) -> None:
    """Tell the person at the terminal; once that is closed, nobody."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _check_port(port: int) -> None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except PermissionError:
        raise TrialError(f"Port {port} needs root: choose one above 1023, PORT=8001 make run.") from None
    except OSError:
        advice = f"choose another, for example PORT={port + 1} make run."
        raise TrialError(f"Port {port} is used by another program: {advice}") from None


def _port_is_free(port: int) -> bool:
    try:
        _check_port(port)
    except TrialError:
        return False
    return True


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m config.trial", description="Run a whole Atelier for a trial."
    )
    parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="of the web server")
    parser.add_argument("--data", type=Path, default=commands.PROJECT / "var", help="folder for all data")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    if not arguments.port.isdigit() or not 0 < int(arguments.port) < 65536:
        sys.exit(f"PORT={arguments.port} is not a port number: use one between 1024 and 65535.")
    try:
        Trial(arguments.data.resolve(), int(arguments.port)).run()
    except PermissionError as error:
        sys.exit(f"{error.filename} belongs to another user: start Atelier as that user.")
    except (TrialError, EmbeddedServerError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
