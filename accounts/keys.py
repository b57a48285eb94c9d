"""Provider keys: what one may look like, and everything that may happen to a stored one.

Each verb locks what it changes and writes its AuditEvent in the same transaction. ``membership`` is who acts.
Callers ask ``access`` first whether the person may do it; the verbs guard only what must hold for anybody.
"""

import re
import secrets
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts import access, audit, vault
from accounts.models import ApiKey, Membership, Mode

LIVE_SHAPE = re.compile(r"SG_[0-9A-Fa-f]{16}")
SANDBOX_SHAPE = re.compile(r"SGTEST_[0-9A-Fa-f]{16}")
# What people copy along with a key: header names, assignments, "Bearer".
_PREFIX = re.compile(
    r"""^(?:export|x-api-key|api[_-]?key|segmind_api_key|authorization|bearer)\b["']?\s*[:=]?\s*""",
    re.IGNORECASE,
)
_WRAPPING = " \t\r\n\"'`“”‘’«»,;\ufeff\u200b\u200c\u200d\u2060\u00a0"


class KeyProblem(Exception):
    """A deed on a key that can't be done; ``str()`` says why and what to do instead."""


class BadKeyText(KeyProblem):
    """The pasted text can't be a key."""


class NoSandbox(KeyProblem):
    def __init__(self) -> None:
        super().__init__("This installation has no sandbox, so a sandbox key has nowhere to go.")


class OtherMode(BadKeyText):
    def __init__(self, mode: str) -> None:
        super().__init__(f"This key is for {mode} runs and stays so. Add the other one as a new key.")


class KeyStopped(KeyProblem):
    def __init__(self) -> None:
        super().__init__("This key is no longer active. Add it again as a new key.")


def mode_of(text: str) -> Mode:
    """Which world a key belongs to, by its shape alone."""
    return Mode.SANDBOX if SANDBOX_SHAPE.fullmatch(text) else Mode.LIVE


def check_format(text: str) -> tuple[str, str | None]:
    """The key inside a pasted text, and a warning when it has not the known form.

    Blanks, quotes and what is often copied along ("x-api-key:") are taken off. Raises ``BadKeyText`` for what
    no key can be, ``NoSandbox`` for a sandbox key without a sandbox. Known forms: ``SG_`` or ``SGTEST_`` and
    16 hexadecimal digits.
    """
    clean = text.strip(_WRAPPING)
    while (shorter := _PREFIX.sub("", clean, count=1).strip(_WRAPPING)) != clean:
        clean = shorter
    if not clean:
        raise BadKeyText("Paste the key here.")
    if not re.fullmatch(r"[\x21-\x7e]+", clean):
        raise BadKeyText("A key has no blanks, line breaks or special letters in it. Copy it once more.")
    if not 8 <= len(clean) <= 200:
        raise BadKeyText("A key has between 8 and 200 characters. Copy all of it, and nothing else.")
    if clean.upper().startswith("SGTEST_"):
        if not SANDBOX_SHAPE.fullmatch(clean):
            raise BadKeyText("A sandbox key is SGTEST_ and 16 hexadecimal digits (0-9, a-f).")
        if not settings.SANDBOX_URL:
            raise NoSandbox
        return clean, None
    if not LIVE_SHAPE.fullmatch(clean):
        return (
            clean,
            "This doesn't look like the usual form, SG_ and 16 hexadecimal digits. Test it before saving.",
        )
    return clean, None


def make_sandbox_text() -> str:
    """A new key for the stand-in, which takes any of this shape."""
    return f"SGTEST_{secrets.token_hex(8)}"


def usable_keys(membership: Membership, mode: str) -> QuerySet[ApiKey]:
    """The keys this person may run with in ``mode``, best first: their default, their others, lent ones."""
    rows = ApiKey.objects.usable().filter(team_id=membership.team_id, mode=mode)
    if not access.can(membership, access.Ability.RUN):
        return rows.none()
    mine = Q(owner_id=membership.user_id)
    rank = Case(
        When(mine & Q(is_default=True), then=Value(0)),
        When(mine, then=Value(1)),
        default=Value(2),
    )
    return rows.filter(mine | Q(lent=True)).select_related("owner").order_by(rank, "label", "id")


def _locked(key: ApiKey) -> ApiKey:
    return ApiKey.objects.select_for_update().get(id=key.id)


