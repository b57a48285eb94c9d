"""A Python program that calls a model, read through its syntax tree and never run."""

import ast
import re
from collections.abc import Iterator

from playground.payloads import pasted
from playground.payloads.literals import Client, Names, NotPlain, Value
from playground.payloads.pasted import Pasted, PasteProblem

_LOOKS = re.compile(
    r"^[^\S\n]*(?:import|from)\s+(?:requests|httpx|segmind)\b|\b(?:requests|httpx|segmind)\.\w+\(",
    re.MULTILINE,
)
_SDK_VERSION = {"run": 2, "submit_async": 2, "run_async": 2, "run_sync": 1}
_SECRET = re.compile(r"(?:.*[_-])?(?:api[_-]?key|key|token|secret|authorization)", re.IGNORECASE)
_CONDITIONAL = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CHANGES = frozenset(
    {"pop", "clear", "append", "extend", "insert", "remove", "setdefault", "sort", "reverse"}
)

SEVERAL = "It sends several requests; the first was taken."


def looks_like_python(text: str) -> bool:
    return _LOOKS.search(text) is not None


def read_snippet(text: str, hosts: frozenset[str]) -> Pasted:
    """What the program's first call of a model would send. Raises PasteProblem."""
    try:
        tree = ast.parse(text)
        return _Reader(text, tree, hosts).result()
    except SyntaxError as wrong:
        raise PasteProblem(f"Line {wrong.lineno or 1} is not Python. Was the program copied whole?") from None
    except (ValueError, MemoryError, RecursionError) as wrong:
        if isinstance(wrong, PasteProblem):
            raise
        raise PasteProblem("This program could not be read.") from None


