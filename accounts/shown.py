"""What a screen may show of a key, decided once for every screen."""

from dataclasses import dataclass

from django.http import HttpRequest

from accounts import access, candidates
from accounts.models import ApiKey, Membership


@dataclass(frozen=True)
class ShownKey:
    key: ApiKey
    own: bool
    may_manage: bool
    may_stop: bool
    sees_balance: bool
    balance_answer: candidates.Answer | None


def shown_key(membership: Membership, key: ApiKey) -> ShownKey:
    sees_balance = key.active and access.may_see_balance(membership, key)
    return ShownKey(
        key=key,
        own=key.owner_id == membership.user_id,
        may_manage=access.may_manage_key(membership, key),
        may_stop=key.active and access.may_stop_key(membership, key),
        sees_balance=sees_balance,
        balance_answer=candidates.balance_answer(key) if sees_balance else None,
    )


def is_fragment(request: HttpRequest) -> bool:
    """Whether a script of the page asked, and wants only the changed part."""
    return "HX-Request" in request.headers
