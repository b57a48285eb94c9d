"""What others will see is looked through first: a key inside a value goes to nobody."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

# How keys of well-known services begin, the provider's own first.
_KEY = re.compile(
    r"""(?<![A-Za-z0-9]) (?:
        SG(?:TEST)?_[A-Za-z0-9]{8,}
        | sk-(?:proj-|ant-|or-)?[A-Za-z0-9_-]{20,} | [rs]k_(?:live|test)_[A-Za-z0-9]{16,}
        | (?:AKIA|ASIA)[A-Z0-9]{16} | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{20,}
        | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[A-Za-z0-9_-]{16,}
        | xox[abeprs]-[A-Za-z0-9-]{10,} | hf_[A-Za-z0-9]{20,} | r8_[A-Za-z0-9]{20,}
        | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}
        | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    )""",
    re.VERBOSE,
)


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
    """Where in ``text`` something looks like a key: the one place that decides it."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{place}line {number}" for number, line in lines if _KEY.search(line)]


def _refuse(places: list[str]) -> None:
    if places:
        raise Leak(places)
