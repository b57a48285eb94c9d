"""Invitations: a link for one address into one team. The database holds only the hash of its token."""

import datetime
import hashlib
import logging
import secrets
import smtplib
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import access, audit
from accounts.models import Invitation, Membership, Role, Team, User
from accounts.teams import OnlyOwners, TeamProblem

logger = logging.getLogger(__name__)

LIFETIME = datetime.timedelta(days=7)


class AlreadyMember(TeamProblem):
    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is already in this team.")


class InvitationClosed(TeamProblem):
    def __init__(self) -> None:
        super().__init__("This invitation is no longer open. Ask the team for a new link.")


class OtherAddress(TeamProblem):
    def __init__(self, email: str) -> None:
        super().__init__(f"This invitation is for {email}. Sign in with that address to use it.")


@dataclass(frozen=True)
class Sent:
    invitation: Invitation
    link: str  # shown once to the person who invited, never stored
    mailed: bool  # False where mail is only printed to the log


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _link(token: str) -> str:
    return settings.SITE_URL + reverse("accounts:invitation_accept", args=[token])


def invite(*, membership: Membership, email: str, role: str, request: HttpRequest | None = None) -> Sent:
    """Opens an invitation for 7 days, or renews the open one of this address, and mails its link.

    Raises ``AlreadyMember``, and ``OnlyOwners`` when somebody else invites an owner.
    """
    email = email.strip().lower()
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        if role == Role.OWNER and not access.can(membership, access.Ability.MANAGE_OWNERS):
            raise OnlyOwners
        Team.objects.select_for_update().get(id=membership.team_id)
        if Membership.objects.filter(team_id=membership.team_id, user__email__iexact=email).exists():
            raise AlreadyMember(email)
        invitation, created = Invitation.objects.open().update_or_create(
            team_id=membership.team_id,
            email=email,
            defaults={
                "role": role,
                "token_hash": _hash(token),
                "invited_by": membership.user,
                "expires_at": timezone.now() + LIFETIME,
            },
        )
        audit.record(
            team=membership.team,
            actor=membership.user,
            verb="invitation.sent" if created else "invitation.resent",
            target=email,
            after={"role": role},
            request=request,
        )
    link = _link(token)
    return Sent(invitation, link, mailed=_mail(invitation, membership, link))


def resend(*, membership: Membership, invitation: Invitation, request: HttpRequest | None = None) -> Sent:
    """A fresh link for an open invitation; the old link stops working. Raises ``InvitationClosed``."""
    if not Invitation.objects.open().filter(id=invitation.id).exists():
        raise InvitationClosed
    return invite(membership=membership, email=invitation.email, role=invitation.role, request=request)


def _mail(invitation: Invitation, membership: Membership, link: str) -> bool:
    """Whether a mail went off. A broken mail server is no reason to fail: the link is on the screen."""
    context = {"invitation": invitation, "team": membership.team, "inviter": membership.user, "link": link}
    try:
        send_mail(
            f"{membership.user.label} invites you to {membership.team}",
            render_to_string("accounts/email/invitation.txt", context),
            settings.DEFAULT_FROM_EMAIL,
            [invitation.email],
        )
    except (OSError, smtplib.SMTPException):
        logger.exception("The invitation %s could not be mailed", invitation.id)
        return False
    return not settings.EMAIL_BACKEND.endswith(".console.EmailBackend")


@transaction.atomic
def revoke(*, membership: Membership, invitation: Invitation, request: HttpRequest | None = None) -> None:
    """Closes an open invitation; its link stops working."""
    if Invitation.objects.open().filter(id=invitation.id).update(revoked_at=timezone.now()):
        audit.record(
            team=membership.team,
            actor=membership.user,
            verb="invitation.revoked",
            target=invitation.email,
            request=request,
        )


def find(token: str) -> Invitation | None:
    """The valid invitation behind a link, or None."""
    rows = Invitation.objects.valid().select_related("team", "invited_by")
    return rows.filter(token_hash=_hash(token)).first()


def is_invited(email: str) -> bool:
    """Whether some team is waiting for this address."""
    return Invitation.objects.valid().filter(email__iexact=email).exists()


@transaction.atomic
def accept(*, invitation: Invitation, user: User, request: HttpRequest | None = None) -> Membership:
    """Makes ``user`` a member. Raises ``InvitationClosed``, or ``OtherAddress`` if it is not for them."""
    row = (
        Invitation.objects.valid()
        .select_for_update(of=("self",))
        .select_related("team")
        .filter(id=invitation.id)
    )
    found = row.first()
    if found is None:
        raise InvitationClosed
    if found.email.lower() != user.email.lower():
        raise OtherAddress(found.email)
    membership, joined = Membership.objects.get_or_create(
        team=found.team, user=user, defaults={"role": found.role}
    )
    found.accepted_at = timezone.now()
    found.save(update_fields=["accepted_at"])
    if joined:
        audit.record(
            team=found.team,
            actor=user,
            verb="member.joined",
            after={"role": membership.role},
            request=request,
        )
    return membership


def accept_all(*, user: User, request: HttpRequest | None = None) -> None:
    """Joins every team that is waiting for this person's address. Only for an address known to be theirs."""
    for invitation in Invitation.objects.valid().filter(email__iexact=user.email):
        accept(invitation=invitation, user=user, request=request)