class _Reader:
    """Follows the statements in their order: what names hold, and the calls that send something."""

    def __init__(self, text: str, tree: ast.Module, hosts: frozenset[str]) -> None:
        self.hosts = hosts
        self.keys = list(_keys_in(tree))
        self.calls: list[tuple[str, int, str]] = []
        self.problem: PasteProblem | None = None
        self.elsewhere: PasteProblem | None = None
        self.names = Names(text)
        self._follow(tree.body, self.names)

    def result(self) -> Pasted:
        if self.problem is not None:
            raise self.problem
        if not self.calls and self.elsewhere is not None:
            raise self.elsewhere
        if not self.calls:
            raise PasteProblem("No call of a model was found, such as requests.post(url, json=data).")
        endpoint, version, text = self.calls[0]
        notes = [SEVERAL] if len(self.calls) > 1 else []
        return pasted.take(endpoint=endpoint, version=version, text=text, keys=self.keys, notes=notes)

    def _follow(self, statements: list[ast.stmt], names: Names) -> None:
        for statement in statements:
            if self.problem is not None:
                return
            if isinstance(statement, _FUNCTIONS):
                self._follow(statement.body, names.inside(statement))
            elif isinstance(statement, (ast.With, ast.AsyncWith)):
                for item in statement.items:
                    self._look(item.context_expr, names)
                    names.assign(item.optional_vars, item.context_expr)
                self._follow(statement.body, names)
            elif isinstance(statement, ast.Try):
                self._follow(statement.body, names)
            elif isinstance(statement, _CONDITIONAL):
                self._branch(statement, names)
            else:
                self._look(statement, names)
                _change(statement, names)

    def _branch(self, statement: ast.stmt, names: Names) -> None:
        """A part that may run or not: what it changes is unknown afterwards, but for the usual last ``if``."""
        if isinstance(statement, ast.If) and "__main__" in ast.dump(statement.test):
            self._follow(statement.body, names)
            self._follow(statement.orelse, names)
            return
        names.forget(statement)
        for part in _parts(statement):
            self._follow(part, names)
            for one in part:
                names.forget(one)

    def _look(self, statement: ast.AST, names: Names) -> None:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call) or self.problem is not None:
                continue
            try:
                if found := self._sent(node, names):
                    self.calls.append(found)
            except NotPlain as wrong:
                if not self.calls:
                    self.problem = PasteProblem(f"Line {wrong.line}: {wrong.what}")
            except PasteProblem as wrong:
                # A program may well upload a file elsewhere before it calls the model.
                self.elsewhere = self.elsewhere or wrong

    def _sent(self, call: ast.Call, names: Names) -> tuple[str, int, str] | None:
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        client = names.client(owner)
        if client is None:
            return None
        if method in _SDK_VERSION and client.kind == "segmind":
            return self._sdk_call(call, names, _SDK_VERSION[method])
        if method in ("post", "request") and client.kind == "http":
            return self._http_call(call, names, client, method)
        return None

    def _http_call(
        self, call: ast.Call, names: Names, client: Client, method: str
    ) -> tuple[str, int, str] | None:
        given = {word.arg: word.value for word in call.keywords if word.arg}
        order = ("method", "url", "data") if method == "request" else ("url", "data", "json")
        given = dict(zip(order, call.args, strict=False)) | given
        if method == "request" and names.text(given.get("method"))[:5].upper() != "POST":
            return None
        address = names.text(given.get("url"))
        names.allowance.take(call, len(address))
        if "://" not in address:
            address = client.base.rstrip("/") + "/" + address.lstrip("/")
        endpoint, version = pasted.route_of(address, self.hosts)
        self.keys += pasted.keys_in_address(address)
        body = given.get("json") or given.get("data") or given.get("content")
        if body is None:
            raise PasteProblem(f"Line {call.lineno}: this call sends no JSON (json=, data= or content=).")
        if "files" in given:
            raise PasteProblem(f"Line {call.lineno}: files= sends a form, and models take JSON.")
        value = names.value(body)
        # httpx and requests send a text as it is, and json= as JSON.
        plain = isinstance(value, str) and "json" not in given
        return endpoint, version, str(value) if plain else names.json_text(body, value)

    def _sdk_call(self, call: ast.Call, names: Names, version: int) -> tuple[str, int, str]:
        given = {word.arg: word.value for word in call.keywords}
        model = call.args[0] if call.args else given.pop("slug", None) or given.pop("model", None)
        slug = names.text(model)
        names.allowance.take(call, len(slug))
        endpoint, _ = pasted.route_of(
            f"https://api.segmind.com/v{version}/{slug}", frozenset({"api.segmind.com"})
        )
        if len(call.keywords) == 1 and call.keywords[0].arg is None:
            given_whole = call.keywords[0].value
            return endpoint, version, names.json_text(given_whole, names.value(given_whole))
        fields: dict[str, Value] = {}
        for word in call.keywords:
            if word.arg is None:
                names.take_over(fields, word.value)
            elif word.value is not model:
                fields[word.arg] = names.value(word.value)
        return endpoint, version, names.json_text(call, fields)


def _parts(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The bodies of a branch, each ``elif`` among them: it is one branch, however long, and not one inside another."""
    yield getattr(statement, "body", [])
    other: list[ast.stmt] = getattr(statement, "orelse", [])
    while isinstance(statement, ast.If) and len(other) == 1 and isinstance(other[0], ast.If):
        yield other[0].body
        other = other[0].orelse
    yield other


def _change(statement: ast.stmt, names: Names) -> None:
    """What the statement does to names."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            names.assign(target, statement.value)
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        names.assign(statement.target, statement.value)
    elif isinstance(statement, (ast.AugAssign, ast.Delete)):
        names.forget(statement)
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if isinstance(call.func, ast.Attribute) and call.func.attr == "update" and len(call.args) == 1:
            names.update(call.func, call.args[0])
        elif isinstance(call.func, ast.Attribute) and call.func.attr in _CHANGES | {"update"}:
            names.forget(call.func)


def _keys_in(tree: ast.AST) -> Iterator[str]:
    """Every text that is a key by its shape, or by the name it is given under."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and pasted.has_key_shape(node.value)
        ):
            yield pasted.key_of(node.value)
        for name, value in _named(node):
            if _SECRET.fullmatch(name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield from filter(None, [pasted.key_of(value.value)])


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.keyword) and node.arg:
        yield node.arg, node.value
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                yield str(target.slice.value), node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and pasted.is_key_name(str(key.value)):
                yield str(key.value), value
