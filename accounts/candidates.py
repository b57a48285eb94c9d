"""Testing a key before it is stored, and asking a stored key's balance. The asking is done by a worker.

A key that is being tested lies encrypted in the cache, bound to the person, the team and a random id, and is
gone after a few minutes. Only that id travels to the worker.
"""

import logging
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from kombu.exceptions import OperationalError
from uuid_utils.compat import uuid7

from accounts import keys, vault
from accounts.models import ApiKey, Membership, Mode
from playground.segmind.keycheck import KeyOutcome, check_key
from playground.segmind.lost import NotSent

logger = logging.getLogger(__name__)

LIFETIME = 15 * 60
# A worker that is alive answers well within this, whatever the provider does.
PATIENCE = 40


class CandidateGone(keys.KeyProblem):
    def __init__(self) -> None:
        super().__init__("This took too long, so the key was forgotten. Enter it again.")


class KeyRefused(keys.KeyProblem):
    def __init__(self) -> None:
        super().__init__("Segmind refused this key, so it was not saved.")


@dataclass(frozen=True)
class Candidate:
    """A key on its way in: new, or the new text of the stored key ``replaces``."""

    id: UUID
    user_id: UUID
    team_id: UUID
    label: str
    mode: str
    last_four: str
    warning: str | None
    replaces: UUID | None
    ciphertext: bytes
    asked_at: float  # seconds since the epoch

    @property
    def cache_key(self) -> str:
        return f"accounts:candidate:{self.id}"


@dataclass(frozen=True)
class Answer:
    """What is known of a key, in dollars. ``kind``: a ``KeyOutcome``, waiting, no_worker or unreadable."""

    kind: str
    message: str = ""
    error: str = ""  # the provider's own words
    credits: Decimal | None = None
    free_credits: Decimal | None = None

    @property
    def waiting(self) -> bool:
        return self.kind == "waiting"

    @property
    def good(self) -> bool:
        return self.kind in (KeyOutcome.GOOD, KeyOutcome.NO_CREDIT_RECORD)

    @property
    def refused(self) -> bool:
        return self.kind == KeyOutcome.REFUSED


WAITING = Answer("waiting", "Asking the provider for the balance of this key.")
NO_WORKER = Answer("no_worker", "No worker took the test, so the key was not checked. Is a worker running?")


def _check(mode: str, text: str) -> Answer:
    """One free balance call to the only address keys of this mode go to."""
    sandbox = mode == Mode.SANDBOX
    base_url: str = settings.SANDBOX_URL if sandbox else settings.SEGMIND_BASE_URL
    try:
        found = check_key(base_url, text, sandbox=sandbox)
    except (NotSent, ValueError) as error:
        return Answer(KeyOutcome.ODD_ANSWER.value, str(error))
    return Answer(found.outcome.value, found.message, found.error[:500], found.credits, found.free_credits)


def _ask_worker(task: str, **ids: str) -> bool:
    try:
        current_app.send_task(task, kwargs=ids, retry=False, expires=PATIENCE, ignore_result=True)
    except OperationalError as error:
        logger.warning("The broker did not take %s: %s", task, error)
        return False
    return True


def hold(*, membership: Membership, label: str, text: str, replaces: ApiKey | None = None) -> Candidate:
    """Keeps a key and asks a worker to test it. ``text`` as in ``keys.check_format``, with its errors."""
    return ask(_candidate(membership, label, text, replaces))


def set_aside(*, membership: Membership, label: str, text: str) -> Candidate:
    """Keeps a key that came along with something else, and sends it nowhere until its person has it tested.

    ``text`` as in ``keys.check_format``, with its errors.
    """
    candidate = _candidate(membership, label, text, None)
    cache.set(candidate.cache_key, candidate, LIFETIME)
    return candidate


def _candidate(membership: Membership, label: str, text: str, replaces: ApiKey | None) -> Candidate:
    clean, warning = keys.check_format(text)
    candidate_id = uuid7()
    ciphertext, _ = vault.encrypt(
        clean, row_id=candidate_id, team_id=membership.team_id, owner_ref=membership.user_id
    )
    return Candidate(
        id=candidate_id,
        user_id=membership.user_id,
        team_id=membership.team_id,
        label=label,
        mode=keys.mode_of(clean).value,
        last_four=clean[-4:],
        warning=warning,
        replaces=replaces.id if replaces else None,
        ciphertext=ciphertext,
        asked_at=0,
    )


