"""A real dump, restored into another PostgreSQL: the chain holds there, and goes on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection

from config import commands, pginstall
from config.embedded import Postgres
from tests.ledger.books import learn, reserve, seal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TEAM = UUID("00000000-0000-7000-8000-00000000000a")

# In the restored database: one more run, then it and what came unsealed are sealed.
GO_ON = """
from tests.ledger.books import reserve, seal
from tests.ledger.test_dump import TEAM
from playground.ledger.models import Seal
reserve(TEAM)
seal()
newest = Seal.objects.order_by("block").last()
print("era", newest.era, "entries", sum(Seal.objects.values_list("count", flat=True)))
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database on a server of its own."""
    server = Postgres(tmp_path / "elsewhere", fast=True)
    server.start()
    yield server.url
    server.stop()


def dump_into(address: str) -> None:
    found = pginstall.find(None)
    assert found is not None
    here = connection.settings_dict
    env = {**os.environ, "PGPASSWORD": here["PASSWORD"]}
    source = ["--host", here["HOST"], "--port", str(here["PORT"]), "--username", here["USER"], here["NAME"]]
    dump = subprocess.run(
        [found.programs / "pg_dump", "--no-owner", *source], env=env, capture_output=True, check=True
    )
    subprocess.run(
        [found.programs / "psql", "--quiet", "--set", "ON_ERROR_STOP=1", address],
        input=dump.stdout,
        capture_output=True,
        check=True,
    )


def manage(address: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=commands.PROJECT,
        env={**os.environ, "DATABASE_URL": address, "PGTZ": "Asia/Kathmandu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_chain_survives_a_dump_and_goes_on(elsewhere: str) -> None:
    learn(reserve(TEAM), "billed", "0.0400000001", evidence={"cost_text": "0.0400 “odd”", "status": 200})
    assert seal() == 1
    reserve(TEAM)
    dump_into(elsewhere)
    assert "1 block with 2 entries is as it was sealed." in manage(elsewhere, "verify_ledger")
    assert manage(elsewhere, "shell", "-v0", "-c", GO_ON).strip() == "era 2 entries 4"
    assert "with 4 entries are as they were sealed." in manage(elsewhere, "verify_ledger")
