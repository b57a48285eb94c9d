"""How people, keys, sources and tags are called on pages about money."""

from collections.abc import Collection
from uuid import UUID

from accounts.models import ApiKey, User
from playground.ledger.models import Cut, Name

SOMEONE = "someone"
_WORDS = {Cut.SOURCE: {"playground": "Playground", "demo": "Demo"}, Cut.TAG: {"": "no tag"}}


def of(team_id: UUID, cut: Cut, values: Collection[str]) -> dict[str, str]:
    """The name of each value: as it is called now, else as the ledger first heard of it. At most two queries."""
    if cut not in (Cut.PERSON, Cut.KEY):
        words = _WORDS.get(cut, {})
        return {value: words.get(value, value) for value in values}
    wanted = [value for value in values if value]
    names = _people(team_id, wanted) if cut == Cut.PERSON else _keys(team_id, wanted)
    missing = [value for value in wanted if value not in names]
    if missing:
        rows = Name.objects.filter(team_id=team_id, cut=cut, value__in=missing)
        names |= dict(rows.values_list("value", "label"))
    return {value: names.get(value, SOMEONE) for value in values}


def _people(team_id: UUID, values: list[str]) -> dict[str, str]:
    members = User.objects.filter(memberships__team=team_id, id__in=values)
    return {str(user.id): user.label for user in members}


def _keys(team_id: UUID, values: list[str]) -> dict[str, str]:
    keys = ApiKey.objects.filter(team=team_id, id__in=values)
    return {str(key.id): str(key) for key in keys.only("label", "last_four")}
