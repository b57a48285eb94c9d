"""The embedded servers keep their data and leave nothing running, whatever is killed."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config.account import Account, may_reach
from config.commands import PROJECT
from config.embedded import EmbeddedServerError, Postgres, Redis
from config.processes import wait_until

STARTS_BOTH = """
import sys, time
from pathlib import Path
from config.embedded import Postgres, Redis
servers = [Postgres(Path(sys.argv[1]) / "postgres", fast=True), Redis(Path(sys.argv[1]) / "redis")]
for server in servers:
    server.start()
    print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def postgres(open_folder: Path) -> Iterator[Postgres]:
    server = Postgres(open_folder / "postgres", fast=True)
    yield server
    server.stop()


def kill(server: Postgres | Redis) -> None:
    os.kill(server.pid, signal.SIGKILL)
    assert wait_until(lambda: not server.running(), seconds=10)


def write_row(server: Postgres) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('Ärger')")


def read_rows(server: Postgres) -> list[tuple[str, ...]]:
    with psycopg.connect(server.url) as connection:
        return connection.execute("SELECT upper(word) FROM kept").fetchall()


def test_postgres_keeps_its_data_over_a_clean_stop(postgres: Postgres) -> None:
    postgres.start()
    write_row(postgres)
    pid = postgres.pid
    postgres.stop()
    assert not psutil.pid_exists(pid)
    postgres.start()
    assert read_rows(postgres) == [("ÄRGER",)]


def test_postgres_start_is_idempotent(postgres: Postgres) -> None:
    postgres.start()
    before = postgres.pid
    postgres.start()
    assert postgres.pid == before


def test_postgres_loses_nothing_to_kill_9_with_a_connection_open(open_folder: Path) -> None:
    server = Postgres(open_folder / "postgres")
    server.start()
    write_row(server)
    with psycopg.connect(server.url, autocommit=True) as idle:
        idle.execute("SELECT 1")
        kill(server)
        server.start()
        assert read_rows(server) == [("ÄRGER",)]
    server.stop()


def test_a_pid_file_that_names_somebody_else_is_cleared(postgres: Postgres) -> None:
    postgres.start()
    write_row(postgres)
    pid_file = postgres.cluster / "postmaster.pid"
    stale = pid_file.read_text().splitlines()
    postgres.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *stale[1:]]) + "\n")
    postgres.start()
    assert read_rows(postgres) == [("ÄRGER",)]


def test_a_half_made_cluster_is_made_again(postgres: Postgres) -> None:
    draft = postgres.data_dir / "draft"
    postgres.start()
    postgres.stop()
    postgres.cluster.rename(draft)
    (draft / "PG_VERSION").unlink()
    postgres.start()
    write_row(postgres)
    assert not draft.exists()


def test_a_folder_that_was_made_and_not_yet_given_away_is(postgres: Postgres) -> None:
    postgres.data_dir.mkdir(mode=0o700)
    postgres.start()
    write_row(postgres)
    assert read_rows(postgres)


def test_one_folder_serves_one_process(postgres: Postgres) -> None:
    postgres.start()
    with pytest.raises(EmbeddedServerError, match="in use by another Atelier"):
        Postgres(postgres.data_dir).start()
    assert postgres.running()


def test_postgres_listens_on_loopback_behind_a_password(postgres: Postgres) -> None:
    postgres.start()
    listening = {c.laddr.ip for c in psutil.Process(postgres.pid).net_connections() if c.status == "LISTEN"}
    assert listening == {"127.0.0.1"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url.replace("atelier:", "atelier:x"))
    assert postgres.cluster.stat().st_mode & 0o077 == 0
    assert (postgres.cluster / "atelier_password").stat().st_mode & 0o077 == 0


def test_data_goes_where_the_server_can_reach_it(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    said: list[str] = []
    server = Postgres(closed / "postgres", fast=True, say=said.append)
    with ExitStack() as cleaning:
        server.start()
        cleaning.callback(shutil.rmtree, server.place)
        cleaning.callback(server.stop)
        write_row(server)
        place = server.place
        server.stop()
        again = Postgres(closed / "postgres", fast=True)
        again.start()
        cleaning.callback(again.stop)
        assert read_rows(again) == [("ÄRGER",)]
    assert closed.stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        assert place.parent in (Path("/var/lib"), Path("/var/tmp"))
        assert said == [f"PostgreSQL's data is in {place}: its user can't enter {closed}."]
    else:
        assert (place, said) == (closed / "postgres", [])


def test_who_may_reach_a_folder(open_folder: Path) -> None:
    stranger = Account(os.geteuid() + 4242, os.getegid() + 4242)
    inner = open_folder / "inner"
    inner.mkdir(mode=0o711)
    assert may_reach(inner, stranger)
    open_folder.chmod(0o700)
    assert not may_reach(inner, stranger)
    assert may_reach(inner, Account(os.geteuid(), os.getegid()))
    assert not may_reach(open_folder / "missing", stranger)


def test_redis_keeps_its_data_over_kill_9(open_folder: Path) -> None:
    server = Redis(open_folder / "redis")
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.set("kept", "yes")
        # Redis syncs its file each second; it says when the last time went well.
        wait_until(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0, seconds=10)
    kill(server)
    server.start()
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        assert client.get("kept") == "yes"
    server.stop()


def test_redis_sets_a_file_aside_that_it_cannot_read(open_folder: Path) -> None:
    (open_folder / "redis").mkdir()
    (open_folder / "redis" / "appendonly.aof").write_text("this was never written by Redis\n")
    said: list[str] = []
    server = Redis(open_folder / "redis", say=said.append)
    server.start()
    assert server.running()
    server.stop()
    # Redis 7 and later keep their file in a folder and never look at this one.
    assert said == [] or "set aside in" in said[0]


def test_redis_wants_its_password(open_folder: Path) -> None:
    server = Redis(open_folder / "redis", fast=True)
    server.start()
    command_line = psutil.Process(server.pid).cmdline()
    with redis.Redis(port=server.port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    server.stop()
    password = server.url.split(":")[2].split("@")[0]
    assert all(password not in word for word in command_line)


def test_servers_die_with_the_process_that_started_them(open_folder: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS_BOTH, str(open_folder)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert starter.stdout is not None
    pids = [int(starter.stdout.readline()) for _ in range(2)]
    assert all(map(psutil.pid_exists, pids))
    starter.kill()
    starter.wait()
    starter.stdout.close()
    assert wait_until(lambda: not any(map(psutil.pid_exists, pids)), seconds=20)
