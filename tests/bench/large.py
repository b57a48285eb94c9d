"""The pages that read runs and money, in houses of one and of ten million runs.

``python -m tests.bench.large measure --runs 1000000 10000000`` prints one JSON line per figure (``make bench-10m``).
``python -m tests.bench.large fill --runs 1000000 --server postgres://…`` makes the database ``bench_1000000`` there and
keeps it; ``measure --server`` uses such a database again.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from tests import environment

USUAL = (1_000_000, 10_000_000)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.large", description=__doc__)
    parser.add_argument("what", choices=("fill", "measure"))
    parser.add_argument("--runs", type=int, nargs="+", default=list(USUAL), metavar="N")
    parser.add_argument(
        "--server", default="", help="a PostgreSQL to use; else one is started and thrown away"
    )
    parser.add_argument("--only", default="", help="measure the pages whose name begins so")
    asked = parser.parse_args(arguments)
    if asked.what == "fill" and not asked.server:
        parser.error("fill needs --server: what is filled elsewhere is gone at the end.")
    if asked.server:
        os.environ[environment.SHARED_DATABASE] = asked.server
    environment.prepare()
    if asked.what == "fill":
        for count in asked.runs:
            with filled(count):
                _say(f"bench_{count} is ready.")
        return 0
    from tests.bench import reading

    sizes: dict[int, dict[str, float]] = {}
    good = True
    for count in asked.runs:
        with filled(count):
            sizes[count], held = reading.measure(count, only=asked.only)
            good = good and held
    for small, large in zip(asked.runs, asked.runs[1:], strict=False):
        good = reading.tell_growth(small, sizes[small], large, sizes[large]) and good
    return 0 if good else 1


@contextmanager
def filled(count: int) -> Iterator[None]:
    """Inside, Django works on a database of ``count`` runs, which is made where there is none."""
    from django.core.management import call_command
    from django.db import connection

    from tests.bench import filling

    name = f"bench_{count}"
    with psycopg.connect(os.environ[environment.SHARED_DATABASE], autocommit=True) as server:
        there = server.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if there != ("filled",):
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = os.environ[environment.SHARED_DATABASE].rpartition("/")[0] + f"/{name}"
    with _on_database(name):
        if there != ("filled",):
            call_command("migrate", interactive=False, verbosity=0)
            large = filling.furnish()
            filling.fill(address, large, count, _say)
            filling.finish(large)
            with connection.cursor() as cursor:
                cursor.execute(f"COMMENT ON DATABASE {name} IS 'filled'")
        yield


@contextmanager
def _on_database(name: str) -> Iterator[Any]:
    from django.db import connections

    usual = connections["default"]
    there = usual.__class__({**usual.settings_dict, "NAME": name, "OPTIONS": {}}, "default")
    connections["default"] = there
    try:
        yield there
    finally:
        there.close()
        connections["default"] = usual


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
