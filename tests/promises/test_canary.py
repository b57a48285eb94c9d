"""Three keys nobody could mistake are used in every way there is; then everything that was written down is searched.

They may stand in the requests to their provider and, encrypted, in their row. Nowhere else.
"""

import base64
import re
import threading
import uuid
from collections.abc import Callable, Iterator

import httpx
import psycopg
import pytest
from psycopg import sql
from redis import Redis

from accounts.models import ApiKey
from playground.runs import body
from tests.promises.house import House, post, until
from tests.runs.factories import make_file

LIVE = "SG_ca9a41e5ca9a41e5"
SANDBOX = "SGTEST_ca9a41e5ca9a41e6"
# A form of key that no pattern knows: only never writing it down keeps it out of a log.
ODD = "canary-of-another-shape-7f3a9c"
KEYS = (LIVE, SANDBOX, ODD)
END = "the end of the canary's flight"
DEEDS = ("good", "refuse", "drop", "html", "odd-200", "echo", "text", "large-text", "large-bytes")


def forms(key: str) -> Iterator[bytes]:
    """The key as text, as a dump shows bytes, and as base64 has it wherever it begins."""
    plain = key.encode()
    yield from (plain, plain.hex().encode())
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + plain)[4:-4]


NEEDLES = tuple(form for key in KEYS for form in forms(key))


def hits(data: bytes) -> list[bytes]:
    return [needle for needle in NEEDLES if needle in data]


def overhear(url: str, heard: list[str], on: threading.Event) -> None:
    """Everything that any client says to Redis, until somebody says END."""
    with Redis.from_url(url) as redis, redis.monitor() as monitor:
        on.set()
        for command in monitor.listen():
            heard.append(str(command["command"]))
            if END in heard[-1]:
                return


