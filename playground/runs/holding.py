"""How much is reserved before a run: as much as it may cost, as far as anybody knows."""

import functools
import json
import time
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from playground.catalogue.offers import Offer
from playground.ledger import spread

# The parameters that move a price, under all the names that models give them (api.md 5.2: "Affects Pricing").
SIZE_LIKE = (
    "duration", "output_seconds", "length", "num_frames", "frames", "fps", "frames_per_second",
    "resolution", "output_resolution", "target_size", "size", "width", "height", "img_width", "img_height",
    "samples", "max_images", "n", "num_outputs",
    "quality", "mode", "generate_audio", "steps", "num_inference_steps", "scale", "max_tokens",
)  # fmt: skip
AVERAGE_FACTOR = Decimal("1.5")
SHARE = 0.95
FEWEST = 5
_KEPT_SECONDS = 30
_LONGEST_VALUE = 16
_LONGEST = 120


def size_of(body_text: str) -> str:
    """What in the body moves the price, such as ``duration=5 resolution=720p``; empty when nothing does."""
    try:
        body = json.loads(body_text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return ""
    found = []
    for name in SIZE_LIKE:
        value = body.get(name) if isinstance(body, dict) else None
        if isinstance(value, bool):
            found.append(f"{name}={'yes' if value else 'no'}")
        elif isinstance(value, str) and value and value.isascii() and value.isprintable():
            found.append(f"{name}={value[:_LONGEST_VALUE]}")
    return " ".join(found)[:_LONGEST]


def amount(*, team_id: UUID, mode: str, endpoint: str, size: str, offer: Offer) -> Decimal:
    """US dollars: the largest of the published price, 1.5 x the average of all callers, and what 95 of 100 of the
    team's own runs of this size cost at most; the setting HOLD_DEFAULT_USD where none of them is known.
    """
    known = [
        offer.highest,
        None if offer.average is None else offer.average * AVERAGE_FACTOR,
        _seen(team_id, mode, endpoint, size, int(time.monotonic() // _KEPT_SECONDS)),
    ]
    return max((found for found in known if found is not None), default=settings.HOLD_DEFAULT_USD)


@functools.lru_cache(maxsize=4096)
def _seen(team_id: UUID, mode: str, endpoint: str, size: str, _window: int) -> Decimal | None:
    """Asked again every half minute: a hold is a bound with room, and a submission should not wait for it."""
    counts = spread.costs_of_size(team_id=team_id, mode=mode, endpoint=endpoint, size=size)
    if sum(counts.values()) < FEWEST:
        return None
    found = spread.quantile(counts, SHARE)
    return None if found is None else round(found, 10)
