"""The raw body of a Postman request as a payload's text: only what Postman itself would replace is touched."""

import re
from dataclasses import dataclass, field

from playground.payloads.transfer.records import TransferProblem
from playground.payloads.transfer.scope import USE, Declarations, Scope, Use
from playground.payloads.variables import Variable

# Strings, comments (which Postman takes out) and names without quotes. Possessive: linear in whatever stands there.
_PIECE = re.compile(
    r'"(?P<inside>[^"\\]*+(?:\\.[^"\\]*+)*+)(?P<closed>"?)'
    r"|(?P<comment>//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)"
    r"|\{\{(?P<bare>[^{}\"]{1,120})\}\}",
    re.DOTALL,
)
_IS_NAME = re.compile(r"[ \t\r\n]*+:")
_BEFORE, _AFTER = re.compile(r"[:,\[][ \t\r\n]*\Z"), re.compile(r"[ \t\r\n]*+(?:[,\]}]|\Z)")


@dataclass(slots=True)
class Body:
    text: str
    variables: list[Variable] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    holds_key: bool = False


def read_body(raw: str, scope: Scope) -> Body:
    """The text with its variables. Raises TransferProblem where one stands at a place that has none here."""
    text = raw.replace("\r\n", "\n")
    remarks = ["Its lines end with LF now."] if text != raw else []
    pieces = list(_PIECE.finditer(text))
    bare = {match["bare"] for match in pieces if match["bare"]}
    quoted = {
        whole[1]
        for match in pieces
        if match["inside"] is not None and (whole := USE.fullmatch(match["inside"]))
    }
    declared = Declarations(scope, bare, quoted)
    reading = _Reading(text, scope, declared)
    made = reading.replaced(pieces)
    changes = [*reading.changes, *declared.changes]
    return Body(made, declared.variables, list(dict.fromkeys(changes)), remarks, declared.holds_key)


class _Reading:
    def __init__(self, text: str, scope: Scope, declared: Declarations) -> None:
        self._text, self._scope, self._declared = text, scope, declared
        self.changes: list[str] = []

    def replaced(self, pieces: list[re.Match[str]]) -> str:
        made, position = [], 0
        for match in pieces:
            made += [self._text[position : match.start()], self._piece(match)]
            position = match.end()
        return "".join([*made, self._text[position:]])

    def _piece(self, match: re.Match[str]) -> str:
        if match["comment"] is not None:
            self.changes.append("Comments were taken out of the body, as Postman does before sending.")
            return ""
        if match["bare"] is not None:
            return self._bare(match)
        inside = match["inside"]
        if "{{" not in inside:
            return match[0]
        if _IS_NAME.match(self._text, match.end()):
            return f'"{self._in_name(match)}{match["closed"]}'
        if (whole := USE.fullmatch(inside)) and self._declared.is_variable(whole[1]):
            return f'"{{{{{self._declared.declare(Use(whole[1], bare=False))}}}}}{match["closed"]}'
        return f'"{USE.sub(self._within, inside)}{match["closed"]}'

    def _within(self, match: re.Match[str]) -> str:
        if not self._declared.is_variable(match[1]):
            return match[0]
        return f"{{{{{self._declared.within_text(match[1])}}}}}"

    def _bare(self, match: re.Match[str]) -> str:
        name = match["bare"]
        before, after = self._text[max(0, match.start() - 200) : match.start()], match.end()
        if not _BEFORE.search(before) or not _AFTER.match(self._text, after):
            raise TransferProblem(
                f"{self._place(match)} {{{{{name}}}}} is only a part of the JSON. "
                "A variable stands for a whole value or within a text."
            )
        ours = self._declared.declare(Use(name, bare=True))
        self.changes.append(
            f"{{{{{ours}}}}} stood without quotes; it has them now, and its value keeps its type."
        )
        return f'"{{{{{ours}}}}}"'

    def _in_name(self, match: re.Match[str]) -> str:
        """A variable cannot stand in the name of a field here: its value takes the place."""
        inside = match["inside"]
        if not any(self._declared.is_variable(name) for name in USE.findall(inside)):
            return inside
        filled = self._scope.filled(inside)
        if any(self._declared.is_variable(name) for name in USE.findall(filled)):
            raise TransferProblem(
                f"{self._place(match)} a variable without a value stands in the name of a field. "
                "A variable can stand in values only."
            )
        self.changes.append(
            f"A variable stood in the name of a field; its value is there now: {filled[:60]}."
        )
        return filled

    def _place(self, match: re.Match[str]) -> str:
        line = self._text.count("\n", 0, match.start()) + 1
        column = match.start() - self._text.rfind("\n", 0, match.start())
        return f"In line {line}, column {column} of its body"
