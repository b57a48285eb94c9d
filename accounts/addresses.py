"""Whose an e-mail address is. A person has the one their account was made with, and others once they are confirmed."""

from allauth.account.models import EmailAddress


def give_back(email: str) -> None:
    """Take ``email`` from accounts that only claim it: for the moment in which somebody shows that it is theirs.

    Anybody may add an address to their account; until it is confirmed it must not keep its owner out.
    """
    claims = EmailAddress.objects.filter(email__iexact=email, verified=False)
    claims.exclude(user__email__iexact=email).delete()


def may_be_primary(*, user_id: object, email: str) -> bool:
    """Only a confirmed address takes the place of the one the account was made with."""
    confirmed = EmailAddress.objects.filter(user=user_id, email__iexact=email, verified=True)
    return bool(confirmed.exists())
