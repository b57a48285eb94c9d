"""The sandbox as one object: its books, files, clock, faults and the checks every call passes."""

import asyncio
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web

from playground.sandbox import answers, catalogue, wire
from playground.sandbox.books import Books, Record
from playground.sandbox.catalogue import Model
from playground.sandbox.chance import chance
from playground.sandbox.clock import Clock, stamp
from playground.sandbox.faults import Registry
from playground.sandbox.files import FileStore, alive, entry
from playground.sandbox.product import Product
from playground.sandbox.state import FILE_LIFE, KEY_SHAPE, Account, Request, State, StoredFile, fingerprint


@dataclass(frozen=True)
class Options:
    """What the command line sets. At `speed` 1 runs take 0.3 to 4 s. `rpm` None is no limit."""

    data: Path
    credits: Decimal = Decimal("25.0")
    free: Decimal = Decimal("0.5")
    speed: float = 1.0
    rpm: int | None = None


@dataclass(eq=False)
class Refusal(Exception):
    """The call is turned away: `status` and the text under `error`; nothing ran, nothing is charged."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        return wire.error(self.status, self.text, headers=self.headers)


@dataclass
class Stats:
    """Counts since the start or the last reset, of model POSTs only."""

    in_flight: int = 0
    peak: int = 0
    posts: int = 0
    by_slug: dict[str, Counter[str]] = field(default_factory=dict)

    def enter(self) -> None:
        self.posts += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)

    def leave(self, slug: str, outcome: str) -> None:
        self.in_flight -= 1
        self.by_slug.setdefault(slug, Counter())[outcome] += 1


class Sandbox:
    """Everything one server holds. Only the event loop's thread touches its state."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.models = catalogue.load()
        self.clock = Clock()
        self.books = Books(options.data / "books.jsonl")
        self.files = FileStore(options.data / "files")
        self.bodies = FileStore(options.data / "bodies")
        self.state = State()
        self.registry = Registry()
        self.stats = Stats()
        self.pool = ThreadPoolExecutor(
            max_workers=max(2, os.cpu_count() or 2), thread_name_prefix="sandbox-draw"
        )
        self.tasks: set[asyncio.Task[None]] = set()
        self._pace = chance("pace")
        self._windows: dict[str, tuple[datetime, int]] = {}

    def open(self) -> None:
        """Read the books of earlier lives and start to write."""
        for record in self.books.replay():
            self.state.apply(record)
        now = self.clock.now()
        self.files.purge({file.sha256 for file in self.state.files.values() if alive(file, now)})
        self.books.open()

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.books.close()

    def spawn(self, work: Any) -> None:
        """Run a coroutine beside the calls until it ends or the server closes."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def write(self, record: Record) -> None:
        """Apply a fact and return once it is on disk."""
        whole = {"kind": record["kind"], "at": stamp(self.clock.now()), **record}
        self.state.apply(whole)
        await self.books.append(whole)

    async def admit(self, request: web.Request) -> Account:
        """The account of the caller's key, opened at first sight. Raises Refusal 401."""
        key = request.headers.get("x-api-key", "")
        if not key:
            raise Refusal(401, wire.BAD_KEY if "Authorization" in request.headers else wire.NO_KEY)
        if not KEY_SHAPE.fullmatch(key):
            raise Refusal(401, wire.BAD_KEY)
        account = await self.account(key)
        if account.revoked:
            raise Refusal(401, wire.BAD_KEY)
        return account

    async def account(self, key: str) -> Account:
        mark = fingerprint(key)
        if mark not in self.state.accounts:
            await self.write(
                {
                    "kind": "key",
                    "fingerprint": mark,
                    "last4": key[-4:],
                    "credits": str(self.options.credits),
                    "free": str(self.options.free),
                }
            )
        return self.state.accounts[mark]

    def count_call(self, account: Account) -> None:
        """One more call in this minute's window. Raises Refusal 429 when the window is full."""
        limit = account.rpm if account.rpm is not None else self.options.rpm
        if not limit:
            return
        now = self.clock.now()
        start, used = self._windows.get(account.fingerprint, (now, 0))
        if now - start >= timedelta(minutes=1):
            start, used = now, 0
        if used >= limit:
            reset = stamp(start + timedelta(minutes=1))
            raise Refusal(429, wire.TOO_MANY, {"x-rate-limit-reset-at-utc": reset})
        self._windows[account.fingerprint] = (start, used + 1)

    def check_money(self, account: Account, cost: Decimal) -> None:
        """Raises Refusal 406 when the cap or the balance, less what is held, is below the cost."""
        if account.cap is not None and account.spent + account.reserved + cost > account.cap:
            raise Refusal(406, wire.team_cap(account.cap_period, account.cap))
        if account.balance - account.reserved < cost:
            raise Refusal(406, wire.no_credits(account.balance, cost))

    def duration(self, model: Model, body: dict[str, Any]) -> float:
        """Seconds a run takes: a twentieth of the model's average within 0.3 to 4 s, give or take a fifth."""
        hints = body.get("_sandbox")
        if isinstance(hints, dict) and isinstance(hints.get("duration"), (int, float)):
            return max(0.0, float(hints["duration"]))
        if model.slug == catalogue.MOCK:
            return max(0.0, float(answers.number(body.get("sleep"), 0.2)))
        base = min(4.0, max(0.3, (model.latency or 20.0) / 20))
        return base * self._pace.uniform(0.8, 1.2) / self.options.speed

    async def produce(self, model: Model, body: dict[str, Any], seed: int | None) -> Product:
        """What the model makes of this body, drawn in the thread pool."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, answers.make, model, body, seed or 0, self.fetch)

    def fetch(self, address: str) -> bytes | None:
        """The bytes behind an address of this sandbox's own files; any other address is never asked."""
        name = address.partition("/files/")[2].partition("?")[0]
        file = self.state.files.get(name)
        if file is None or not alive(file, self.clock.now()):
            return None
        return self.files.read(file.sha256)

    async def keep(self, product: Product) -> list[Record]:
        """Store a product's files; what the books keep of them."""
        expires = self.clock.now() + FILE_LIFE
        kept = []
        for part in product.parts:
            digest = await asyncio.to_thread(self.files.put, part.content)
            kept.append(entry(digest, part.content_type, len(part.content), expires))
        return kept

    def body(self, accepted: Request) -> dict[str, Any]:
        """The body of an accepted call as it was sent; empty where it was no JSON object."""
        try:
            body = json.loads(self.bodies.read(accepted.body_sha256))
        except (OSError, ValueError):
            return {}
        return body if isinstance(body, dict) else {}

    def public_file(self, name: str) -> StoredFile | None:
        file = self.state.files.get(name)
        return file if alive(file, self.clock.now()) else None


SANDBOX = web.AppKey("sandbox", Sandbox)
