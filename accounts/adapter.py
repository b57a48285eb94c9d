"""How allauth is held: nobody signs up without an invitation."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.db import transaction
from django.http import HttpRequest

from accounts import addresses, invitations
from accounts.models import Invitation, User

_SESSION = "invitation"


def open_signup(request: HttpRequest, invitation: Invitation) -> None:
    """Lets this browser make the account the invitation is for. Only for somebody who showed its token."""
    request.session[_SESSION] = str(invitation.id)


def invitation_of(request: HttpRequest) -> Invitation | None:
    """The valid invitation whose token this browser has shown."""
    known = request.session.get(_SESSION)
    if known is None:
        return None
    return Invitation.objects.valid().select_related("team").filter(id=known).first()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return invitation_of(request) is not None


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Sign-in by OIDC. Only an address the provider calls verified opens an account or makes one."""

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Whether this address, which the provider calls verified, opens the account that has it here.

        Anybody may add an address to their account. Where nobody verified it, allauth wipes the password and ends
        the sessions; an account that has another way in stays shut, or two people would share it.
        """
        if not _is_verified(login, email):
            return False
        unproven = EmailAddress.objects.filter(email__iexact=email, verified=False).values("user")
        return not (
            EmailAddress.objects.filter(user__in=unproven).exclude(email__iexact=email).exists()
            or SocialAccount.objects.filter(user__in=unproven).exists()
            or Authenticator.objects.filter(user__in=unproven).exists()
        )

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Nobody's account was opened, so one may be made: not if others could keep its address by claiming it."""
        email = cast("User", sociallogin.user).email
        if not sociallogin.is_existing and _is_verified(sociallogin, email):
            addresses.give_back(email)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        email = cast("User", sociallogin.user).email
        return _is_verified(sociallogin, email) and invitations.is_invited(email)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        both = f"{data.get('first_name') or ''} {data.get('last_name') or ''}"
        user.name = str(data.get("name") or both).strip()[:120]
        user.email = user.email.lower()
        return user

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        # The form of a half-finished sign-up lets people type another address: that one proves nothing.
        if _is_verified(sociallogin, user.email):
            invitations.accept_all(user=user, request=request)
        return user


def _is_verified(sociallogin: SocialLogin, email: str) -> bool:
    # Some providers send the word "false".
    verified = {address.email.lower() for address in sociallogin.email_addresses if address.verified is True}
    return email.lower() in verified