def ask(candidate: Candidate) -> Candidate:
    """Has a worker test the candidate, once more if need be."""
    asked = replace(candidate, asked_at=timezone.now().timestamp())
    cache.set(asked.cache_key, asked, LIFETIME)
    cache.delete(f"{asked.cache_key}:answer")
    if not _ask_worker("accounts.check_key", candidate_id=str(asked.id)):
        cache.set(f"{asked.cache_key}:answer", NO_WORKER, LIFETIME)
    return asked


def _load(candidate_id: UUID) -> Candidate | None:
    found: Candidate | None = cache.get(f"accounts:candidate:{candidate_id}")
    return found


def find(*, membership: Membership, candidate_id: UUID) -> Candidate:
    """This person's candidate in this team. Raises ``CandidateGone``, also for somebody else's."""
    found = _load(candidate_id)
    if found is None or (found.user_id, found.team_id) != (membership.user_id, membership.team_id):
        raise CandidateGone
    return found


def answer_to(candidate: Candidate) -> Answer:
    found: Answer | None = cache.get(f"{candidate.cache_key}:answer")
    if found is not None:
        return found
    patient = timezone.now().timestamp() - candidate.asked_at < PATIENCE
    return WAITING if patient else NO_WORKER


def test(candidate_id: UUID) -> None:
    """The worker's part: one free balance call. A candidate that is gone is left alone."""
    candidate = _load(candidate_id)
    if candidate is None:
        return
    cache.set(f"{candidate.cache_key}:answer", _check(candidate.mode, _open(candidate)), LIFETIME)


def _open(candidate: Candidate) -> str:
    return vault.open_blob(
        candidate.ciphertext,
        row_id=candidate.id,
        team_id=candidate.team_id,
        owner_ref=candidate.user_id,
    )


def save(*, membership: Membership, candidate: Candidate, request: HttpRequest | None = None) -> ApiKey:
    """Stores the candidate, whatever is known of it, unless the provider refused it (``KeyRefused``).

    A new text for a stored key goes into that row. Raises also what ``keys.replace_key`` does.
    """
    answer = answer_to(candidate)
    if answer.refused:
        raise KeyRefused
    text = _open(candidate)
    if candidate.replaces is None:
        key = keys.add_key(membership=membership, label=candidate.label, text=text, request=request)
    else:
        stored = ApiKey.objects.get(
            id=candidate.replaces, team_id=membership.team_id, owner_id=membership.user_id
        )
        key = keys.replace_key(membership=membership, key=stored, text=text, request=request)
    if answer.good:
        keys.record_balance(key=key, paid=answer.credits, free=answer.free_credits)
    cache.delete_many([candidate.cache_key, f"{candidate.cache_key}:answer"])
    return key


# -- The balance of a stored key ---------------------------------------------------------------------------


def _balance_cache(key_id: UUID) -> str:
    return f"accounts:balance:{key_id}"


def ask_balance(key: ApiKey, *, task: str = "accounts.check_balance") -> None:
    """Has a worker ask the provider, unless one is asking already. ``task`` ends in ``refresh_balance``."""
    if cache.add(_balance_cache(key.id), WAITING, PATIENCE) and not _ask_worker(task, key_id=str(key.id)):
        cache.set(_balance_cache(key.id), NO_WORKER, 60)


def balance_answer(key: ApiKey) -> Answer | None:
    """The last answer of the last minutes, None when nobody asked. A good one is in the row by then."""
    found: Answer | None = cache.get(_balance_cache(key.id))
    return found


def refresh_balance(key_id: UUID) -> Answer | None:
    """The worker's part; what the provider said. A key that can't be read is marked so by the vault.

    None for a key that is not to be used any more.
    """
    key = ApiKey.objects.usable().filter(id=key_id).first()
    if key is None:
        cache.delete(_balance_cache(key_id))
        return None
    try:
        text = vault.decrypt(key)
    except vault.Unreadable as error:
        answer = Answer("unreadable", str(error))
    else:
        answer = _check(key.mode, text)
    if answer.good:
        keys.record_balance(key=key, paid=answer.credits, free=answer.free_credits)
    cache.set(_balance_cache(key_id), answer, 60)
    return answer
