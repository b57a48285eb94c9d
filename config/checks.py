"""System checks: what `manage.py check --deploy` says about the settings before people are let in."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.http.request import validate_host

from playground.segmind.addresses import Addresses, require_apart

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def _is_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "") in _LOOPBACK


@register()
def check_provider_addresses(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Live and sandbox must be told apart by address as well as by key."""
    try:
        live = Addresses(
            api=settings.SEGMIND_BASE_URL,
            storage=settings.SEGMIND_STORAGE_URL,
            history=settings.SEGMIND_HISTORY_URL,
        )
        sandbox = Addresses(api=settings.SANDBOX_URL, sandbox=True) if settings.SANDBOX_URL else None
        require_apart(live, sandbox)
    except ValueError as error:
        hint = "Look at SEGMIND_BASE_URL, SEGMIND_STORAGE_URL, SEGMIND_HISTORY_URL and SANDBOX_URL."
        return [
            checks.Error(f"The provider's addresses can't be used: {error}.", hint=hint, id="atelier.E001")
        ]
    return []


@register()
def check_site_address(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Links in mails and the guard against forged forms use SITE_URL: it has to be a host that is served."""
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [
            checks.Error(
                "SITE_URL is not an address.",
                hint="For example https://atelier.example.com",
                id="atelier.E002",
            )
        ]
    if not validate_host(parts.hostname, settings.ALLOWED_HOSTS):
        hint = f"Add {parts.hostname} to ALLOWED_HOSTS."
        return [
            checks.Error("SITE_URL names a host that ALLOWED_HOSTS refuses.", hint=hint, id="atelier.E003")
        ]
    return []


@register(Tags.security, deploy=True)
def check_transport(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.HTTPS and not _is_loopback(settings.SITE_URL):
        hint = "Put a proxy with a certificate in front and set SITE_URL=https://… and BEHIND_PROXY=true."
        found.append(
            checks.Error(
                "SITE_URL is plain http: passwords and keys would be readable.", hint=hint, id="atelier.E004"
            )
        )
    for name in ("SEGMIND_BASE_URL", "SEGMIND_STORAGE_URL", "SEGMIND_HISTORY_URL"):
        url = getattr(settings, name)
        if url and not url.startswith("https://") and not _is_loopback(url):
            found.append(checks.Error(f"{name} is plain http: keys would be readable.", id="atelier.E005"))
    return found


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            checks.Warning(
                "ALLOWED_HOSTS takes any name.", hint="List the names you serve.", id="atelier.W001"
            )
        )
    if settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        hint = (
            "Set EMAIL_URL. Until then hand out invitation links yourself; no password can be reset by mail."
        )
        found.append(checks.Warning("Mail is only printed to the log.", hint=hint, id="atelier.W002"))
    if settings.OWNER_PASSWORD:
        hint = "It is read only while the first owner is made. Take it out of the environment afterwards."
        found.append(checks.Warning("OWNER_PASSWORD is still set.", hint=hint, id="atelier.W003"))
    return found
