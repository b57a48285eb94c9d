"""Which values a text that was sent has in the places of a saved text's variables."""

import json
from collections.abc import Iterator

from playground.payloads.models import PayloadVersion
from playground.payloads.variables import USE, from_data
from playground.runs import places
from playground.runs.places import Path


def values_in(version: PayloadVersion, sent: str) -> dict[str, str] | None:
    """By variable, as people read them; None where ``sent`` is not the text of ``version`` with values put in.

    ``sent`` is valid JSON. Where two variables stand side by side, the first is taken to be empty.
    """
    names = {variable.name for variable in from_data(version.variables)}
    given = {place.path: sent[place.start : place.end] for place in places.places(sent)}
    values: dict[str, str] = {}
    fixed: set[Path] = set()
    whole: set[Path] = set()
    for path, literal in _leaves(version.text):
        parts = _parts(literal, names)
        if path not in given:
            return None
        if len(parts) == 3 and parts[0] == parts[2] == '"':
            values.setdefault(parts[1], _read(given[path]))
            whole.add(path)
        elif not _take(given[path], parts, values):
            return None
        else:
            fixed.add(path)
    return None if _has_more(sent, fixed, whole) else values


def _leaves(text: str) -> Iterator[tuple[Path, str]]:
    """Paths and literals of everything that has nothing inside, an empty object or array among them."""
    for place in places.places(text):
        literal = text[place.start : place.end]
        if literal[0] not in "{[" or not literal[1:-1].strip():
            yield place.path, literal


def _has_more(sent: str, fixed: set[Path], whole: set[Path]) -> bool:
    """Whether something stands in ``sent`` beside what was saved and what is inside a variable's value."""
    return any(
        path not in fixed and not any(path[:length] in whole for length in range(len(path) + 1))
        for path, _ in _leaves(sent)
    )


def _parts(literal: str, names: set[str]) -> list[str]:
    """Text, name, text, name, text: the declared names of a literal, and what stands around them."""
    parts, end = [], 0
    for match in USE.finditer(literal):
        if match[1] in names:
            parts += [literal[end : match.start()], match[1]]
            end = match.end()
    return [*parts, literal[end:]]


def _take(literal: str, parts: list[str], values: dict[str, str]) -> bool:
    """Put the values of one literal into ``values``; False where what stands around them differs."""
    if len(parts) == 1:
        return literal == parts[0]
    if not literal.startswith(parts[0]) or not literal.endswith(parts[-1]):
        return False
    at, last = len(parts[0]), len(literal) - len(parts[-1])
    for name, after in zip(parts[1:-2:2], parts[2:-1:2], strict=True):
        end = literal.find(after, at, last)
        if end < 0:
            return False
        values.setdefault(name, _read(f'"{literal[at:end]}"'))
        at = end + len(after)
    if at > last:
        return False
    values.setdefault(parts[-2], _read(f'"{literal[at:last]}"'))
    return True


def _read(literal: str) -> str:
    """A text without its quotes and escapes; anything else as it stands."""
    try:
        return str(json.loads(literal)) if literal.startswith('"') else literal
    except ValueError:
        return literal
