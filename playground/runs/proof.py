"""Does each run say what its entries say? A difference is money that one side knows and the other does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

_BATCH = 5000
_FIRST = UUID(int=0)
_LAST = UUID(int=2**128 - 1)


@dataclass(frozen=True)
class Difference:
    """A run and its entries that disagree. ``billing`` is None where there is no run; ``known`` where no entry is."""

    run_id: UUID
    billing: str | None
    cost: Decimal | None
    known: str | None
    known_cost: Decimal | None
    spent: Decimal | None

    def __str__(self) -> str:
        if self.known is None:
            return f"Run {self.run_id} has no entry."
        if self.billing is None:
            return f"Run {self.run_id} is gone; its entries spent {self.spent:f}."
        run = f"is {_say(self.billing, self.cost)}"
        return f"Run {self.run_id} {run}, its entries say {_say(self.known, self.known_cost)} and spent {self.spent:f}."


def _say(billing: str, cost: Decimal | None) -> str:
    return billing.replace("_", " ") + (f" at {cost:f}" if cost is not None else "")


@dataclass(frozen=True)
class Progress:
    """Runs up to ``until`` are compared; ``differences`` are those of the last batch."""

    until: UUID
    runs: int
    differences: list[Difference]


# One statement sees one moment: a run and its entries change in one transaction.
_COMPARE = """
SELECT run_id, r.billing, r.cost, e.known, e.known_cost, e.spent
FROM (
    SELECT id AS run_id, billing, cost FROM playground_run WHERE id > %(after)s AND id <= %(upto)s
) AS r
FULL JOIN (
    SELECT run_id, sum(spent) AS spent,
        (array_agg(billing ORDER BY recorded_at DESC, id DESC))[1] AS known,
        (array_agg(cost ORDER BY recorded_at DESC, id DESC))[1] AS known_cost
    FROM playground_entry WHERE run_id > %(after)s AND run_id <= %(upto)s
    GROUP BY run_id
) AS e USING (run_id)
WHERE r.run_id IS NULL OR e.run_id IS NULL
    OR (r.billing, r.cost, coalesce(r.cost, 0)) IS DISTINCT FROM (e.known, e.known_cost, e.spent)
ORDER BY run_id
"""
_STEP = """
SELECT max(id::text)::uuid, count(*)
FROM (SELECT id FROM playground_run WHERE id > %s AND id <= %s ORDER BY id LIMIT %s) AS batch
"""


def compare(*, after: UUID = _FIRST, upto: UUID = _LAST, batch: int = _BATCH) -> Iterator[Progress]:
    """Every run with an id after ``after`` and up to ``upto``, a batch at a time, and entries without a run."""
    compared = 0
    while after < upto:
        with connection.cursor() as cursor:
            cursor.execute(_STEP, [after, upto, batch])
            last, count = cursor.fetchone()
            # Beyond the last run there may still be entries of runs that are gone.
            until = last if count == batch else upto
            cursor.execute(_COMPARE, {"after": after, "upto": until})
            found = [Difference(*row) for row in cursor.fetchall()]
        compared += count
        yield Progress(until, compared, found)
        after = until
