"""How each process of Atelier is started; the trial, the tests and the benchmarks all start the same ones."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def web(port: int) -> list[str]:
    """The ASGI server on 127.0.0.1. On SIGTERM, event streams get three seconds to end."""
    return [
        *_python("uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)),
        *("--timeout-graceful-shutdown", "3", "--no-access-log", "--no-proxy-headers", "--no-server-header"),
    ]


def worker(name: str = "worker") -> list[str]:
    """Celery's worker. SIGTERM lets calls in flight finish; a second one, or SIGQUIT, does not."""
    return [
        *_python("celery", "-A", "config.celery", "worker", "--hostname", f"{name}@%h"),
        # Tasks are nudges that end at once; the calls themselves are held by one event loop beside them.
        *("--pool", "threads", "--concurrency", "4", "--without-gossip", "--without-mingle"),
        *("--loglevel", "info"),
    ]


def beat(schedule: Path) -> list[str]:
    """Celery's clock, of which there may be only one; it keeps its memory in the file `schedule`."""
    return _python("celery", "-A", "config.celery", "beat", "--schedule", str(schedule), "--pidfile", "")


def sandbox(data: Path, port: int = 0) -> list[str]:
    """The stand-in for the provider on 127.0.0.1; its first line of output names its address."""
    return _python("playground.sandbox", "--host", "127.0.0.1", "--port", str(port), "--data", str(data))


def manage(*arguments: str) -> list[str]:
    """A management command."""
    return [sys.executable, str(PROJECT / "manage.py"), *arguments]


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
