"""A cURL command, read and never run. The text given to ``--data`` is taken character by character."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from playground.payloads import pasted, windows
from playground.payloads.pasted import Pasted, PasteProblem
from playground.payloads.quoting import bash

_BEGINS = re.compile(
    r"\s*(?:(?:\$|>|%|#|PS [^>\n]*>|[A-Za-z]:\\[^>\n]*>)\s*)?(?:sudo\s+)?curl(?:\.exe)?(?=\s)"
)
_POWERSHELL = re.compile(r"^\s*PS |`[ \t]*\r?\n|^(?>[^\n'\"]*?curl\.exe\s)[^'\"]*+'")
_COMMAND_PROMPT = re.compile(r'\^[ \t]*\r?\n|\^"')
_SINGLE = re.compile(r"\s\$?'")
_READERS = (bash, windows.command_prompt, windows.powershell)
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]\w*\}?|\$env:\w+|%[A-Za-z_]\w*%")

_DATA = frozenset({"-d", "--data", "--data-ascii", "--data-binary", "--data-raw", "--json"})
_FORM = frozenset({"-F", "--form", "--form-string", "--data-urlencode", "-T", "--upload-file"})
_SWITCHES = "0123456#aBfgGiIjJklLMnNOpqRsSvVZ"
_LONG_SWITCHES = frozenset({
    "anyauth", "basic", "buffer", "compressed", "create-dirs", "digest", "disable", "fail", "fail-early",
    "fail-with-body", "get", "globoff", "head", "http0.9", "http1.0", "http1.1", "http2", "http3",
    "http2-prior-knowledge", "include", "insecure", "ipv4", "ipv6", "junk-session-cookies", "keepalive", "list-only",
    "location", "location-trusted", "negotiate", "netrc", "netrc-optional", "next", "no-buffer", "no-keepalive",
    "no-progress-meter", "ntlm", "parallel", "path-as-is", "post301", "post302", "post303", "progress-bar",
    "raw", "remote-header-name", "remote-name", "remote-name-all", "retry-all-errors", "retry-connrefused",
    "show-error", "show-headers", "silent", "ssl", "ssl-reqd", "styled-output", "tcp-fastopen", "tcp-nodelay",
    "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "tr-encoding", "verbose", "xattr",
})  # fmt: skip
_LONG = {
    "-X": "--request", "-H": "--header", "-d": "--data", "-F": "--form", "-u": "--user", "-T": "--upload-file",
    "-G": "--get", "-I": "--head", "-K": "--config",
}  # fmt: skip

AT_FILE = (
    "The JSON is in a file ({}), which was not pasted. Paste the file's text into the JSON editor, or put it into the "
    "command in place of the @."
)
SEVERAL = "It has several -d parts, which curl joins with &. That is no JSON: put them into one -d."
NOT_JSON_BODY = "{} sends a form or a file, and models take JSON. Use -d with JSON."


@dataclass(slots=True)
class _Command:
    addresses: list[str] = field(default_factory=list)
    method: str = ""
    data: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def begins_like_curl(text: str) -> bool:
    return _BEGINS.match(text) is not None


def read_curl(text: str, hosts: frozenset[str]) -> Pasted:
    """What the command would send. Raises PasteProblem.

    Nothing says which shell a command was written for, so it is read as each of them, and the first reading
    that makes JSON is taken.
    """
    found = _BEGINS.match(text)
    if found is None:
        raise PasteProblem("This does not begin with curl.")
    rest = text[found.end() :]
    likely = _likely_reader(text)
    outcome: Pasted | PasteProblem | None = None
    for reader in (likely, *(one for one in _READERS if one is not likely)):
        try:
            result = _understood(reader(rest), hosts, escaped=reader is windows.powershell)
            if pasted.is_json(result.text):
                return result
            outcome = outcome or result
        except PasteProblem as refused:
            outcome = outcome or refused
    if isinstance(outcome, Pasted):
        return outcome
    raise outcome or PasteProblem("This command could not be read.")


def _likely_reader(text: str) -> Callable[[str], list[str]]:
    """The shell whose reading counts where none makes JSON."""
    if _POWERSHELL.search(text):
        return windows.powershell
    return windows.command_prompt if _COMMAND_PROMPT.search(text) and not _SINGLE.search(text) else bash


def _understood(words: list[str], hosts: frozenset[str], *, escaped: bool) -> Pasted:
    command = _Command()
    for option, value in _options(words):
        _note(command, option, value)
    if not command.addresses:
        raise PasteProblem("There is no address in this command.")
    if len(command.addresses) > 1:
        raise PasteProblem("There is more than one address in this command.")
    address = command.addresses[0]
    endpoint, version = pasted.route_of(address, hosts)
    if command.method not in ("", "POST"):
        raise PasteProblem(f"It asks with {pasted.shown(command.method)}; a run is sent with POST.")
    text = _joined(command.data)
    if escaped and not pasted.is_json(text):
        # Windows PowerShell hands quotes to a program only when a backslash stands before them.
        bare = text.replace('\\"', '"')
        text = bare if pasted.is_json(bare) else text
    command.keys += pasted.keys_in_address(address)
    if names := _VARIABLE.findall(text):
        command.notes.append(f"{names[0]} is kept as it is written; a shell may have put something there.")
    return pasted.take(endpoint=endpoint, version=version, text=text, keys=command.keys, notes=command.notes)


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Each option under its long name with its value, switches with an empty one; an address is ``--url``."""
    rest = iter(words)
    for word in rest:
        if word == "--" or not word or word == "-":
            continue
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            if name[2:] in _LONG_SWITCHES or name.startswith("--no-"):
                yield name, ""
            else:
                yield name, value if equals else _next(rest, name)
        elif word.startswith("-"):
            yield from _short(word, rest)
        else:
            yield "--url", word