@transaction.atomic
def add_key(*, membership: Membership, label: str, text: str, request: HttpRequest | None = None) -> ApiKey:
    """Stores a key for its owner in this team; the first one of a mode becomes the default.

    ``text`` is checked and cleaned here; raises ``BadKeyText`` or ``NoSandbox``.
    """
    clean, _ = check_format(text)
    # Two first keys added at once would both want to be the default.
    Membership.objects.select_for_update().get(id=membership.id)
    key_id, mode = uuid7(), mode_of(clean)
    ciphertext, ring_key = vault.encrypt(
        clean, row_id=key_id, team_id=membership.team_id, owner_ref=membership.user_id
    )
    first = not ApiKey.objects.filter(
        team_id=membership.team_id,
        owner_id=membership.user_id,
        mode=mode,
        state=ApiKey.State.ACTIVE,
        is_default=True,
    ).exists()
    key = ApiKey.objects.create(
        id=key_id,
        team_id=membership.team_id,
        owner_id=membership.user_id,
        owner_ref=membership.user_id,
        owner_label=membership.user.label,
        mode=mode,
        label=label,
        last_four=clean[-4:],
        ciphertext=ciphertext,
        ring_key=ring_key,
        is_default=first,
    )
    _record(membership, key, "key.added", request, after={"mode": mode.value})
    return key


@transaction.atomic
def replace_key(
    *, membership: Membership, key: ApiKey, text: str, request: HttpRequest | None = None
) -> ApiKey:
    """Puts a new text into an active key's row, which keeps its id, label and runs.

    Raises ``BadKeyText``, also for a text of the other mode, and ``KeyStopped``.
    """
    clean, _ = check_format(text)
    row = _locked(key)
    if not row.active:
        raise KeyStopped
    if mode_of(clean) != row.mode:
        raise OtherMode(row.mode)
    before = {"last_four": row.last_four}
    row.ciphertext, row.ring_key = vault.encrypt(
        clean, row_id=row.id, team_id=row.team_id, owner_ref=row.owner_ref
    )
    row.last_four = clean[-4:]
    row.needs_reentry = False
    row.credits = row.free_credits = row.balance_at = None
    row.replaced_at = timezone.now()
    row.save(
        update_fields=[
            "ciphertext", "ring_key", "last_four", "needs_reentry",
            "credits", "free_credits", "balance_at", "replaced_at",
        ]
    )  # fmt: skip
    _record(membership, row, "key.replaced", request, before=before, after={"last_four": row.last_four})
    return row


@transaction.atomic
def revoke_key(*, membership: Membership, key: ApiKey, request: HttpRequest | None = None) -> ApiKey:
    """Stops new runs at once. The ciphertext stays, so that accepted runs can be asked to their end."""
    row = _locked(key)
    if row.active:
        row.state = ApiKey.State.REVOKED
        row.lent = row.is_default = False
        row.revoked_at = timezone.now()
        row.save(update_fields=["state", "lent", "is_default", "revoked_at"])
        _record(membership, row, "key.revoked", request)
    return row


@transaction.atomic
def delete_key(*, membership: Membership, key: ApiKey, request: HttpRequest | None = None) -> ApiKey:
    """Wipes the ciphertext and keeps the row, which runs name. There is no way back."""
    row = _locked(key)
    if row.state != ApiKey.State.DELETED:
        row.state = ApiKey.State.DELETED
        row.ciphertext, row.ring_key, row.needs_reentry = None, "", False
        row.lent = row.is_default = False
        row.credits = row.free_credits = row.balance_at = None
        row.revoked_at = row.revoked_at or timezone.now()
        row.save(
            update_fields=[
                "state", "ciphertext", "ring_key", "needs_reentry", "lent", "is_default",
                "credits", "free_credits", "balance_at", "revoked_at",
            ]
        )  # fmt: skip
        _record(membership, row, "key.deleted", request)
    return row


@transaction.atomic
def set_default(*, membership: Membership, key: ApiKey, request: HttpRequest | None = None) -> ApiKey:
    """Makes this the key that is chosen first in its mode. Raises ``KeyStopped``."""
    Membership.objects.select_for_update().get(id=membership.id)
    row = _locked(key)
    if not row.active:
        raise KeyStopped
    if not row.is_default:
        mine = ApiKey.objects.filter(team_id=row.team_id, owner_id=row.owner_id, mode=row.mode)
        mine.filter(is_default=True).update(is_default=False)
        row.is_default = True
        row.save(update_fields=["is_default"])
        _record(membership, row, "key.defaulted", request)
    return row


@transaction.atomic
def lend(*, membership: Membership, key: ApiKey, lent: bool, request: HttpRequest | None = None) -> ApiKey:
    """Lets the team run with the key without seeing it, or stops that. Raises ``KeyStopped``."""
    row = _locked(key)
    if lent and not row.active:
        raise KeyStopped
    if row.lent != lent:
        row.lent = lent
        row.save(update_fields=["lent"])
        _record(membership, row, "key.lent" if lent else "key.unlent", request)
    return row


def record_balance(*, key: ApiKey, paid: Decimal | None, free: Decimal | None) -> None:
    """Notes what the provider said in dollars, unless the key was replaced since it was read."""
    ApiKey.objects.filter(id=key.id, ciphertext=key.ciphertext).update(
        credits=paid, free_credits=free, balance_at=timezone.now()
    )


def _record(
    membership: Membership,
    key: ApiKey,
    verb: str,
    request: HttpRequest | None,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    audit.record(
        team=membership.team,
        actor=membership.user,
        verb=verb,
        target=str(key),
        before=before,
        after=after,
        request=request,
    )
