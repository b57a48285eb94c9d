"""What a block of the chain is made of: its entries in one order, each as one canonical text, under one keyed hash.

The text of an entry is the same on every server and after a dump and a restore: it depends on no setting of a session,
and amounts keep their ten places.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from playground.ledger.models import Seal

FIRST: Final = (-1, UUID(int=0))
LAST: Final = (2**63 - 1, UUID(int=2**128 - 1))
"""Before and after every entry, in the order of (xact, id)."""

_CHUNK = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(column: str) -> str:
    """SQL for whole microseconds since 1970: no time zone and no date style can change it."""
    return f"(extract(epoch FROM {column}) * 1000000)::bigint"


# A new column of an entry makes a new form; old blocks keep the one they were sealed with.
FORMS: Final[dict[int, tuple[str, ...]]] = {
    1: (
        *(
            "id",
            "kind",
            "made_by",
            "team_id",
            "mode",
            "run_id",
            "person_id",
            "person_label",
            "key_id",
            "key_label",
        ),
        *(
            "key_last_four",
            "endpoint",
            "category",
            "source",
            "tag",
            "size",
            "held",
            "spent",
            "cost",
            "billing",
        ),
        *("billing_before", "state", "state_before", "error_kind", "seconds", "evidence", "rule_version"),
        *("actor_id", "actor_label", "reason"),
        *(_moment("effective_at"), "to_char(day, 'YYYY-MM-DD')"),
        *(_moment("original_at"), "to_char(original_day, 'YYYY-MM-DD')"),
        *(_moment("recorded_at"), "xact"),
    ),
}
NEWEST_FORM: Final = 1

_WITHIN = """
FROM playground_entry
WHERE (xact, id) > (%s, %s) AND (xact, id) <= (%s, %s)
    AND recorded_at > coalesce(%s, '-infinity'::timestamptz) AND recorded_at <= coalesce(%s, 'infinity'::timestamptz)
"""


@dataclass(frozen=True, slots=True)
class Span:
    """The entries after ``after`` up to ``upto``, of those recorded after ``since`` and up to ``until``."""

    after: tuple[int, UUID] = FIRST
    upto: tuple[int, UUID] = LAST
    since: datetime | None = None
    until: datetime | None = None

    def _values(self) -> list[Any]:
        return [*self.after, *self.upto, self.since, self.until]

    def first(self, limit: int) -> list[tuple[int, UUID, datetime, str]]:
        """(xact, id, recorded_at, text) of the first entries in the order of the chain."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT xact, id, recorded_at, {_text(NEWEST_FORM)} {_WITHIN} ORDER BY xact, id LIMIT %s",
                [*self._values(), limit],
            )
            found: list[tuple[int, UUID, datetime, str]] = cursor.fetchall()
            return found

    def texts(self, form: int) -> Iterator[str]:
        """Every entry's text in the order of the chain, through a cursor on the server: memory stays flat."""
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT {_text(form)} {_WITHIN} ORDER BY xact, id", self._values())
            while rows := cursor.fetchmany(_CHUNK):
                for (text,) in rows:
                    yield text

    def count(self) -> tuple[int, datetime | None]:
        """How many entries there are, and when the oldest was recorded."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), min(recorded_at) {_WITHIN}", self._values())
            found: tuple[int, datetime | None] = cursor.fetchone()
            return found


def _text(form: int) -> str:
    return f"json_build_array({', '.join(FORMS[form])})::text"


class Hasher:
    """The keyed hash of one block: its entries first, then what the block says of itself."""

    def __init__(self, key: bytes) -> None:
        self._mac = hmac.new(key, digestmod=hashlib.sha256)
        self.count = 0

    def add(self, text: str) -> None:
        self._mac.update(text.encode() + b"\n")
        self.count += 1

    def digest(self, seal: Seal) -> str:
        """Once, after the last entry. ``seal.digest`` itself is not read."""
        own = [
            *(
                "atelier ledger",
                seal.form,
                seal.block,
                seal.before,
                seal.era,
                _micros(seal.since),
                seal.cluster,
            ),
            *(seal.last_xact, str(seal.last_id), _micros(seal.recorded_until), seal.count),
            *(seal.key_name, seal.key_check, _micros(seal.sealed_at)),
        ]
        self._mac.update(json.dumps(own).encode())
        return self._mac.hexdigest()


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def key_check(key: bytes) -> str:
    """A short mark that tells two keys of one name apart and says nothing about either."""
    return hmac.new(key, b"atelier ledger key", hashlib.sha256).hexdigest()[:16]


def newest_key() -> tuple[str, bytes]:
    """Name and bytes of the ring key that seals."""
    newest: tuple[str, bytes] = settings.LEDGER_RING[0]
    return newest


def key_named(name: str) -> bytes | None:
    return dict(settings.LEDGER_RING).get(name)
