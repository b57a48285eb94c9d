"""Settings for tools that read the project without any server: mypy, `check`, `makemigrations --check`."""

import base64
import os
import secrets

os.environ.update(
    SECRET_KEY=secrets.token_urlsafe(48),
    VAULT_KEYS="offline:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    LEDGER_KEYS="offline:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    DATABASE_URL="postgres://nobody@127.0.0.1:1/none",
    REDIS_URL="redis://127.0.0.1:1/0",
)

from config.settings import *


class Nowhere:
    """No model lives in any database: makemigrations then compares models with files only, and connects to nothing."""

    def allow_migrate(self, *names: object, **hints: object) -> bool:
        return False


# The engine is the real one, because the conditions of triggers are written in its SQL.
DATABASE_ROUTERS = ["tests.offline_settings.Nowhere"]
