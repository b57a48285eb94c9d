"""Which keys draw on one account of the provider: balances suggest it, people decide it, software never does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.http import HttpRequest

from accounts import audit
from accounts.models import ApiKey, Membership
from playground.ledger.models import SharedBalance, SharedVerdict

TIMES = 3
WINDOW = timedelta(minutes=10)
LOOKS_BACK = timedelta(days=30)

_MOVED_TOGETHER = """
INSERT INTO playground_sharedbalance AS p
    (id, mode, first_id, second_id, first_team_id, second_team_id, times, last_at)
SELECT gen_random_uuid(), a.mode, a.key_id, b.key_id, a.team_id, b.team_id, count(DISTINCT a.total), max(a.at)
FROM playground_snapshot AS a JOIN playground_snapshot AS b
    ON b.moved AND b.mode = a.mode AND b.total = a.total AND b.key_id > a.key_id
    AND b.at BETWEEN a.at - %(window)s AND a.at + %(window)s
WHERE a.moved AND a.at > now() - %(back)s
GROUP BY a.mode, a.key_id, b.key_id, a.team_id, b.team_id
HAVING count(DISTINCT a.total) >= %(times)s
ON CONFLICT (first_id, second_id) DO UPDATE SET times = excluded.times, last_at = excluded.last_at
"""


def look_for_pairs() -> None:
    """Note which keys had the same balances, to the last digit, after at least three moves of both."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"window": WINDOW, "back": LOOKS_BACK, "times": TIMES}
        cursor.execute(_MOVED_TOGETHER, values)


@dataclass(frozen=True, slots=True)
class Pair:
    """A suggestion as one team sees it. ``theirs`` is None where the other key is another team's."""

    pair: SharedBalance
    ours: ApiKey
    theirs: ApiKey | None
    verdict: SharedVerdict | None


def _replaced(pairs: Iterable[SharedBalance]) -> dict[UUID, datetime]:
    """When a key of the pair last got a new text: what was seen and said before may be true no more."""
    pairs = list(pairs)
    ids = {one for pair in pairs for one in (pair.first_id, pair.second_id)}
    rows = ApiKey.objects.filter(id__in=ids, replaced_at__isnull=False).values_list("id", "replaced_at")
    at = {key_id: moment for key_id, moment in rows if moment is not None}
    return {
        pair.id: max(at[one] for one in (pair.first_id, pair.second_id) if one in at)
        for pair in pairs
        if pair.first_id in at or pair.second_id in at
    }


def _verdicts(pairs: Iterable[SharedBalance]) -> dict[tuple[UUID, UUID], SharedVerdict]:
    """(pair, team) to what the team said last, as far as it still counts."""
    pairs = list(pairs)
    replaced = _replaced(pairs)
    rows = SharedVerdict.objects.filter(pair_id__in=[pair.id for pair in pairs]).order_by("made_at", "id")
    return {
        (row.pair_id, row.team_id): row
        for row in rows
        if row.pair_id not in replaced or row.made_at > replaced[row.pair_id]
    }


def pairs_of(membership: Membership, mode: str) -> list[Pair]:
    """What was seen of this team's keys, first the pairs it has not judged yet."""
    team_id = membership.team_id
    keys = ApiKey.objects.filter(team_id=team_id, mode=mode).defer("ciphertext").in_bulk()
    rows = SharedBalance.objects.filter(mode=mode)
    pairs = list((rows.filter(first_team_id=team_id) | rows.filter(second_team_id=team_id)).order_by("id"))
    said, replaced = _verdicts(pairs), _replaced(pairs)
    found = []
    for pair in pairs:
        mine = [keys[one] for one in (pair.first_id, pair.second_id) if one in keys]
        fresh = pair.id not in replaced or pair.last_at > replaced[pair.id]
        if mine and fresh and all(key.active for key in mine):
            verdict = said.get((pair.id, team_id))
            found.append(Pair(pair, mine[0], mine[1] if len(mine) > 1 else None, verdict))
    return sorted(found, key=lambda one: one.verdict is not None)


def groups(mode: str, keys: Iterable[ApiKey]) -> list[frozenset[UUID]]:
    """The accounts behind ``keys``, each as the ids of all its keys, whichever team they belong to.

    Two keys are together when every team that one of them belongs to has said so.
    """
    pairs = list(SharedBalance.objects.filter(mode=mode))
    said = _verdicts(pairs) if pairs else {}
    found: dict[UUID, frozenset[UUID]] = {}
    for pair in pairs:
        verdicts = [said.get((pair.id, team)) for team in {pair.first_team_id, pair.second_team_id}]
        if all(verdict is not None and verdict.together for verdict in verdicts):
            first, second = pair.first_id, pair.second_id
            together = found.get(first, frozenset([first])) | found.get(second, frozenset([second]))
            found.update(dict.fromkeys(together, together))
    return list(dict.fromkeys(found.get(key.id, frozenset([key.id])) for key in keys))


@transaction.atomic
def judge_pair(
    *, membership: Membership, pair: SharedBalance, together: bool, request: HttpRequest | None = None
) -> SharedVerdict:
    """A person says whether two keys belong to one account; a later word replaces it. For RECONCILE."""
    verdict = SharedVerdict.objects.create(
        pair_id=pair.id,
        team_id=membership.team_id,
        together=together,
        actor_id=membership.user_id,
        actor_label=membership.user.label,
    )
    keys = ApiKey.objects.filter(id__in=(pair.first_id, pair.second_id), team_id=membership.team_id)
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb="reconcile.joined" if together else "reconcile.parted",
        target=" and ".join(str(key) for key in keys),
        after={"mode": pair.mode},
        request=request,
    )
    return verdict
