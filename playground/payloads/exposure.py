"""What others will see is looked through first: a key inside a value goes to nobody."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from playground.payloads.secrets import find_secrets


class Leak(ValueError):
    """Something that looks like a key stands in what others would see. The message names each place."""

    def __init__(self, places: list[str]) -> None:
        super().__init__(f"Not shared, because this looks like a key: {'; '.join(places)}.")
        self.places = places


def check_texts(
    *, text: str, variables: Iterable[Mapping[str, Any]] = (), message: str = "", place: str = ""
) -> None:
    """Raise Leak unless all of a version may be seen by others. ``place`` goes before each place that is named."""
    _refuse(
        [
            *_found(text, place),
            *_found(_as_json(variables), f"{place}variables "),
            *_found(message, f"{place}message "),
        ]
    )


def check_words(words: Mapping[str, Any]) -> None:
    """Raise Leak unless the name, the notes and the rest may be seen by others."""
    _refuse([place for name, value in words.items() for place in _found(_as_text(value), f"{name} ")])


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else _as_json(value)


def _as_json(value: Any) -> str:
    return json.dumps(value if isinstance(value, dict) else list(value), ensure_ascii=False)


def _found(text: str, place: str) -> list[str]:
    """Where in ``text`` something looks like a secret, and what kind of one."""
    return [f"{place}{one.path} ({one.what})" for one in find_secrets(text)]


def _refuse(places: list[str]) -> None:
    if places:
        raise Leak(places)