def _short(word: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    """``-sSX POST``, ``-XPOST``, ``-d{…}``: letters in one word, up to the one that takes a value."""
    for place, letter in enumerate(word[1:], start=1):
        name = "-" + letter
        if letter in _SWITCHES:
            yield _LONG.get(name, name), ""
            continue
        value = word[place + 1 :] or _next(rest, name)
        yield _LONG.get(name, name), value
        return


def _next(rest: Iterator[str], name: str) -> str:
    found = next(rest, None)
    if found is None:
        raise PasteProblem(f"There is nothing behind {pasted.shown(name)}. Was the command copied whole?")
    return found


def _note(command: _Command, option: str, value: str) -> None:
    if option == "--url":
        command.addresses.append(value)
    elif option == "--request":
        command.method = value.upper()
    elif option in ("--get", "--head"):
        command.method = "GET" if option == "--get" else "HEAD"
    elif option in _DATA:
        command.data.append((option, value))
    elif option == "--header":
        name, _, given = value.partition(":")
        if pasted.is_key_name(name) and (key := pasted.key_of(given)):
            command.keys.append(key)
    elif option in ("--user", "--oauth2-bearer"):
        if key := pasted.key_of(value.rpartition(":")[2] or value.partition(":")[0]):
            command.keys.append(key)
    elif option in _FORM:
        raise PasteProblem(NOT_JSON_BODY.format(option))
    elif option == "--config":
        raise PasteProblem("It reads its options from a file, which was not pasted.")
    elif option == "--next":
        raise PasteProblem("It holds several requests. Paste one of them.")


def _joined(data: list[tuple[str, str]]) -> str:
    """The body. curl puts ``&`` between parts, but nothing before ``--json``."""
    if not data:
        raise PasteProblem("It sends no JSON: there is no -d, --data or --json.")
    for option, value in data:
        if value.startswith("@") and option != "--data-raw":
            name = "what another program hands over" if value == "@-" else pasted.shown(value[1:])
            raise PasteProblem(AT_FILE.format(name))
    text = data[0][1]
    for option, value in data[1:]:
        text += value if option == "--json" else "&" + value
    if len(data) > 1 and not pasted.is_json(text):
        raise PasteProblem(SEVERAL)
    return text
