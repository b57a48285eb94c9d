"""What a text carries that is somebody's own: data written into it, addresses of stored files, files of this house.

Before a text is shown to others each of them becomes a named slot, ``{{image}}``, which the receiver fills. The text
is edited in place: a string without any of it stays as it was written, character by character.
"""

import functools
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from playground import figures
from playground.payloads.naming import FreeNames
from playground.payloads.variables import MOST, strings_in

LEAST = 200  # characters of data that nobody types

_DATA_URI = (
    r"(?<![A-Za-z])data:(?:[\w.+-]+/[\w.+-]+)?(?:;[^,;\s\"'<>]{0,80}){0,5},"
    r"(?:[^\s\"'<>()\\]|\\{1,4}/)*(?:\s[A-Za-z0-9+/=_-]{40,})*(?:\s[A-Za-z0-9+/_-]+={1,2})?"
)
_MARKER = r"atelier-file:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::[\w-]+)*"
# Possessive, from the start of a word: linear in whatever was pasted.
_WRAPPED = r"(?<![\w+/-])(?:[A-Za-z0-9+/_-]{48,}+\s{1,2}+){3,}+[A-Za-z0-9+/_-]*={0,2}"
_BARE = rf"(?<![\w+/-])(?:[A-Za-z0-9+/_-]|\\{{1,4}}/){{{LEAST},}}+={{0,2}}"
_REST = r"(?:[^\s\"'<>()\\]|\\{1,4}/)*"
_SLASH = r"\\{0,4}/"
_SCHEME = rf"(?:https?:)?(?:{_SLASH}){{0,2}}(?<![\w.-])"
# A path of a team, or the token of a link.
_INSIDE = rf"(?:t{_SLASH}[a-z0-9_-]+{_SLASH}{_REST}|s{_SLASH}[a-z0-9_-]{{20,}}{_REST})"
_RELATIVE = (
    rf"(?<![\w/.\\])(?:{_SLASH}|(?:\.{{1,2}}{_SLASH})++)(?:{_INSIDE}|s{_SLASH}[a-z0-9_-]+{_SLASH}{_REST})"
)
# Every machine has these names, so a path of this house has to follow.
_OF_ANYBODY = ("localhost", "127.0.0.1", "[::1]")
_KINDS = (
    (r"data:image/|iVBORw0KGgo|/9j/|R0lGOD|UklGR\w{6}XRUJQ|Qk0", "a picture"),
    (r"data:video/|\w{6}Znr5|\w{4,12}mdHlw", "a video"),
    (r"data:audio/|SUQz|UklGR\w{6}XQVZF|T2dnUw|ZkxhQ", "a sound"),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """``name`` is that of the variable that stands in its place; ``what`` says in words what stood there."""

    name: str
    what: str

    def as_data(self) -> dict[str, str]:
        return {"name": self.name, "what": self.what}


@dataclass(frozen=True, slots=True)
class Emptied:
    text: str
    slots: tuple[Slot, ...]


def take_out(text: str, *, taken: Iterable[str] = (), files: bool) -> Emptied:
    """``text``, a JSON body, with a slot in the place of each; the same thing twice is one slot.

    ``taken`` are names that mean something already. ``files`` says whether the team's own files become slots, too.
    """
    pattern = _pattern(files)
    names = _Names({*taken, *re.findall(r"\{\{(\w+)\}\}", text)})
    pieces, position, member = [], 0, "file"
    for place in strings_in(text):
        if place.is_name:
            member = place.inside
            continue
        inside = _emptied(place.inside, pattern, functools.partial(names.slot, member=member))
        if inside is not None:
            pieces += [text[position : place.start], f'"{inside}"']
            position = place.end
    return Emptied("".join([*pieces, text[position:]]), tuple(names.slots.values()))


def in_names(text: str, *, files: bool) -> bool:
    """Whether the name of a field carries any of it: there nothing can be filled in."""
    pattern = _pattern(files)
    return any(pattern.search(place.inside) for place in strings_in(text) if place.is_name)


def without(words: str, *, files: bool) -> str:
    """Plain words with a short note in the place of each."""
    return _pattern(files).sub(
        lambda match: f"[{_what(match)} left out]" if _counts(match) else match[0], words
    )


def _emptied(inside: str, pattern: "re.Pattern[str]", slot: Callable[["re.Match[str]"], str]) -> str | None:
    """The string's text with slots in it, escaped for JSON; None where it carries nothing."""
    try:
        value = json.loads(f'"{inside}"', strict=False) if "\\" in inside else inside
    except ValueError:
        value = inside
    if not any(_counts(match) for match in pattern.finditer(value)):
        return None
    new = pattern.sub(lambda match: f"{{{{{slot(match)}}}}}" if _counts(match) else match[0], value)
    return json.dumps(new, ensure_ascii=False)[1:-1] if value != inside else new


class _Names:
    """Gives each thing that is taken out a name of its own, after the member it stands in.

    One more than can be declared, and the last name stands for all the rest: no one is going to be asked for them.
    """

    def __init__(self, taken: set[str]) -> None:
        self._names = FreeNames(taken)
        self._last = ""
        self.slots: dict[str, Slot] = {}

    def slot(self, match: "re.Match[str]", member: str) -> str:
        known = self.slots.get(match[0])
        if known is None and len(self.slots) <= MOST:
            self._last = self._names.take(member, "file")
            known = self.slots[match[0]] = Slot(self._last, _what(match))
        return self._last if known is None else known.name


def _pattern(files: bool) -> "re.Pattern[str]":
    stored = "|".join(re.escape(host) for host in sorted(_hosts()))
    parts = [
        f"(?P<data>{_DATA_URI})",
        rf"(?P<stored>{_SCHEME}(?:{stored})(?::\d+)?{_SLASH}{_REST})",
        rf"(?P<house>{_SCHEME}{_house()}|{_RELATIVE})",
        f"(?P<bare>{_WRAPPED}|{_BARE})",
    ]
    if files:
        parts.insert(0, f"(?P<file>{_MARKER})")
    return re.compile("|".join(parts), re.IGNORECASE)


def _house() -> str:
    """The addresses of this house, by whatever name somebody called it."""
    allowed = [host for host in settings.ALLOWED_HOSTS if host not in (*_OF_ANYBODY, "*")]
    names = [_host(host) for host in (urlsplit(settings.SITE_URL).netloc, *allowed)]
    others = [_host(host) for host in _OF_ANYBODY]
    if "*" in settings.ALLOWED_HOSTS:
        others.append(r"[\w.-]{1,253}+")
    return (
        rf"(?:(?:{'|'.join(names)})(?::\d+)?{_SLASH}{_REST}|(?:{'|'.join(others)})(?::\d+)?{_SLASH}{_INSIDE})"
    )


def _host(name: str) -> str:
    """A dot before a name allows every name under it, too."""
    return r"(?:[\w-]{1,63}\.){0,9}" * name.startswith(".") + re.escape(name.lstrip("."))


def _hosts() -> set[str]:
    """Where the provider keeps what was uploaded and what came back; whoever has an address sees the file."""
    addresses = (settings.SEGMIND_STORAGE_URL, settings.SANDBOX_URL)
    known = {urlsplit(address).netloc for address in addresses if address}
    return known | {host.lstrip(".") for host in settings.SEGMIND_RESULT_HOSTS}


def _counts(match: "re.Match[str]") -> bool:
    """A line of dashes is as long as data and is none."""
    if match.lastgroup != "bare":
        return True
    letters = re.search(r"[A-Za-z]", match[0])
    mixed = re.search(r"[0-9]", match[0]) or (re.search(r"[a-z]", match[0]) and re.search(r"[A-Z]", match[0]))
    return bool(letters and mixed and len(set(match[0])) > 8)


def _what(match: "re.Match[str]") -> str:
    if match.lastgroup == "file":
        return "a file of the team"
    if match.lastgroup == "stored":
        return "the address of a stored file"
    if match.lastgroup == "house":
        return "an address in Atelier"
    start = match[0][:60]
    data = start.partition("base64,")[2] or start
    for pattern, what in _KINDS:
        if re.match(pattern, start) or re.match(pattern, data):
            return f"{what}, {figures.size(len(match[0]) * 3 // 4)}"
    return f"data, {figures.size(len(match[0]) * 3 // 4)}"
