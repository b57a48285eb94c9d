"""One whole Atelier with its sandbox, a recorder in the place of the live provider, and a team of people."""

import contextlib
import copy
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import psycopg.sql
from django.conf import settings
from django.db import transaction
from django.test import Client
from uuid_utils.compat import uuid7

from accounts import keys
from accounts.models import ApiKey, Membership, Team
from playground.runs.submit import submit
from tests.personas import People, Persona, make_people
from tests.promises.recorder import Recorder
from tests.sandbox_server import Record, SandboxServer
from tests.stack import Stack

PROMPT: dict[str, Any] = {"prompt": "a red boat in a harbour", "width": 512, "height": 512, "seed": 7}
OPEN = ("queued", "sending", "accepted")
PATIENCE = 90.0


def until(ready: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
    """Wait for a condition; AssertionError with ``what`` was expected when it never comes."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"Waited in vain for: {what}"
        time.sleep(0.05)


@dataclass(frozen=True)
class Row:
    """A run as the database has it."""

    id: uuid.UUID
    state: str
    billing: str
    cost: Decimal | None
    cost_source: str
    status: int | None
    submit_status: int | None
    request_id: str
    error_kind: str
    evidence: dict[str, Any]
    polls: int
    seed: str

    @property
    def reason(self) -> str:
        return self.evidence.get("reason") or ""

    @property
    def in_doubt(self) -> bool:
        return self.billing == "unknown" or (self.billing == "billed" and self.cost is None)


COLUMNS = "id, state, billing, cost, cost_source, status, submit_status, request_id, error_kind, evidence, polls, seed"


class House:
    def __init__(self, stack: Stack, recorder: Recorder) -> None:
        self.stack = stack
        self.recorder = recorder
        self.sandbox = SandboxServer(Path("unused"))
        self.sandbox.url = stack.sandbox_url
        self._inside = False
        with self.django():
            self.people: People = make_people("promises")

    @contextlib.contextmanager
    def django(self) -> Iterator[None]:
        """`Stack.django`, which may be entered once more inside itself, so that many deeds share one."""
        if self._inside:
            yield
            return
        self._inside = True
        try:
            with self.stack.django():
                yield
        finally:
            self._inside = False

    # -- Deeds

    def among(self, slug: str) -> "House":
        """The same house and people in another team, for deeds that end a membership."""
        other = copy.copy(self)
        with self.django():
            team = Team.objects.create(slug=slug, name=slug.title())
            members = {
                one.name: Persona(
                    one.name, Membership.objects.create(team=team, user=one.user, role=one.membership.role)
                )
                for one in (self.people.alice, self.people.bob)
                if one.membership is not None
            }
            other.people = replace(self.people, team=team, **members)
        return other

    def new_key(self, name: str = "bob", *, text: str = "", lent: bool = False) -> tuple[ApiKey, str]:
        """A fresh key of this person, and its text. A sandbox key with an account of its own unless ``text``."""
        text = text or self.sandbox.new_key("100")
        with self.django():
            membership = self.people.membership(name)
            key = keys.add_key(membership=membership, label=f"…{text[-4:]}", text=text)
            return (keys.lend(membership=membership, key=key, lent=True) if lent else key), text

    def send(
        self,
        key: ApiKey,
        *,
        endpoint: str = "flux-schnell",
        version: int = 1,
        name: str = "bob",
        before_commit: Callable[[], object] = lambda: None,
        body: dict[str, Any] | None = None,
        text: str = "",
    ) -> uuid.UUID:
        """Submit one run as this person, with ``body`` added to PROMPT or exactly ``text``.

        ``before_commit`` happens before any worker can see it.
        """
        with self.django(), transaction.atomic():
            run = submit(
                membership=Membership.objects.select_related("team", "user").get(
                    id=self.people.membership(name).id
                ),
                endpoint=endpoint,
                version=version,
                key=ApiKey.objects.get(id=key.id),
                body_text=text or json.dumps(PROMPT | (body or {})),
                token=uuid7(),
            )
            before_commit()
            return run.id

    def fault(self, key: ApiKey, name: str, *, version: int = 1, **params: Any) -> uuid.UUID:
        """Submit a run whose body asks the sandbox for a fault."""
        return self.send(key, version=version, body={"_sandbox": {"fault": name, **params}})

    @contextlib.contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """One transaction on the house's database, to hold locks in; rolled back at the end."""
        with psycopg.connect(self.stack.env["DATABASE_URL"]) as connection:
            try:
                yield connection
            finally:
                connection.rollback()

    @contextlib.contextmanager
    def held(self, *held: ApiKey) -> Iterator[None]:
        """Nobody claims a run of these keys until the block ends: what is submitted inside begins together."""
        with self.connection() as locks, self.django():
            locks.execute(
                "SELECT 1 FROM accounts_apikey WHERE id = ANY(%s) FOR NO KEY UPDATE",
                [[key.id for key in held]],
            )
            yield

    @contextlib.contextmanager
    def database_away(self) -> Iterator[None]:
        """PostgreSQL drops every connection to this database and takes no new ones."""
        name = psycopg.sql.Identifier(self.stack.database)
        allow = psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            server.execute(allow.format(name, psycopg.sql.SQL("false")))
            try:
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [self.stack.database],
                )
                yield
            finally:
                server.execute(allow.format(name, psycopg.sql.SQL("true")))

    # -- Looking

    def row(self, run: uuid.UUID) -> Row:
        (found,) = self.stack.sql(f"SELECT {COLUMNS} FROM playground_run WHERE id = %s", run)
        return Row(*found)

    def state(self, run: uuid.UUID) -> str:
        return self.row(run).state

    def outputs(self, run: uuid.UUID) -> list[tuple[str, str]]:
        """State and reason of each output, in order."""
        query = "SELECT state, reason FROM playground_output WHERE run_id = %s ORDER BY position"
        return [(state, reason) for state, reason in self.stack.sql(query, run)]

    def posts(self, text: str) -> list[Record]:
        """Every POST of a model with this key that reached the sandbox, whatever became of it."""
        kinds = ("accepted", "refused", "dropped")
        return [record for record in self.sandbox.books(key=text) if record["kind"] in kinds]

    def charged(self, text: str) -> Decimal:
        return sum((Decimal(record["cost"]) for record in self.sandbox.charges(text)), Decimal(0))

    # -- Time

    def wait_for(self, run: uuid.UUID, *states: str) -> Row:
        until(lambda: self.state(run) not in set(OPEN) - set(states), f"run {run} to be {states}")
        row = self.row(run)
        assert row.state in states, row
        return row

    def let_time_pass(self, seconds: int) -> None:
        """Whatever waits for a moment within the next ``seconds`` has reached it."""
        moment = "clock_timestamp() + make_interval(secs => %s)"
        for table, column, state in (
            ("run", "next_poll_at", "accepted"),
            ("output", "next_try_at", "copying"),
        ):
            self.stack.sql(
                f"UPDATE playground_{table} SET {column} = now() WHERE state = %s AND {column} > now()"
                f" AND {column} < {moment}",
                state,
                seconds,
            )

    def settle_down(self, runs: list[uuid.UUID], *, hurry: int = 20) -> None:
        """Wait until all runs have ended and their files are copied or lost; waits up to ``hurry`` s are cut short."""

        def ended() -> bool:
            self.let_time_pass(hurry)
            busy = self.stack.sql(
                "SELECT (SELECT count(*) FROM playground_run WHERE id = ANY(%s) AND state = ANY(%s))"
                " + (SELECT count(*) FROM playground_output WHERE run_id = ANY(%s) AND state = 'copying')",
                runs,
                list(OPEN),
                runs,
            )
            return busy == [(0,)]

        until(ended, "all runs to end")

    def deadlines_pass(self) -> None:
        """The moment comes at which nobody can still be sending what is marked so; the clock's task looks."""
        self.stack.sql(
            "UPDATE playground_run SET deadline_at = now() - interval '1 second' WHERE state = 'sending'"
        )
        self.stack.send_task("runs.recover")

    # -- A browser

    def browser(self, persona: Persona) -> httpx.Client:
        """Signed in at the web server; posts need ``token`` of it as the form's csrfmiddlewaretoken."""
        with self.django():
            client = Client()
            client.force_login(persona.user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        browser = httpx.Client(base_url=self.stack.url, follow_redirects=True, timeout=60, trust_env=False)
        browser.cookies.set(settings.SESSION_COOKIE_NAME, cookie)
        return browser


def post(browser: httpx.Client, path: str, **data: str) -> httpx.Response:
    """A form as the browser sends it."""
    token = browser.cookies.get(settings.CSRF_COOKIE_NAME) or ""
    return browser.post(
        path, data={"csrfmiddlewaretoken": token, **data}, headers={"Referer": str(browser.base_url)}
    )