class Flight:
    """What the canaries left behind, by place."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.runs: list[uuid.UUID] = []
        self.pages: dict[str, bytes] = {}
        self.heard: list[str] = []

    def fly(self) -> None:
        on = threading.Event()
        url = self.house.stack.env["REDIS_URL"]
        listener = threading.Thread(target=overhear, args=(url, self.heard, on), daemon=True)
        listener.start()
        assert on.wait(30)
        with self.house.browser(self.house.people.alice) as browser:
            browser.event_hooks["response"].append(self._keep)
            for number, key in enumerate(KEYS):
                self._add(browser, key, f"Canary {number}")
            self._paste(browser, LIVE)
            self._run_all()
            self._break(browser)
            self._visit(browser)
        with Redis.from_url(url) as redis:
            redis.set("canary:end", END, ex=600)
        listener.join(30)
        assert not listener.is_alive()

    def _keep(self, response: httpx.Response) -> None:
        response.read()
        name = f"{len(self.pages)} {response.request.method} {response.request.url} {response.status_code}"
        self.pages[name] = f"{response.headers}\n".encode() + response.content

    @property
    def _team(self) -> str:
        return f"/t/{self.house.people.team.slug}"

    def _add(self, browser: httpx.Client, key: str, label: str) -> None:
        """Typed into the form, tested by the worker, saved."""
        browser.get(f"{self._team}/keys/add/")
        page = post(browser, f"{self._team}/keys/add/", label=label, text=key)
        assert "/keys/test/" in str(page.url), page.text[:500]
        until(lambda: "every 1s" not in browser.get(page.url).text, "the worker to test the key")
        post(browser, f"{page.url}save/")
        assert self.house.stack.sql("SELECT count(*) FROM accounts_apikey WHERE label = %s", label) == [(1,)]

    def _paste(self, browser: httpx.Client, key: str) -> None:
        """Pasted with a command, taken out of it, tested, saved. Also where the command cannot be read."""
        path = f"{self._team}/live/pasted/"
        command = f"curl https://api.segmind.com/v1/flux-schnell -H 'x-api-key: {key}' -d '{{}}'"
        for bad in (command.replace("flux-schnell", key), f"{command} -d @{key}.json"):
            assert post(browser, path, command=bad).status_code == 422
        page = post(browser, path, command=command)
        found = re.search(rf"{self._team}/keys/test/[0-9a-f-]+/", page.text)
        assert found is not None, page.text[:500]
        test = post(browser, found.group())
        until(lambda: "every 1s" not in browser.get(test.url).text, "the worker to test the pasted key")
        post(browser, f"{test.url}save/")
        (count,) = self.house.stack.sql(
            "SELECT count(*) FROM accounts_apikey WHERE label = 'From a pasted command'"
        )
        assert count == (1,)

    def _run_all(self) -> None:
        house = self.house
        with house.django():
            membership = house.people.membership("alice")
            rows = {row.label: row for row in ApiKey.objects.filter(owner=membership.user)}
            file = make_file(membership, b"what the canary carries")
            file.holders.add(membership.user)
            mark = body.make_marker(team_id=membership.team_id, file_id=file.id, how="upload")
            for label in ("Canary 0", "Canary 2"):
                key = rows[label]
                self.runs += [house.send(key, name="alice", body={"do": deed}) for deed in DEEDS]
                self.runs.append(house.send(key, name="alice", version=2))
                self.runs.append(house.send(key, name="alice", body={"image": mark}))
            sandbox = rows["Canary 1"]
            for fault in ("", "status_400", "drop_after_charge", "garbage_status_line", "html_200"):
                hints = {"_sandbox": {"fault": fault}} if fault else {}
                self.runs.append(house.send(sandbox, name="alice", body=hints))
            self.runs.append(house.send(sandbox, name="alice", version=2))
        house.settle_down(self.runs)

    def _break(self, browser: httpx.Client) -> None:
        """Error pages: of a page about runs, and of the very form that carries a key."""
        stack = self.house.stack
        for table in ("playground_run", "accounts_membership", "accounts_apikey"):
            stack.sql(f"ALTER TABLE {table} RENAME TO {table}_gone")
            try:
                pages = [
                    browser.get(f"{self._team}/live/history/"),
                    *(post(browser, f"{self._team}/keys/add/", label="x", text=key) for key in KEYS),
                ]
            finally:
                stack.sql(f"ALTER TABLE {table}_gone RENAME TO {table}")
            assert 500 in {page.status_code for page in pages}

    def _visit(self, browser: httpx.Client) -> None:
        team = self._team
        paths = [f"{team}/{name}/" for name in ("keys", "team", "audit", "settings", "settings/encryption")]
        for mode in ("live", "sandbox"):
            paths += [f"{team}/{mode}/history/", f"{team}/{mode}/playground/flux-schnell/"]
            paths += [f"{team}/{mode}/history/export.{form}" for form in ("csv", "jsonl")]
        modes = dict(
            self.house.stack.sql("SELECT id, mode FROM playground_run WHERE id = ANY(%s)", self.runs)
        )
        paths += [f"{team}/{modes[run]}/history/{run}/" for run in self.runs]
        keys = self.house.stack.sql("SELECT id FROM accounts_apikey WHERE label LIKE 'Canary%%'")
        paths += [f"{team}/keys/{key}/{page}/" for (key,) in keys for page in ("revoke", "delete")]
        for path in paths:
            assert browser.get(path).status_code == 200, path


@pytest.fixture(scope="module")
def flight(house: House) -> Flight:
    flown = Flight(house)
    flown.fly()
    return flown


def database(house: House) -> Iterator[tuple[str, bytes]]:
    """Every table as a plain-text dump has it."""
    with psycopg.connect(house.stack.env["DATABASE_URL"]) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            with connection.cursor().copy(
                sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, table))
            ) as rows:
                yield table, b"".join(bytes(row) for row in rows)


def files(house: House) -> Iterator[tuple[str, bytes]]:
    """Logs of all processes, media, spool, Redis' own files, and the sandbox's books."""
    for path in sorted(house.stack.folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(house.stack.folder)), path.read_bytes()


def cache(house: House) -> Iterator[tuple[str, bytes]]:
    """Every key that Redis holds, with its value as Redis would save it."""
    with Redis.from_url(house.stack.env["REDIS_URL"]) as redis:
        for name in redis.scan_iter():
            kind = redis.type(name)
            value = {
                b"string": lambda name: [redis.get(name)],
                b"list": lambda name: redis.lrange(name, 0, -1),
                b"set": redis.smembers,
                b"hash": lambda name: [item for pair in redis.hgetall(name).items() for item in pair],
                b"zset": lambda name: redis.zrange(name, 0, -1),
            }[kind](name)
            yield name.decode(), b"\n".join([name, *(bytes(item) for item in value if item is not None)])


Place = Callable[[House], Iterator[tuple[str, bytes]]]


@pytest.mark.parametrize("place", [database, files, cache])
def test_no_key_is_written_down(house: House, flight: Flight, place: Place) -> None:
    found = dict(place(house))
    assert found
    assert {name: hits(data) for name, data in found.items() if hits(data)} == {}


def test_no_page_export_or_error_shows_a_key(flight: Flight) -> None:
    assert {name: hits(data) for name, data in flight.pages.items() if hits(data)} == {}
    assert any(name.endswith(" 500") for name in flight.pages)
    assert any("export.csv" in name for name in flight.pages)


def test_no_key_passes_through_the_broker(flight: Flight) -> None:
    heard = "\n".join(flight.heard).encode()
    assert b"accounts.check_key" in heard
    assert hits(heard) == []


def test_the_canaries_did_fly(house: House, flight: Flight) -> None:
    """Each was really sent, every kind of end was reached, and the provider did say the keys aloud."""
    assert {LIVE, ODD} <= house.recorder.keys
    assert len(house.posts(SANDBOX)) == 6
    states = {house.state(run) for run in flight.runs}
    assert {"succeeded", "refused", "unknown"} <= states
    searched = {name for name, _ in files(house)}
    assert {"web.log", "worker.log", "sandbox.log"} <= searched
    assert any(name.startswith("media/") for name in searched)
