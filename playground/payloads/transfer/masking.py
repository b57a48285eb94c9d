"""Replaces values inside a JSON text by variables, in place: a key on the way in, a file that cannot come along."""

import re
from collections.abc import Callable, Sequence

from playground.payloads.naming import FreeNames
from playground.payloads.secrets import find_secrets
from playground.payloads.variables import MOST, USE, Variable, strings_in

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
        used = {match[1] for match in USE.finditer(text)}
        names = FreeNames(used.union(variable.name for variable in declared))
        pieces, position, name, line = [], 0, "", 1
        for place in strings_in(text):
            if place.is_name:
                name = place.inside
            elif most is not None and len(declared) + len(self.added) > most:
                break
            elif pick(name, place.inside):
                made = Variable(names.take(name, "value"), description=description)
                self.added.append(made)
                line += text.count("\n", position, place.start)
                self.places.append(f"line {line}, now {{{{{made.name}}}}}")
                pieces += [text[position : place.start], f'"{{{{{made.name}}}}}"']
                position = place.end
        self.text = "".join([*pieces, text[position:]])


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
