"""The first owner of an installation, made from a command or the environment."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts import teams
from accounts.models import Membership, Role, User
from accounts.teams import TeamProblem


class BadOwner(TeamProblem):
    """The address or the password can't be used."""


@dataclass(frozen=True)
class Founded:
    membership: Membership
    new_person: bool
    new_team: bool


@transaction.atomic
def ensure_owner(*, email: str, password: str | None, team_name: str) -> Founded:
    """Makes sure that this person exists and owns a team; a second time it changes nothing.

    A known person's password is left alone. Somebody who owns a team already gets no further one, except when
    a team of another name is asked for. Raises ``BadOwner``.
    """
    email = email.strip().lower()
    user = User.objects.filter(email__iexact=email).first()
    new_person = user is None
    if user is None:
        user = _new_owner(email, password)
    owned = (
        Membership.objects.filter(user=user, role=Role.OWNER).select_related("team", "user").order_by("id")
    )
    membership = owned.filter(team__name=team_name).first() if team_name else owned.first()
    if membership is not None:
        return Founded(membership, new_person, new_team=False)
    membership = teams.create_team(owner=user, name=team_name or "Our team")
    return Founded(membership, new_person, new_team=True)


def _new_owner(email: str, password: str | None) -> User:
    if not password:
        raise BadOwner(f"A password is needed to make {email}.")
    try:
        validate_email(email)
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise BadOwner(" ".join(error.messages)) from error
    user = User.objects.create_user(email, password, is_staff=True)
    # The operator names the address; there is nobody else who could confirm it.
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user
