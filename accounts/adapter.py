"""How allauth is held: nobody signs up without an invitation."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.db import transaction
from django.http import HttpRequest

from accounts import addresses, invitations
from accounts.models import Invitation, User

_SESSION = "invitation"
# The limit in ACCOUNT_RATE_LIMITS on failures with one address, whoever they come from.
_ANYWHERE = "login_failed_anywhere"


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
    """Failed sign-ins are counted per address and client, and with a much higher ceiling per address.

    So whoever knows an address shuts out themselves and not its owner; only many clients together reach the ceiling.
    """

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return invitation_of(request) is not None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return f"{self._address_key(request, **credentials)}|{get_ip(request)}"

    def _address_key(self, request: HttpRequest, **credentials: Any) -> str:
        return str(super()._get_login_attempts_cache_key(request, **credentials))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        key = self._address_key(request, **credentials)
        if not ratelimit.consume(request, action=_ANYWHERE, key=key, dry_run=True):
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        ratelimit.consume(request, action=_ANYWHERE, key=self._address_key(request, **credentials))


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
