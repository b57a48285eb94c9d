"""What happens when somebody comes with a link: found, its password tried, counted."""

import hmac
from datetime import timedelta

from django.contrib.auth.hashers import check_password
from django.core import signing
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import Membership, User
from playground.payloads import outside
from playground.payloads.models import OutsideLink, OutsideOpen

# Guesses from everybody together: who has the address but not the password gets no further, from however many places.
MOST_TRIES = 100
TRIES_FOR = timedelta(hours=1)
UNLOCKED_FOR = timedelta(hours=1)

_signer = signing.TimestampSigner(salt="playground.payloads.outside")


class TooManyTries(Exception):
    """No password is looked at any more, right or wrong, until the hour is over."""


def find(token: str) -> OutsideLink | None:
    """The link with this token, while it works. Unknown, expired and revoked ones are all the same: none."""
    rows = OutsideLink.objects.select_related("payload__team", "version")
    link = rows.filter(token_hash=outside.hash_of(token)).first()
    return None if link is None or outside.why_stopped(link) else link


def try_password(*, link: OutsideLink, password: str) -> bool:
    """Whether it is the right one. Raises TooManyTries."""
    now = timezone.now()
    rows = OutsideLink.objects.filter(id=link.id)
    rows.filter(tries_from__lt=now - TRIES_FOR).update(tries=0, tries_from=now)
    # Counted before it is looked at, in one statement: many at once are no way around it.
    if not rows.filter(tries__lt=MOST_TRIES).update(tries=F("tries") + 1):
        raise TooManyTries
    if not check_password(password, link.password):
        return False
    rows.filter(tries__gt=0).update(tries=F("tries") - 1)
    return True


def proof_of(link: OutsideLink) -> str:
    """What a browser keeps once it has given the password: good for this link, this password, for an hour."""
    return _signer.sign(_seal(link))


def is_proved(link: OutsideLink, proof: str) -> bool:
    """Whether the page may be shown: there is no password, or it was given."""
    if not link.password:
        return True
    try:
        return hmac.compare_digest(_signer.unsign(proof, max_age=UNLOCKED_FOR), _seal(link))
    except signing.BadSignature:
        return False


def count(*, link: OutsideLink, person: User | None) -> None:
    """One more open; by name only where somebody is signed in. To another team nobody's address is told."""
    now = timezone.now()
    OutsideLink.objects.filter(id=link.id).update(opens=F("opens") + 1, last_opened_at=now)
    label = _name_of(person, link) if person is not None else ""
    if label:
        named, _ = OutsideOpen.objects.get_or_create(link=link, person=person, defaults={"label": label})
        OutsideOpen.objects.filter(id=named.id).update(count=F("count") + 1, label=label, last_at=now)


def _name_of(person: User, link: OutsideLink) -> str:
    if person.name:
        return person.name
    members = Membership.objects.filter(team=link.payload.team_id, user=person)
    return person.label if members.exists() else ""


def _seal(link: OutsideLink) -> str:
    return salted_hmac(
        "playground.payloads.outside", f"{link.id}:{link.password}", algorithm="sha256"
    ).hexdigest()
