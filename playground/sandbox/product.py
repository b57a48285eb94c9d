"""What a model makes: files, or one JSON document."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """One file as the model made it."""

    content: bytes
    content_type: str


@dataclass(frozen=True)
class Product:
    """Exactly one of the two is there: `parts` for media, `document` for a model that answers in JSON."""

    parts: list[Part] = field(default_factory=list)
    document: dict[str, Any] | None = None
