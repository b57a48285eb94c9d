"""Where a team hears its alerts beside mail: a Slack-compatible address, which is a secret."""

import logging
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import audit, vault
from accounts.models import Membership, Team
from playground.ledger import outgoing
from playground.ledger.models import Webhook
from playground.ledger.outgoing import NotPosted

logger = logging.getLogger(__name__)


def find(team: Team) -> Webhook | None:
    return Webhook.objects.filter(team=team).first()


@transaction.atomic
def set_address(*, membership: Membership, url: str, request: HttpRequest | None = None) -> Webhook:
    """From now on alerts are posted there. The address is encrypted, and only its host is ever shown.

    Raises NotPosted for an address that may not be used; whether it is public is asked again at every message.
    """
    host = outgoing.checked(url)
    team = Team.objects.select_for_update(no_key=True).get(id=membership.team_id)
    Webhook.objects.filter(team=team).delete()
    row_id = uuid7()
    blob, ring_key = vault.encrypt(url, row_id=row_id, team_id=team.id, owner_ref=team.id)
    made = Webhook.objects.create(
        id=row_id,
        team=team,
        ciphertext=blob,
        ring_key=ring_key,
        host=host,
        set_by_label=membership.user.label,
    )
    audit.record(team=team, actor=membership.user, verb="alert.webhook_set", target=host, request=request)
    return made


@transaction.atomic
def remove(*, membership: Membership, request: HttpRequest | None = None) -> bool:
    """Nothing more is posted, and the address is forgotten. False if there was none."""
    found = Webhook.objects.select_for_update().filter(team=membership.team_id).first()
    if found is None:
        return False
    found.delete()
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb="alert.webhook_removed",
        target=found.host,
        request=request,
    )
    return True


def post(*, team: Team, text: str) -> bool:
    """Posts one message, whose fate the team's page shows; False if there is no address or it was not taken."""
    found = find(team)
    if found is None:
        return False
    problem = ""
    try:
        url = vault.open_blob(
            bytes(found.ciphertext), row_id=found.id, team_id=found.team_id, owner_ref=found.team_id
        )
        _keep_newest(found, url)
        outgoing.post(url, {"text": outgoing.slack_text(text)})
    except vault.Unreadable:
        problem = "The address can't be read any more. Enter it again."
    except NotPosted as failure:
        # Its words name the host at most: the rest of the address is the secret.
        problem = str(failure)
    if problem:
        logger.warning("An alert of team %s was not posted: %s", team.id, problem)
    Webhook.objects.filter(id=found.id).update(last_tried_at=timezone.now(), last_problem=problem[:200])
    return not problem


def try_out(*, team_id: UUID) -> bool:
    """Posts a message that says what it is."""
    team = Team.objects.get(id=team_id)
    return post(team=team, text=f"{team.name}: alerts about money will appear here.")


def _keep_newest(found: Webhook, url: str) -> None:
    """Moves the address to the newest ring key, so that an old one can be taken out of the ring."""
    if found.ring_key == vault.newest_ring_key():
        return
    blob, ring_key = vault.encrypt(url, row_id=found.id, team_id=found.team_id, owner_ref=found.team_id)
    Webhook.objects.filter(id=found.id, ring_key=found.ring_key).update(ciphertext=blob, ring_key=ring_key)
