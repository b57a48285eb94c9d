"""What the names of a Python program hold, as far as plain values tell, and those values as JSON text."""

import ast
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from playground.payloads.pasted import MAX_BYTES, PasteProblem

LONGEST_TEXT = MAX_BYTES
LONGEST_JSON = 4 * MAX_BYTES
MOST_CHARACTERS = 4 * LONGEST_JSON
FIELD = 64  # what a copied field weighs, in characters
MOST_STEPS = 2_000_000
LARGE = "What is put together here grows larger than anything that is read."
TANGLED = "This program is too large to be followed. Paste only the lines that make the request."

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LINE_END = re.compile(r"\r\n|\r|\n")
_HTTP_CLIENTS = frozenset({"Client", "AsyncClient", "Session", "session"})
_MODULES = frozenset({"requests", "httpx"})
_SDK_CLIENTS = frozenset({"SegmindClient", "Segmind", "AsyncSegmindClient"})


@dataclass(frozen=True, slots=True)
class Written:
    """A number, true, false or null as JSON writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Client:
    """What a call is made on: ``http`` with the address its own are relative to, or the provider's SDK."""

    kind: str
    base: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    line: int
    what: str


Value: TypeAlias = str | Written | list["Value"] | dict[str, "Value"]


class NotPlain(Exception):
    """A value that is only known when the program runs."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line, self.what = line, what


def not_plain(node: ast.AST, what: str) -> NotPlain:
    return NotPlain(
        getattr(node, "lineno", 1), f"{what}, so nobody knows what would be sent. Write the value itself."
    )


class Allowance:
    """What may still be done for one program.

    A few lines can double a text, or a list that holds itself twice, until no memory is left: what is put together is
    counted before it is made.
    """

    def __init__(self) -> None:
        self.characters = MOST_CHARACTERS
        self._steps = MOST_STEPS

    def take(self, node: ast.AST, size: int) -> None:
        """NotPlain where ``size`` characters are too many for one text, or beyond what is left for all."""
        if size > min(LONGEST_TEXT, self.characters):
            raise NotPlain(getattr(node, "lineno", 1), LARGE)
        self.characters -= size

    def walk(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise PasteProblem(TANGLED)


class Names:
    """The names at one place of a program."""

    def __init__(self, text: str) -> None:
        self._lines = [line.encode(errors="replace") for line in _LINE_END.split(text)]
        self._held: dict[str, Value | Client | Unknown] = {}
        self.allowance = Allowance()

    def inside(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> "Names":
        """The names as a function sees them; its parameters are unknown."""
        inner = Names("")
        inner._lines = self._lines
        inner._held = dict(self._held)
        inner.allowance = self.allowance
        self.allowance.walk(len(self._held))
        spec = function.args
        for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
            inner._held[parameter.arg] = Unknown(function.lineno, f"{parameter.arg} is given by a caller")
        return inner

    def assign(self, target: ast.expr | None, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._held[target.id] = self._held_by(value)
        elif isinstance(target, ast.Subscript):
            self._set(target, value)
        elif target is not None:
            self.forget(target)

    def _held_by(self, node: ast.expr) -> Value | Client | Unknown:
        try:
            return self.client(node) or self.value(node)
        except NotPlain as wrong:
            return Unknown(wrong.line, wrong.what)

    def _known(self, node: ast.expr) -> Value | Unknown:
        try:
            return self.value(node)
        except NotPlain as wrong:
            return Unknown(wrong.line, wrong.what)

    def _set(self, target: ast.Subscript, node: ast.expr) -> None:
        try:
            holder = self.value(target.value)
            key = self.value(target.slice)
        except NotPlain:
            self.forget(target)
            return
        known = self._known(node)
        if isinstance(holder, dict) and isinstance(key, str) and not isinstance(known, Unknown):
            holder[key] = known
        else:
            self.forget(target)

    def update(self, method: ast.Attribute, other: ast.expr) -> None:
        """``method`` is the ``data.update`` of a call."""
        try:
            self.take_over(self.fields(method.value), other)
        except NotPlain:
            self.forget(method)

    def take_over(self, fields: dict[str, Value], node: ast.expr) -> None:
        """What ``**node`` adds to ``fields``."""
        more = self.fields(node)
        self.allowance.take(node, FIELD * len(more))
        fields |= more

    def forget(self, node: ast.AST) -> None:
        """Whatever the code under ``node`` may change is unknown from here on."""
        for one in ast.walk(node):
            self.allowance.walk(1)
            name = one if isinstance(one, ast.Name) and isinstance(one.ctx, (ast.Store, ast.Del)) else None
            if isinstance(one, (ast.Subscript, ast.Attribute)):
                name = _root(one)
            if name is not None and not isinstance(self._held.get(name.id), Client):
                line = getattr(one, "lineno", 1)
                self._held[name.id] = Unknown(
                    line, f"{name.id} is changed here in a way that is not followed"
                )

    def client(self, node: ast.expr | None) -> Client | None:
        """What ``node`` makes calls with: a library, or a client made from it."""
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Name):
            held = self._held.get(node.id)
            if isinstance(held, Client):
                return held
            if node.id in _MODULES and held is None:
                return Client("http")
            return Client("segmind") if node.id == "segmind" and held is None else None
        if not isinstance(node, ast.Call):
            return None
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _SDK_CLIENTS:
            return Client("segmind")
        if name in _HTTP_CLIENTS:
            base = next((word.value for word in node.keywords if word.arg == "base_url"), None)
            return Client("http", self.text(base) if base is not None else "")
        return None

    def text(self, node: ast.expr | None) -> str:
        if node is None:
            return ""
        value = self.value(node)
        if not isinstance(value, str):
            raise not_plain(node, "A text was expected here")
        return value

    def fields(self, node: ast.expr) -> dict[str, Value]:
        value = self.value(node)
        if not isinstance(value, dict):
            raise not_plain(node, "A dict was expected here")
        return value

    def value(self, node: ast.expr) -> Value:
        """The plain value of an expression. Raises NotPlain."""
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._named(node)
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self.value(item) for item in node.elts]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.value(node.operand)
            if isinstance(number, Written) and number.text[:1].isdigit():
                self.allowance.take(node, len(number.text))
                return Written("-" + number.text)
        if isinstance(node, ast.JoinedStr):
            return self._joined(node, (self._piece(piece) for piece in node.values))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined(node, map(self.text, _added(node)))
        if isinstance(node, ast.Call):
            return self._called(node)
        raise not_plain(node, f"{_shown(node)} is not a plain value")

    def _constant(self, node: ast.Constant) -> Value:
        value = node.value
        if isinstance(value, str):
            return value
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise not_plain(node, "These bytes are no text") from None
        if value is None or isinstance(value, bool):
            return Written(json.dumps(value))
        if isinstance(value, (int, float)) and abs(value) != float("inf"):
            written = self._written(node)
            return Written(written if _NUMBER.fullmatch(written) else json.dumps(value))
        raise not_plain(node, f"{_shown(node)} has no form in JSON")

    def _written(self, node: ast.Constant) -> str:
        if node.lineno != node.end_lineno:
            return ""
        return self._lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode(errors="replace")

    def _named(self, node: ast.Name) -> Value:
        held = self._held.get(node.id, Unknown(node.lineno, f"{node.id} is given no value above"))
        if isinstance(held, Unknown):
            raise NotPlain(
                held.line, held.what if held.what.endswith(".") else not_plain(node, held.what).what
            )
        if isinstance(held, Client):
            raise not_plain(node, f"{node.id} is not a plain value")
        return held

    def _dict(self, node: ast.Dict) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            if key is None:
                self.take_over(found, item)
            else:
                found[self.text(key)] = self.value(item)
        return found

    def _joined(self, node: ast.expr, pieces: Iterable[str]) -> str:
        parts = list(pieces)
        self.allowance.take(node, sum(map(len, parts)))
        return "".join(parts)

    def json_text(self, node: ast.expr, value: Value) -> str:
        """``value`` as JSON on several lines, numbers as they were written, fields in their order."""
        lines = _Lines(node, min(LONGEST_JSON, self.allowance.characters))
        try:
            lines.write(value, "")
        finally:
            self.allowance.characters -= lines.size
        return lines.text

    def _piece(self, piece: ast.expr) -> str:
        if isinstance(piece, ast.FormattedValue) and piece.conversion == -1 and piece.format_spec is None:
            return self.text(piece.value)
        return self.text(piece)

    def _called(self, node: ast.Call) -> Value:
        """The few calls that only change how a value is written."""
        name = _dotted(node.func)
        if name in ("json.dumps", "dumps") and node.args:
            return self.json_text(node, self.value(node.args[0]))
        if name in ("json.loads", "loads") and len(node.args) == 1:
            return _Loaded(self.text(node.args[0]))
        if name == "dict" and not node.args:
            return {word.arg: self.value(word.value) for word in node.keywords if word.arg}
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("encode", "strip"):
            text = self.text(node.func.value)
            self.allowance.take(node, len(text))
            return text.strip() if node.func.attr == "strip" else text
        raise not_plain(node, f"{_shown(node.func)}(…) is a call")


class _Loaded(Written):
    """JSON text that the program reads itself: it is the value as it is written."""


class _Lines:
    """JSON text as it grows, up to ``most`` characters."""

    def __init__(self, node: ast.AST, most: int) -> None:
        self.size = 0
        self._node, self._most = node, most
        self._out = io.StringIO(newline="")

    @property
    def text(self) -> str:
        return self._out.getvalue()

    def _add(self, part: str) -> None:
        self.size += len(part)
        if self.size > self._most:
            raise NotPlain(getattr(self._node, "lineno", 1), LARGE)
        self._out.write(part)

    def write(self, value: Value, margin: str) -> None:
        if isinstance(value, Written):
            self._add(value.text)
        elif isinstance(value, str):
            self._add(json.dumps(value, ensure_ascii=any("\ud800" <= char <= "\udfff" for char in value)))
        elif not value:
            self._add("{}" if isinstance(value, dict) else "[]")
        elif isinstance(value, dict):
            self._rows("{}", list(value.items()), margin)
        else:
            self._rows("[]", [(None, held) for held in value], margin)

    def _rows(self, around: str, rows: Sequence[tuple[str | None, Value]], margin: str) -> None:
        inner = margin + "  "
        before = around[0] + "\n"
        for name, held in rows:
            self._add(before + inner)
            if name is not None:
                self.write(name, "")
                self._add(": ")
            self.write(held, inner)
            before = ",\n"
        self._add("\n" + margin + around[1])


def _added(node: ast.expr) -> list[ast.expr]:
    """The summands of ``a + b + c``, so that the sum is put together once."""
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _dotted(function: ast.expr) -> str:
    """``name`` or ``module.name``; empty for what is called on a value."""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return function.id if isinstance(function, ast.Name) else ""


def _root(node: ast.expr) -> ast.Name | None:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def _shown(node: ast.AST) -> str:
    """Code as a message may name it: names only, for a text could be a key."""
    if not any(isinstance(part, ast.Constant) for part in ast.walk(node)) and isinstance(
        node, (ast.Name, ast.Attribute)
    ):
        return ast.unparse(node)[:60]
    return "This"
