"""What the tests and the benchmarks run on: a PostgreSQL, a Redis, and settings that reach nothing else.

Under xdist the first process starts PostgreSQL and its workers share it, each with a database of its own;
Redis, whose channels know no databases, is one per worker.
"""

import atexit
import base64
import os
import secrets
import shutil
import tempfile
from pathlib import Path

import django

from config.embedded import Postgres, Redis

# Where xdist's workers find the server that the first process started.
SHARED_DATABASE = "ATELIER_TESTS_DATABASE_URL"


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="atelier-tests-"))
    # As root, PostgreSQL's unprivileged user has to pass through to its own data.
    folder.chmod(0o711)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _start_postgres(folder: Path, *, durable: bool) -> str:
    server = Postgres(folder / "postgres", fast=not durable, max_connections=200)
    server.start()
    atexit.register(shutil.rmtree, server.place, ignore_errors=True)
    atexit.register(server.stop)
    return server.url


def _start_redis(folder: Path) -> str:
    server = Redis(folder / "redis", fast=True)
    server.start()
    atexit.register(server.stop)
    return server.url


def prepare(*, durable: bool = False) -> None:
    """Start both servers for the life of this process, name them in the environment and set up Django.

    ``durable`` makes PostgreSQL wait for the disk at each commit, as it does in production: what is measured must.
    """
    _set_environment(durable=durable)
    _set_up_django()


def _set_environment(*, durable: bool) -> None:
    for name in list(os.environ):
        if name.startswith(("OIDC_", "OWNER_", "S3_", "SEGMIND_", "DJANGO_")):
            del os.environ[name]
    folder = _folder()
    if SHARED_DATABASE not in os.environ:
        os.environ[SHARED_DATABASE] = _start_postgres(folder, durable=durable)
    os.environ |= {
        "DATABASE_URL": os.environ[SHARED_DATABASE],
        "REDIS_URL": _start_redis(folder),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "VAULT_KEYS": "tests:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "LEDGER_KEYS": "tests:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "MEDIA_ROOT": str(folder / "media"),
        "SPOOL_ROOT": str(folder / "spool"),
        "DEBUG": "false",
        "SITE_URL": "http://localhost:8000",
        # Nothing listens there: a test that wants the provider starts a stand-in and says so.
        "SEGMIND_BASE_URL": "http://127.0.0.1:1",
        "SEGMIND_STORAGE_URL": "http://127.0.0.1:2",
        "SANDBOX_URL": "http://127.0.0.1:3",
    }


def _set_up_django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    # Left in the environment, it would make a worker of xdist load the settings before it has a Redis.
    del os.environ["DJANGO_SETTINGS_MODULE"]

    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
