"""Encryption of provider keys: AES-256-GCM under a ring of keys from the environment.

The first key of the ring encrypts; every key of it decrypts. A ciphertext describes itself (version, ring key
name, nonce) and opens only for the owner, team and row it was made for, so a row copied elsewhere stays shut.
"""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from accounts.models import ApiKey

VERSION = 1
NONCE_BYTES = 12


class Unreadable(Exception):
    """A ciphertext cannot be opened; ``str()`` is fit for the user."""

    def __init__(self, message: str = "This key can't be read any more. Enter it again.") -> None:
        super().__init__(message)


def newest_ring_key() -> str:
    """The name of the ring key that encrypts."""
    name: str = settings.VAULT_RING[0][0]
    return name


def ring_key_names() -> list[str]:
    """Every ring key the environment holds, newest first."""
    return [name for name, _ in settings.VAULT_RING]


def _associated(header: bytes, *, row_id: UUID, team_id: UUID, owner_ref: UUID) -> bytes:
    return b"atelier api key" + header + owner_ref.bytes + team_id.bytes + row_id.bytes


def encrypt(plain: str, *, row_id: UUID, team_id: UUID, owner_ref: UUID) -> tuple[bytes, str]:
    """``plain`` encrypted for exactly this row, and the name of the ring key that did it."""
    name, ring_key = settings.VAULT_RING[0]
    encoded = name.encode()
    header = bytes([VERSION, len(encoded)]) + encoded
    nonce = secrets.token_bytes(NONCE_BYTES)
    associated = _associated(header, row_id=row_id, team_id=team_id, owner_ref=owner_ref)
    return header + nonce + AESGCM(ring_key).encrypt(nonce, plain.encode(), associated), name


def open_blob(blob: bytes, *, row_id: UUID, team_id: UUID, owner_ref: UUID) -> str:
    """The text ``encrypt`` was given for this row. Raises ``Unreadable``."""
    if len(blob) < 2 or blob[0] != VERSION:
        raise Unreadable
    header, rest = blob[: 2 + blob[1]], blob[2 + blob[1] :]
    ring = dict(settings.VAULT_RING)
    ring_key = ring.get(header[2:].decode(errors="replace"))
    if ring_key is None:
        raise Unreadable
    associated = _associated(header, row_id=row_id, team_id=team_id, owner_ref=owner_ref)
    try:
        return AESGCM(ring_key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], associated).decode()
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


def decrypt(key: ApiKey) -> str:
    """The provider key of this row, for the moment a request is sent and no longer.

    Raises ``Unreadable`` after marking the row as needing re-entry; nothing may be sent then.
    """
    if key.ciphertext is None:
        raise Unreadable("This key was deleted.")
    blob = bytes(key.ciphertext)
    try:
        return open_blob(blob, row_id=key.id, team_id=key.team_id, owner_ref=key.owner_ref)
    except Unreadable:
        # Only the row as it was read: it may have been replaced meanwhile.
        ApiKey.objects.filter(id=key.id, ciphertext=blob).update(needs_reentry=True)
        raise
