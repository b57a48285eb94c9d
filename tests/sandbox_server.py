"""The sandbox as a subprocess, for every test that needs a provider on the other end of a real socket."""

import os
import queue
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"Sandbox on (http://\S+)")
START_SECONDS = 30.0
STOP_SECONDS = 15.0

Record = dict[str, Any]


class SandboxServer:
    """Start and stop one sandbox; read its books, set its faults, open its keys.

    Also a context manager. After `stop` or `kill`, `start` again goes on with the same books, on a new port
    unless `port` was given.
    """

    def __init__(
        self, data: Path, *, port: int = 0, speed: float = 50.0, options: tuple[str, ...] = ()
    ) -> None:
        self.data = data
        self.port = port
        self.speed = speed
        self.options = options
        self.url = ""
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Return once the server listens; raises RuntimeError with its output when it does not."""
        command = [
            sys.executable,
            "-m",
            "playground.sandbox",
            "--port",
            str(self.port),
            "--data",
            str(self.data),
        ]
        command += ["--speed", str(self.speed), *self.options]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_drain, args=(self.process, lines), daemon=True).start()
        seen: list[str] = []
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                seen.append(lines.get(timeout=0.1))
            except queue.Empty:
                if self.process.poll() is not None:
                    break
                continue
            found = ADDRESS.search(seen[-1])
            if found:
                self.url = found[1]
                return self
        self.stop()
        raise RuntimeError("The sandbox did not start:\n" + "".join(seen))

    def stop(self) -> None:
        """Stop cleanly, as SIGTERM does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9: nothing is written that was not on disk."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def books(self, **filters: str) -> list[Record]:
        """Records since the last reset; filters `key`, `kind`, `slug`, `version`, `request_id`."""
        return list(self._control("GET", "books", params=filters)["records"])

    def accepted(self, key: str) -> list[Record]:
        return self.books(key=key, kind="accepted")

    def charges(self, key: str) -> list[Record]:
        return self.books(key=key, kind="charge")

    def stats(self) -> Record:
        """`in_flight`, `peak`, `posts`, `by_status`, `by_slug`, `jobs_open`, `now`."""
        return self._control("GET", "stats")

    def fault(self, slug: str, fault: str, *, times: int | None = None, **params: Any) -> None:
        """Set a fault on a slug, "*" or a side route's name; `key` limits it to one key, `at` to a v2 GET."""
        self._control("POST", "faults", json={"slug": slug, "fault": fault, "times": times, **params})

    def clear_faults(self, slug: str | None = None) -> None:
        self._control("DELETE", "faults", params={"slug": slug} if slug else {})

    def new_key(self, balance: str = "25", *, free: str = "0", **limits: Any) -> str:
        """A fresh key with this balance; limits are `rpm`, `cap`, `cap_period`."""
        key = f"SGTEST_{secrets.token_hex(8)}"
        self.change_key(key, credits=balance, free=free, **limits)
        return key

    def change_key(self, key: str, **changes: Any) -> Record:
        """Set `credits`, `free`, `rpm`, `cap`, `cap_period` or `revoked`; answers how the key stands."""
        return self._control("POST", "keys", json={"key": key, **changes})

    def revoke(self, key: str) -> None:
        self.change_key(key, revoked=True)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward, for expiry and windows."""
        self._control("POST", "clock", json={"advance": seconds})

    def reset(self, *, books: bool = False) -> None:
        """Clear faults, clock and stats; with `books` also accounts, requests and files."""
        self._control("POST", "reset", json={"books": books})

    def wait_idle(self, seconds: float = 10.0) -> None:
        """Wait until no call and no job is open. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            stats = self.stats()
            if not stats["in_flight"] and not stats["jobs_open"]:
                return
            time.sleep(0.02)
        raise TimeoutError(f"The sandbox is still busy: {self.stats()}")

    def _control(self, method: str, path: str, **request: Any) -> Record:
        # Plain HTTP: without `verify` no certificates are loaded, which takes longer than the call.
        response = httpx.request(
            method, f"{self.url}/_sandbox/{path}", timeout=30, trust_env=False, verify=False, **request
        )
        response.raise_for_status()
        found: Record = response.json()
        return found


def _drain(process: subprocess.Popen[str], lines: "queue.SimpleQueue[str]") -> None:
    """Read until the end, so that the server never blocks on a full pipe."""
    if process.stdout is not None:
        with process.stdout:
            for line in process.stdout:
                lines.put(line)
