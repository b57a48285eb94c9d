"""Child processes that never outlive the process that started them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from config.account import Account

# Runs in the child just before the real program. A parent-death signal is cleared by a change of user, so it
# is set after that; comparing the parent's pid closes the gap in which the parent may be gone already.
_LAUNCHER = """
import ctypes, os, sys
parent, death_signal, uid, gid = map(int, sys.argv[1:5])
if uid:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
ctypes.CDLL(None).prctl(1, death_signal)
if os.getppid() != parent:
    sys.exit(1)
os.execvp(sys.argv[5], sys.argv[5:])
"""


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
    stdin: bytes = b"",
    death_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, so that Ctrl-C in the terminal reaches only its parent.

    The kernel sends `death_signal` to it when the *thread* that called this ends: call it from the main
    thread. Standard output and error are appended to `log`; only root may name an `account`.
    """
    who = account or Account(0, 0)
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER]
    numbers = [os.getpid(), int(death_signal), who.uid, who.gid]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*launcher, *map(str, numbers), *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
    if process.stdin is not None:
        # A broken pipe means that it ended already; its exit status and its log say why.
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(stdin)
    return process


def stop(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> int:
    """Send each signal in turn and wait that many seconds after it, SIGKILL last. Returns the exit status."""
    for number, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
    return process.wait()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago; whoever uses it must be ready to find it taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until(ready: Callable[[], bool], *, seconds: float, interval: float = 0.02) -> bool:
    """Ask `ready` until it says yes; False once the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True


def living_in(folder: Path, name: str) -> list[int]:
    """Pids of running programs whose name begins with `name` and whose working folder is `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            running = (entry / "comm").read_text().startswith(name)
            if running and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue  # It ended meanwhile, or belongs to somebody else.
    return found


def tail(log: Path, lines: int = 5) -> str:
    """The last lines of a log, for an error message."""
    try:
        text = log.read_bytes()[-4000:].decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
