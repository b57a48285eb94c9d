"""Make a run: the row is committed before anything is told to send it."""

import hashlib
import logging
import uuid

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import access
from accounts.models import ApiKey, Membership
from playground.catalogue.offers import Offer, find_offer
from playground.catalogue.prompts import search_text
from playground.ledger import entries
from playground.ledger.entries import Refused
from playground.runs import body, books, live, nudge, statement
from playground.runs.models import Billing, File, Run, RunQuerySet, Source, State

logger = logging.getLogger(__name__)


class SubmitProblem(ValueError):
    """A run that cannot be made. ``field`` names the form field the message belongs to, ``refused`` the money's no."""

    def __init__(self, field: str, message: str, *, refused: Refused | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.refused = refused


def submit(
    *,
    membership: Membership,
    endpoint: str,
    version: int,
    key: ApiKey,
    body_text: str,
    token: uuid.UUID,
    source: str = Source.PLAYGROUND,
    tag: str = "",
    payload_version: uuid.UUID | None = None,
) -> Run:
    """A queued run, or the one that this ``token`` made before. Raises SubmitProblem; sends nothing itself.

    ``body_text`` is kept and later sent as it is. The mode is the key's and never changes.
    """
    if not access.can(membership, access.Ability.RUN):
        raise SubmitProblem("body", "Your role in this team cannot run requests.")
    if not access.may_use_key(membership, key):
        raise SubmitProblem("key", "This key is no longer available. Choose another one.")
    if key.needs_reentry or not key.ciphertext:
        raise SubmitProblem("key", "This key needs to be entered again before it can be used.")
    offer = find_offer(team_id=membership.team_id, slug=endpoint)
    if offer is None:
        raise SubmitProblem("endpoint", f"There is no endpoint called {endpoint} in this team.")
    if version not in (1, 2):
        raise SubmitProblem("version", "Choose v1 or v2.")
    inputs = _checked_inputs(membership, body_text)
    run = Run(
        team=membership.team,
        mode=key.mode,
        person=membership.user,
        person_label=membership.user.label,
        endpoint=endpoint,
        version=version,
        source=source,
        tag=tag,
        payload_version_id=payload_version,
        api_key=key,
        key_label=key.label,
        key_last_four=key.last_four,
        token=token,
    )
    try:
        with statement.alone(), entries.refusals():
            if not _insert(run, membership, body_text, inputs, offer):
                raise SubmitProblem("body", "You are no longer a member of this team.")
            transaction.on_commit(lambda: _announce(run))
    except Refused as refused:
        raise SubmitProblem("body", str(refused), refused=refused) from refused
    except IntegrityError:
        earlier = Run.objects.filter(team=membership.team, token=token).first()
        if earlier is None:
            raise
        if earlier.person_id != membership.user_id:
            raise SubmitProblem(
                "token", "This form was used before. Reload the page and run again."
            ) from None
        return earlier
    return run


def cancel(*, runs: RunQuerySet, reason: str = "cancelled") -> int:
    """Take back those of ``runs`` that nobody has claimed; their count. Others are on their way and may be billed.

    One conditional UPDATE: a worker that claims at the same moment either wins the row or finds it gone.
    """
    now = timezone.now()
    waiting = list(runs.filter(state=State.QUEUED).order_by("id").values_list("id", flat=True))
    done: list[Run] = []
    with transaction.atomic():
        for run in (
            Run.objects.select_for_update(no_key=True)
            .filter(id__in=waiting, state=State.QUEUED)
            .order_by("id")
        ):
            run.state, run.billing = State.CANCELLED, Billing.NOT_BILLED
            run.evidence = {"reason": reason, "rule_version": run.rule_version}
            run.error_kind = reason
            run.finished_at = now
            run.save(update_fields=["state", "billing", "evidence", "error_kind", "finished_at"])
            done.append(run)
        books.say(done)
        transaction.on_commit(lambda: live.publish([live.Change.of(run) for run in done]))
    return len(done)


def _checked_inputs(membership: Membership, body_text: str) -> set[uuid.UUID]:
    try:
        body.check(body_text, max_bytes=settings.MAX_BODY_BYTES)
    except body.BodyProblem as problem:
        raise SubmitProblem("body", str(problem)) from problem
    wanted = {marker.file_id for marker in body.markers(body_text, team_id=membership.team_id)}
    # A marker names a file of the team, not of the person who holds its text.
    known = set(File.objects.visible_to(membership).filter(id__in=wanted).values_list("id", flat=True))
    if wanted - known:
        raise SubmitProblem("body", "A file in this body is no longer here. Attach it again.")
    return known


# The run, its words and its files are one statement; its hold is another, sent with it in one transaction. Nobody is
# removed from the team before that ends, and whoever was removed before inserts nothing: removing locks the team's row
# first and then deletes the membership, so both are locked here in that order. The weakest lock is enough, and
# submissions never wait for each other.
_INSERT = """
WITH member AS (
    SELECT 1 FROM accounts_team AS t JOIN accounts_membership AS m ON m.team_id = t.id
    WHERE m.id = %s FOR KEY SHARE OF t, m
), run AS (
    INSERT INTO playground_run ({columns}) SELECT {values} FROM member RETURNING id
), words AS (
    INSERT INTO playground_runtext
        (run_id, request_text, request_sha256, response_headers, response_text, error_text, search, erased_by)
    SELECT id, %s, %s, '[]', '', '', to_tsvector('simple', %s), '' FROM run
), inputs AS (
    INSERT INTO playground_runinput (run_id, file_id) SELECT run.id, f.id FROM run, unnest(%s::uuid[]) AS f(id)
)
SELECT id FROM run;

{hold} WHERE EXISTS (SELECT 1 FROM playground_run WHERE id = %s)
"""


def _insert(run: Run, membership: Membership, body_text: str, inputs: set[uuid.UUID], offer: Offer) -> bool:
    """Whether the row is there: False when the membership has ended meanwhile."""
    fields = Run._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = [field.get_db_prep_save(field.pre_save(run, True), connection) for field in fields]
    digest = hashlib.sha256(body_text.encode()).hexdigest()
    hold, held = books.hold_of(run, body_text=body_text, offer=offer).statement()
    query = _INSERT.format(columns=columns, values=", ".join(["%s"] * len(fields)), hold=hold)
    words = [body_text, digest, _words(body_text)]
    with connection.cursor() as cursor:
        cursor.execute(query, [membership.id, *values, *words, list(inputs), *held, run.id])
        there = cursor.fetchone() is not None
    run._state.adding, run._state.db = False, connection.alias
    return there


def _words(body_text: str) -> str:
    # A tsvector takes no NUL and at most a megabyte of words.
    return search_text(body_text).replace("\x00", " ")[:50_000]


def _announce(run: Run) -> None:
    # The workers that listen begin at once; Celery's nudge is what they get when they do not.
    live.publish([live.Change.of(run)], wake=True)
    nudge.send()
