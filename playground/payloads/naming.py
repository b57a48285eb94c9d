"""Names of variables that are made, not typed: of any text, and none that means something already."""

import re
from collections import Counter
from collections.abc import Iterable

from playground.payloads.variables import NAME

LONGEST = 50  # with room for a number behind it


def identifier(text: str, other: str) -> str:
    """A variable's name made of ``text``; ``other`` where nothing of it can be used."""
    if NAME.match(text):
        return text
    plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:60]
    if not plain:
        return other
    return plain if plain[0].isalpha() else f"{other}_{plain}"[:60]


class FreeNames:
    """Gives out each name once, whatever its case: ``seed``, then ``seed_2``."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name.casefold() for name in taken}
        self._numbers: Counter[str] = Counter()

    def take(self, text: str, other: str) -> str:
        """A free name after ``text``, as ``identifier`` makes it."""
        base = identifier(text, other)[:LONGEST]
        made = base
        while made.casefold() in self._taken:
            # Of one base the count goes on, so that many of a name are not tried again from the start.
            self._numbers[base.casefold()] += 1
            made = f"{base}_{self._numbers[base.casefold()] + 1}"
        self._taken.add(made.casefold())
        return made
