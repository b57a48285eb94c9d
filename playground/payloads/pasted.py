"""What a pasted command or program would send: which model, through which version, and the exact JSON text."""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

MAX_BYTES = 1_000_000
PROVIDER = "api.segmind.com"
MOST_KEYS = 50

_ROUTE = re.compile(r"/v([12])/([A-Za-z0-9][A-Za-z0-9._-]{0,119})/?")
_KEY_SHAPE = re.compile(r"SG(?:TEST)?_[0-9A-Fa-f]{16}(?![0-9A-Za-z])")
_PLACEHOLDER = re.compile(r"[$<{%\[(*.].*|.*your.*|.*api.?key.*|x+", re.IGNORECASE | re.DOTALL)
# A header or member that carries a key, and its value, in whatever language the text is.
_KEY_PLACE = re.compile(
    r"""((?:x-api-key|api[-_]?key|authorization)["']?[ \t]{0,9}[:=][ \t]{0,9}["']?"""
    r"""(?:(?:bearer|basic|token)[ \t]{1,9})?)"""
    r"""([^\s"'\\,;)}]{1,500})""",
    re.IGNORECASE,
)
_KEY_NAMES = frozenset({"x-api-key", "authorization", "api-key", "api_key", "apikey"})


class PasteProblem(ValueError):
    """Nothing could be taken; the message is fit for the person and holds no key."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """``key`` is what must not go anywhere: it is in no other field, and ``repr`` leaves it out."""

    endpoint: str
    version: int
    text: str
    key: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()


def provider_hosts() -> frozenset[str]:
    """Where a model may be called: the provider, and what the settings put in its place."""
    bases = (settings.SEGMIND_BASE_URL, settings.SANDBOX_URL)
    return frozenset({PROVIDER, *(urlsplit(base).netloc.lower() for base in bases if base)})


def route_of(address: str, hosts: frozenset[str]) -> tuple[str, int]:
    """Model and version of an address. PasteProblem unless it is a model's, on one of ``hosts`` (``name`` or
    ``name:port``): what another service takes under the same path is not this model's payload.
    """
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        place = parts.netloc.rpartition("@")[2].lower().removesuffix(":443")
    except ValueError:
        raise PasteProblem("The address in it cannot be read.") from None
    if place not in hosts:
        raise PasteProblem(f"It calls {shown(place)}, which is not the provider. Nothing was taken.")
    found = _ROUTE.fullmatch(parts.path)
    if found is None:
        raise PasteProblem(
            f"{shown(parts.path or '/')} is not the address of a model, such as /v1/seedream-4.5."
        )
    if has_key_shape(found[2]):
        raise PasteProblem("A key stands in the address, in the place of a model. Nothing was taken.")
    return found[2], int(found[1])


def shown(text: str) -> str:
    """A part of what was pasted as a message may name it."""
    text = without_keys(text)
    return text if len(text) <= 80 else text[:79] + "…"


def keys_in_address(address: str) -> list[str]:
    """Keys given behind the question mark of an address, and a password before its host."""
    try:
        parts = urlsplit(address)
        given = [value for name, value in parse_qsl(parts.query) if is_key_name(name) and is_key(value)]
        return given + ([parts.password] if parts.password else [])
    except ValueError:
        return []


def is_key_name(name: str) -> bool:
    return name.strip().lower() in _KEY_NAMES


def key_of(value: str) -> str:
    """The key in the value of a header, without its scheme; empty for none and for a placeholder."""
    value = re.sub(r"(?i)^(bearer|basic|token)\s+", "", value.strip()).strip()
    return value if is_key(value) else ""


def is_key(value: str) -> bool:
    return bool(_KEY_SHAPE.search(value)) or bool(value and not _PLACEHOLDER.fullmatch(value))


def has_key_shape(text: str) -> bool:
    return bool(_KEY_SHAPE.search(text))


def without_keys(text: str, *keys: str) -> str:
    """``text`` with ``keys`` replaced, whatever is shaped like a key of the provider, and what stands where keys do."""
    for key in filter(None, keys):
        text = text.replace(key, "[key]")
    text = _KEY_PLACE.sub(lambda found: found[1] + ("[key]" if is_key(found[2]) else found[2]), text)
    return _KEY_SHAPE.sub("[key]", text)


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def take(*, endpoint: str, version: int, text: str, keys: list[str], notes: list[str]) -> Pasted:
    """The result, unless a key is inside the JSON itself: from there it could not be left out unasked."""
    keys = list(dict.fromkeys(keys))
    if len(keys) > MOST_KEYS:
        raise PasteProblem(f"It holds {len(keys)} keys. Paste only the part that makes one request.")
    if has_key_shape(text) or any(key in text for key in keys if len(key) >= 8):
        raise PasteProblem("There is a key inside the JSON. Take it out there, then paste again.")
    if not is_json(text):
        notes = [*notes, "This is not valid JSON yet. The editor shows where."]
    return Pasted(endpoint, version, text, keys[0] if keys else "", tuple(dict.fromkeys(notes)))
