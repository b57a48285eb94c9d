"""Variables of a Postman collection: what ``{{name}}`` means at one place of it, and what it becomes here."""

import json
import re
from collections import ChainMap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from playground.payloads.naming import FreeNames
from playground.payloads.secrets import find_secrets
from playground.payloads.transfer.records import TransferProblem
from playground.payloads.variables import LONGEST, MOST, Kind, Variable, VariableProblem, check_value

USE = re.compile(r"\{\{([^{}]{1,120})\}\}")
# What an environment may have had a value for; anything else in double braces is words.
_LIKE_A_NAME = re.compile(r"\$?[A-Za-z_][\w.-]*\Z")
_MOST_STEPS = 10
_LONGEST_FILLED = 4_000
_KINDS = (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.JSON)


@dataclass(frozen=True, slots=True)
class Given:
    """What a collection says of a variable: ``value`` is None where it has none."""

    value: str | None
    description: str = ""


class Scope:
    """Variables by name, the innermost first. ``met`` are the names that were asked for."""

    def __init__(self, rows: object = None) -> None:
        self._given: ChainMap[str, Given] = ChainMap(dict(variable_rows(rows)))
        self.met: set[str] = set()
        self._keys: dict[tuple[str, str], bool] = {}

    def inside(self, rows: object) -> "Scope":
        """The scope within a folder or request that has ``rows`` of its own."""
        own = dict(variable_rows(rows))
        if not own:
            return self
        inner = Scope()
        inner._given = self._given.new_child(own)
        inner.met, inner._keys = self.met, self._keys
        return inner

    def get(self, name: str) -> Given | None:
        self.met.add(name)
        return self._given.get(name)

    def is_key(self, name: str, value: str) -> bool:
        """Whether it looks like a key, asked once: every request of a collection may use the same value."""
        if (name, value) not in self._keys:
            self._keys[name, value] = bool(find_secrets(json.dumps({name: value})))
        return self._keys[name, value]

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def __iter__(self) -> Iterator[tuple[str, Given]]:
        return iter(self._given.items())

    def filled(self, text: str) -> str:
        """An address or a header as Postman would send it, as far as the values go."""
        for _ in range(_MOST_STEPS):
            # Counted first: values that name each other can grow beyond any memory.
            if sum(len(self._or_itself(match)) for match in USE.finditer(text)) > _LONGEST_FILLED:
                break
            put = USE.sub(self._or_itself, text)
            if put == text:
                break
            text = put
        return text

    def _or_itself(self, match: re.Match[str]) -> str:
        given = self.get(match[1])
        return match[0] if given is None or given.value is None else given.value


def variable_rows(rows: object) -> Iterator[tuple[str, Given]]:
    """Each variable of a list, as both schemas write it."""
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("disabled") is True:
            continue
        name = row.get("key") or row.get("id")
        if isinstance(name, str) and name:
            yield name, Given(value_text(row.get("value")), described(row.get("description")))


def value_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def described(value: object) -> str:
    """A description, which may be text or an object that holds it."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Use:
    """How a name stands in a body: ``bare`` is without quotes, where its value is not text."""

    name: str
    bare: bool


class Declarations:
    """The variables that a body needs, made as they are met; ``changes`` say what became of them."""

    def __init__(self, scope: Scope, bare: set[str], quoted: set[str]) -> None:
        self._scope, self._bare, self._quoted = scope, bare, quoted
        self._made: dict[Use, Variable | None] = {}
        self._names: dict[Use, str] = {}
        self.changes: list[str] = []
        self.holds_key = False

    @property
    def variables(self) -> list[Variable]:
        return [variable for variable in self._made.values() if variable is not None]

    def is_variable(self, name: str) -> bool:
        return name in self._scope or _LIKE_A_NAME.match(name) is not None

    def within_text(self, name: str) -> str:
        """Our name for ``name`` where it stands among other words."""
        return self.declare(Use(name, name in self._bare and name not in self._quoted))

    def declare(self, use: Use) -> str:
        """Our name for a use, declared with its default."""
        if use not in self._names:
            if len(self._names) >= MOST:
                raise TransferProblem(f"Its body uses more than {MOST} variables, which is the most.")
            self._names[use] = ours = self._free(use.name)
            # It keeps its place while the ones that its default names are declared.
            self._made[use] = None
            self._made[use] = self._variable(use, ours)
            if ours != use.name:
                self.changes.append(f"{{{{{use.name}}}}} is called {ours} here.")
        return self._names[use]

    def _free(self, name: str) -> str:
        taken = {*self._names.values(), *(self._bare | self._quoted) - {name}}
        return FreeNames(taken).take(name.lstrip("$"), "value")

    def _variable(self, use: Use, ours: str) -> Variable:
        given = self._scope.get(use.name)
        asked = Variable(
            ours, Kind.JSON if use.bare else Kind.TEXT, description=given.description[:200] if given else ""
        )
        if given is None or given.value is None:
            self.changes.append(self._why_asked(use.name, ours))
            return asked
        if len(given.value) <= LONGEST and self._scope.is_key(use.name, given.value):
            self.holds_key = True
            self.changes.append(f"The value of {ours} looks like a key, so it was left out and is asked for.")
            return asked
        return self._with_default(use, asked, given.value)

    def _why_asked(self, name: str, ours: str) -> str:
        if name.startswith("$"):
            return f"Postman made up {{{{{name}}}}} each time; here {ours} is asked for."
        return f"{{{{{name}}}}} has no value in the collection, so {ours} is asked for before a run."

    def _with_default(self, use: Use, asked: Variable, value: str) -> Variable:
        default = value.strip() if use.bare else _unescaped(value)
        names = [name for name in dict.fromkeys(USE.findall(default)) if name in self._scope]
        found = Kind.JSON if names else kind_of(default)
        why = ""
        if len(default) > LONGEST:
            why = f"is longer than {LONGEST} characters"
        elif names and self._leads_back(use.name):
            why = "goes in a circle"
        elif use.bare and found is None:
            why = "is not JSON"
        if why:
            self.changes.append(f"The value of {asked.name} {why}, so it was left out and is asked for.")
            return asked
        renamed = {name: self.within_text(name) for name in names}
        default = USE.sub(lambda match: f"{{{{{renamed.get(match[1], match[1])}}}}}", default)
        return replace(asked, kind=found if use.bare and found else asked.kind, default=default)

    def _leads_back(self, start: str) -> bool:
        """Whether the value of a name leads to that name again."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            given = self._scope.get(waiting.pop())
            for name in USE.findall((given and given.value) or ""):
                if name == start:
                    return True
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return False


def kind_of(value: str, kinds: Sequence[Kind] = _KINDS) -> Kind | None:
    """The narrowest type that a bare value has, or None where it is no JSON."""
    for kind in kinds:
        try:
            check_value(Variable("value", kind), value)
        except VariableProblem:
            continue
        return kind
    return None


def _unescaped(value: str) -> str:
    """What a value means between quotes, where Postman puts it as it is."""
    try:
        return str(json.loads(f'"{value}"', strict=False))
    except ValueError:
        return value
