"""Replaces values inside a JSON text by variables, in place: a key on the way in, a file that cannot come along."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from playground.payloads.secrets import find_secrets
from playground.payloads.variables import MOST, NAME, USE, Variable, strings_in

_MARKER = re.compile(r"atelier-file:[0-9a-f-]{36}:")
KEY_TAKEN = "A key stood here when this was imported."
FILE_WANTED = "A file stood here. Give one of yours."

Pick = Callable[[str, str], bool]


class Masked:
    """``text`` with the picked values as variables: ``added`` are to be declared, ``places`` say where each stood.

    It stops at the first that makes them more than ``most``.
    """

    def __init__(
        self, text: str, declared: Sequence[Variable], pick: Pick, description: str, most: int | None
    ) -> None:
        self.added: list[Variable] = []
        self.places: list[str] = []
        self._taken = {variable.name.casefold() for variable in declared}
        self._taken |= {match[1].casefold() for match in USE.finditer(text)}
        self._numbers: Counter[str] = Counter()
        pieces, position, name, line = [], 0, "", 1
        for place in strings_in(text):
            if place.is_name:
                name = place.inside
            elif most is not None and len(declared) + len(self.added) > most:
                break
            elif pick(name, place.inside):
                made = Variable(self._free(name), description=description)
                self.added.append(made)
                line += text.count("\n", position, place.start)
                self.places.append(f"line {line}, now {{{{{made.name}}}}}")
                pieces += [text[position : place.start], f'"{{{{{made.name}}}}}"']
                position = place.end
        self.text = "".join([*pieces, text[position:]])

    def _free(self, name: str) -> str:
        base = identifier(name, "value")[:50]
        made = base
        while made.casefold() in self._taken:
            # Of one base the count goes on, so that many of a name are not tried again from the start.
            self._numbers[base] += 1
            made = f"{base}_{self._numbers[base] + 1}"
        self._taken.add(made.casefold())
        return made


def identifier(name: str, other: str) -> str:
    """A variable's name made of any text; ``other`` where nothing of it can be used."""
    if NAME.match(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:60]
    if not plain:
        return other
    return plain if plain[0].isalpha() else f"{other}_{plain}"[:60]


def without_keys(text: str, declared: Sequence[Variable]) -> Masked:
    """Every value that looks like a key, by itself or by the name of its member, becomes a variable."""

    def is_key(name: str, inside: str) -> bool:
        return bool(find_secrets(f'{{"{name}": "{inside}"}}'))

    return Masked(text, declared, is_key, KEY_TAKEN, MOST)


def without_markers(
    text: str, declared: Sequence[Variable], kept: frozenset[str] = frozenset(), most: int | None = None
) -> Masked:
    """Every file but those whose markers are ``kept`` becomes a slot for the receiver to fill."""
    return Masked(
        text,
        declared,
        lambda _, inside: _MARKER.match(inside) is not None and inside not in kept,
        FILE_WANTED,
        most,
    )
