"""What follows from signing in and out and from second factors, told by allauth's and Django's own hooks."""

import logging
from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import audit, presence
from accounts.models import User

logger = logging.getLogger(__name__)

_FACTORS: dict[str, str] = {
    Authenticator.Type.TOTP: "codes from an app",
    Authenticator.Type.WEBAUTHN: "passkey or security key",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}


@receiver(account_signals.user_logged_in)
def _signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.record_everywhere(actor=user, verb="sign_in.ok", request=request)


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        audit.record_everywhere(actor=user, verb="sign_in.out", request=request)


@receiver(post_delete, sender=Session)
def _session_ended(instance: Session, **kwargs: Any) -> None:
    """Whoever ended it and however: the pages that were open under it are asked again."""
    person = instance.get_decoded().get(SESSION_KEY)
    if person:
        presence.ask_again(person)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    email = str(credentials.get("email") or "").strip().lower()
    user = User.objects.filter(email__iexact=email).first() if email else None
    if user is not None:
        audit.record_everywhere(actor=user, verb="sign_in.failed", request=request)
    else:
        # No row: strangers could fill the table. The address is enough to see an attack.
        logger.warning("A sign-in with an unknown address failed, from %s", audit.address_of(request))


@receiver(account_signals.password_changed)
@receiver(account_signals.password_set)
def _password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.record_everywhere(actor=user, verb="sign_in.password_changed", request=request)


@receiver(account_signals.password_reset)
def _password_reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.record_everywhere(actor=user, verb="sign_in.password_reset", request=request)


@receiver(account_signals.email_changed)
def _email_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.record_everywhere(actor=user, verb="sign_in.email_changed", request=request)


@receiver(mfa_signals.authenticator_added)
def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _record_factor("mfa.added", request, user, authenticator)


@receiver(mfa_signals.authenticator_removed)
def _factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _record_factor("mfa.removed", request, user, authenticator)


@receiver(mfa_signals.authenticator_reset)
def _factor_reset(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _record_factor("mfa.reset", request, user, authenticator)


def _record_factor(verb: str, request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    target = _FACTORS.get(authenticator.type, authenticator.type)
    audit.record_everywhere(actor=user, verb=verb, target=target, request=request)
