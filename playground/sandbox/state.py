"""What the books add up to: accounts, requests and files. Every change is a record."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from playground.sandbox.books import Record
from playground.sandbox.clock import parse_stamp

KEY_SHAPE = re.compile(r"SGTEST_[0-9A-Fa-f]{16}")
RECORD_LIFE = timedelta(hours=1)
FILE_LIFE = timedelta(days=7)


def fingerprint(key: str) -> str:
    """The sha256 of a key in hex; the books hold this and the last four characters, never the key."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


class Progress(StrEnum):
    """The four states of v2. The history calls the first two PENDING."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass
class Account:
    """The balance of one key, or of several that share it, in US dollars; `fingerprint` is the first key's.

    `reserved` is held by calls in flight and not shown in the balance.
    """

    fingerprint: str
    last4: str
    credits: Decimal
    free: Decimal
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    revoked: bool = False
    rpm: int | None = None
    cap: Decimal | None = None
    cap_period: str = "monthly"

    @property
    def balance(self) -> Decimal:
        return self.credits + self.free

    def take(self, cost: Decimal) -> None:
        """Spend free credits first: they are the batch that expires first."""
        free = max(min(self.free, cost), Decimal(0))
        self.free -= free
        self.credits -= cost - free
        self.spent += cost


@dataclass(frozen=True)
class StoredFile:
    """A public file. `expires` is None for uploads, which the provider never deletes."""

    name: str
    sha256: str
    content_type: str
    size: int
    expires: datetime | None


@dataclass
class Request:
    """One accepted POST and what became of it."""

    id: str
    fingerprint: str
    last4: str
    slug: str
    version: str
    body_sha256: str
    seed: int | None
    at: datetime
    reserved: Decimal
    duration: float
    faults: list[Record] = field(default_factory=list)
    progress: Progress = Progress.QUEUED
    cost: Decimal | None = None
    balance: Decimal | None = None
    error: str | None = None
    files: list[str] = field(default_factory=list)
    finished: datetime | None = None
    queue_time: Decimal = Decimal(0)
    run_time: Decimal = Decimal(0)
    polls: int = 0
    doomed: str | None = None
    """What the model will say about a bad body, on v2 where that shows only when the job runs."""

    @property
    def over(self) -> bool:
        return self.progress in (Progress.COMPLETED, Progress.FAILED)


class State:
    """The sum of the records so far. `apply` is the only way in."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.accounts: dict[str, Account] = {}
        self.requests: dict[str, Request] = {}
        self.files: dict[str, StoredFile] = {}

    def apply(self, record: Record) -> None:
        change = getattr(self, f"_apply_{record['kind']}", None)
        if change is not None:
            change(record)
        self.records.append(record)

    def unfinished(self) -> list[Request]:
        return [request for request in self.requests.values() if not request.over]

    def _apply_reset(self, record: Record) -> None:
        for part in (self.records, self.accounts, self.requests, self.files):
            part.clear()

    def _apply_key(self, record: Record) -> None:
        if record.get("shares"):
            self.accounts[record["fingerprint"]] = self.accounts[record["shares"]]
            return
        account = self.accounts.get(record["fingerprint"])
        if account is None:
            account = Account(record["fingerprint"], record["last4"], Decimal(0), Decimal(0))
            self.accounts[account.fingerprint] = account
        for name in ("credits", "free", "cap"):
            if record.get(name) is not None:
                setattr(account, name, Decimal(record[name]))
        for name in ("rpm", "cap_period", "revoked"):
            if record.get(name) is not None:
                setattr(account, name, record[name])

    def _apply_accepted(self, record: Record) -> None:
        request = Request(
            id=record["request_id"],
            fingerprint=record["fingerprint"],
            last4=record["last4"],
            slug=record["slug"],
            version=record["version"],
            body_sha256=record["body_sha256"],
            seed=record["seed"],
            at=parse_stamp(record["at"]),
            reserved=Decimal(record["reserved"]),
            duration=record["duration"],
            faults=record["faults"],
            doomed=record["doomed"],
        )
        self.requests[request.id] = request
        self.accounts[request.fingerprint].reserved += request.reserved

    def _apply_charge(self, record: Record) -> None:
        request = self._close(record, Progress.COMPLETED)
        account = self.accounts[request.fingerprint]
        request.cost = Decimal(record["cost"])
        account.take(request.cost)
        request.balance = account.balance
        request.files = [stored["name"] for stored in record["files"]]
        self._keep(record)

    def _apply_failed(self, record: Record) -> None:
        self._close(record, Progress.FAILED).error = record["error"]

    def _apply_abandoned(self, record: Record) -> None:
        self._close(record, Progress.FAILED).error = "The server stopped before this call was answered"

    def _apply_upload(self, record: Record) -> None:
        self._keep(record)

    def _close(self, record: Record, progress: Progress) -> Request:
        request = self.requests[record["request_id"]]
        request.progress = progress
        request.finished = parse_stamp(record["at"])
        request.queue_time = Decimal(record.get("queue_time", "0"))
        request.run_time = Decimal(record.get("run_time", "0"))
        self.accounts[request.fingerprint].reserved -= request.reserved
        return request

    def _keep(self, record: Record) -> None:
        for entry in record["files"]:
            expires = parse_stamp(entry["expires"]) if entry["expires"] else None
            self.files[entry["name"]] = StoredFile(
                entry["name"], entry["sha256"], entry["content_type"], entry["size"], expires
            )
