"""The entries of one team in one mode, newest first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self
from uuid import UUID

from django.db.models import Q

from accounts import access
from accounts.models import ApiKey, Membership
from playground.ledger.models import Entry, EntryQuerySet, MadeBy

PAGE = 50

_WORDS = {
    "status": "status {}",
    "cost_text": "cost {}",
    "balance_text": "balance {}",
    "reason": "{}",
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the order of (day, id). In an address: ``2026-11-27.01a2…``."""

    day: date
    id: UUID

    @classmethod
    def read(cls, text: str) -> Self | None:
        day, _, entry = text.partition(".")
        try:
            return cls(date.fromisoformat(day), UUID(entry))
        except ValueError:
            return None

    @classmethod
    def at(cls, entry: Entry) -> Self:
        return cls(entry.day, entry.id)

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.id.hex}"


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    newer: Cursor | None
    older: Cursor | None


def select(*, team_id: UUID, mode: str, chosen: dict[str, Any]) -> EntryQuerySet:
    """What the filter ``chosen`` (run, kind, since, until) asks for."""
    found = Entry.objects.of(team_id=team_id, mode=mode)
    lookups = {"run": "run_id", "kind": "kind", "since": "day__gte", "until": "day__lte"}
    return found.filter(**{lookups[name]: value for name, value in chosen.items() if value})


def page(found: EntryQuerySet, *, before: Cursor | None = None, after: Cursor | None = None) -> Page:
    """The newest entries; those older than ``before``, or the ones just newer than ``after``."""
    if after is not None:
        rows = list(found.filter(_newer_than(after)).order_by("day", "id")[: PAGE + 1])
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        return Page(rows, _cursor(rows[:1]) if more else None, _cursor(rows[-1:]))
    if before is not None:
        found = found.filter(_older_than(before))
    rows = list(found.order_by("-day", "-id")[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return Page(rows, _cursor(rows[:1]) if before else None, _cursor(rows[-1:]) if more else None)


def _newer_than(place: Cursor) -> Q:
    return Q(day__gte=place.day) & (Q(day__gt=place.day) | Q(id__gt=place.id))


def _older_than(place: Cursor) -> Q:
    return Q(day__lte=place.day) & (Q(day__lt=place.day) | Q(id__lt=place.id))


def _cursor(rows: list[Entry]) -> Cursor | None:
    return Cursor.at(rows[0]) if rows else None


def balances_seen(membership: Membership, entries: Sequence[Entry]) -> set[UUID]:
    """The keys among those of ``entries`` whose balance this person may see."""
    keys = ApiKey.objects.filter(id__in={entry.key_id for entry in entries}).defer("ciphertext")
    return {key.id for key in keys if access.may_see_balance(membership, key)}


def evidence(entry: Entry, *, sees_balance: bool) -> str:
    """How the entry's fact is known, in few words; whoever said it comes first. The request id stands beside it."""
    words = []
    if entry.actor_label:
        words.append(f"{entry.actor_label}: {entry.reason}" if entry.reason else entry.actor_label)
    elif entry.made_by != MadeBy.RUN:
        words.append(entry.reason or entry.get_made_by_display())
    known = entry.evidence or {}
    words += [
        form.format(str(known[name]).replace("_", " ") if name == "reason" else known[name])
        for name, form in _WORDS.items()
        if known.get(name) not in (None, "") and (sees_balance or name != "balance_text")
    ]
    return " · ".join(words)
