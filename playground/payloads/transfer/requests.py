"""One request of a Postman collection: whether it calls a model, which one, and what of it is left out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playground.payloads import pasted
from playground.payloads.pasted import PasteProblem
from playground.payloads.transfer.records import TransferProblem, shown
from playground.payloads.transfer.scope import Scope, described, value_text

_USUAL = frozenset(
    {"content-type", "accept", "content-length", "host", "user-agent", "cache-control", "connection"}
)
LONGEST_ADDRESS = 4_000
MOST_ROWS = 50  # of variables in a path
MOST_NAMED = 20
_TOO_LONG = f"Its address has more than {LONGEST_ADDRESS} characters."
_FORMS = {
    "urlencoded": "It sends a form, and models take JSON.",
    "formdata": "It sends form data, and models take JSON.",
    "file": "It sends a file, and models take JSON.",
    "graphql": "It sends GraphQL, and models take JSON.",
}


@dataclass(frozen=True, slots=True)
class Auth:
    """An authorization and where it was set; the one nearest to a request counts."""

    data: Any
    place: str


def inherited(data: Any, place: str, outer: Auth | None) -> Auth | None:
    """``data`` where it says something; null and nothing take over what stands around it."""
    return Auth(data, place) if isinstance(data, dict) else outer


def model_of(request: Any, scope: Scope, hosts: frozenset[str]) -> tuple[str, int, list[str]]:
    """Model, API version and what had to be supposed. Raises TransferProblem for a request that calls no model."""
    if isinstance(request, str):
        raise TransferProblem("It is a GET request; a run is sent with POST.")
    if not isinstance(request, dict):
        raise TransferProblem("It has no request that can be read.")
    address = address_of(request.get("url"), scope)
    if not address:
        raise TransferProblem("It has no address.")
    changes = []
    if address.startswith("{{"):
        # The part before the path is in an environment, which does not come along.
        name, _, path = address[2:].partition("}}")
        if not path.startswith(("/v1/", "/v2/")):
            raise TransferProblem(
                f"{{{{{shown(name)}}}}} has no value in the collection, so its address is not known."
            )
        address = f"https://{pasted.PROVIDER}{path}"
        changes.append(
            f"{{{{{shown(name)}}}}} has no value in the collection; the provider’s address was supposed."
        )
    try:
        endpoint, version = pasted.route_of(address, hosts)
    except PasteProblem as problem:
        raise TransferProblem(str(problem)) from None
    method = request.get("method") or "GET"
    if not isinstance(method, str) or method.upper() != "POST":
        raise TransferProblem(f"It asks with {shown(str(method), 20)}; a run is sent with POST.")
    return endpoint, version, changes


def address_of(url: Any, scope: Scope) -> str:
    """The whole address as text, with the values of variables and of ``:parts`` of its path.

    Raises TransferProblem for one that is too long to be an address.
    """
    if isinstance(url, str):
        return scope.filled(_short(url.strip()))
    if not isinstance(url, dict):
        return ""
    raw = url.get("raw")
    if not isinstance(raw, str) or not raw:
        host, path = _joined(url.get("host"), "."), _joined(url.get("path"), "/")
        port = f":{url['port']}" if isinstance(url.get("port"), str) and url["port"] else ""
        scheme = url.get("protocol")
        start = (
            "" if host.startswith("{{") else f"{scheme if isinstance(scheme, str) and scheme else 'https'}://"
        )
        raw = f"{start}{host}{port}/{path.lstrip('/')}" if host else ""
    address = scope.filled(_short(raw.strip()))
    rows = listed(url.get("variable"))
    if len(rows) > MOST_ROWS:
        raise TransferProblem(f"Its address has more than {MOST_ROWS} variables.")
    for row in rows:
        name = isinstance(row, dict) and (row.get("key") or row.get("id"))
        value = value_text(row.get("value")) if name else None
        if name and value:
            address = _short(address.replace(f"/:{name}", f"/{scope.filled(_short(value))}", 1))
    return address


def _short(address: str) -> str:
    if len(address) > LONGEST_ADDRESS:
        raise TransferProblem(_TOO_LONG)
    return address


def _joined(part: Any, between: str) -> str:
    if isinstance(part, str):
        return part
    steps = (step.get("value") if isinstance(step, dict) else step for step in listed(part))
    return between.join(str(step) for step in steps if step)


def listed(value: Any) -> list[Any]:
    """``value`` where it is a list; a broken file may have anything in its place."""
    return value if isinstance(value, list) else []


def raw_body(request: dict[str, Any]) -> str:
    """The text of the body. Raises TransferProblem where it is none."""
    body = request.get("body")
    if not isinstance(body, dict) or body.get("disabled") is True:
        raise TransferProblem("It has no body.")
    mode = body.get("mode") or "raw"
    if mode != "raw":
        raise TransferProblem(_FORMS.get(str(mode), "Its body is of a kind that is not known."))
    raw = body.get("raw")
    if not isinstance(raw, str) or not raw.strip():
        raise TransferProblem("Its body is empty.")
    return raw


def headers_of(request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of each header that is sent, from a list or from lines of text."""
    headers = request.get("header")
    if isinstance(headers, str):
        for line in headers.splitlines():
            name, colon, value = line.partition(":")
            if colon:
                yield name.strip(), value.strip()
    for row in listed(headers):
        if isinstance(row, dict) and row.get("disabled") is not True and isinstance(row.get("key"), str):
            yield row["key"], value_text(row.get("value")) or ""


def key_places(request: dict[str, Any], auth: Auth | None, scope: Scope) -> list[str]:
    """Where the request has a key, in words. No key is in the answer."""
    places = [
        f"header {name.strip().lower()}"
        for name, value in headers_of(request)
        if pasted.is_key_name(name) and pasted.key_of(scope.filled(value))
    ]
    if pasted.keys_in_address(address_of(request.get("url"), scope)):
        places.append("address")
    if auth is not None and any(pasted.key_of(scope.filled(value)) for value in auth_values(auth.data)):
        places.append(f"authorization of {auth.place}")
    return places


def auth_values(auth: dict[str, Any]) -> Iterator[str]:
    """What an authorization would send as a key or token, as both schemas write it."""
    kind = auth.get("type")
    rows = auth.get(kind) if isinstance(kind, str) else None
    wanted = {"apikey": ("value",), "bearer": ("token",), "basic": ("password",), "oauth2": ("accessToken",)}
    names = wanted.get(kind, ()) if isinstance(kind, str) else ()
    if isinstance(rows, dict):
        rows = [{"key": name, "value": value} for name, value in rows.items()]
    for row in listed(rows):
        if isinstance(row, dict) and row.get("key") in names and (value := value_text(row.get("value"))):
            yield value


def left_out(item: dict[str, Any], request: dict[str, Any], scope: Scope) -> list[str]:
    """What a payload has no place for, in words."""
    remarks = []
    names = [
        name for name, _ in headers_of(request) if name.lower() not in _USUAL and not pasted.is_key_name(name)
    ]
    if names:
        once = list(dict.fromkeys(names))
        more = " and more" if len(once) > MOST_NAMED else ""
        remarks.append(
            f"Headers are left out: {', '.join(shown(name, 40) for name in once[:MOST_NAMED])}{more}."
        )
    if _asked(address_of(request.get("url"), scope)):
        remarks.append("What stood behind the question mark of its address is left out.")
    if has_scripts(item):
        remarks.append("Its scripts are left out; nothing of a collection is run here.")
    examples = [one for one in listed(item.get("response")) if isinstance(one, dict)]
    if examples:
        names = [_example(one) for one in examples[:5]]
        more = f" and {len(examples) - 5} more" if len(examples) > 5 else ""
        remarks.append(
            f"Saved examples are left out, because results belong to runs: {', '.join(names)}{more}."
        )
    return remarks


def _asked(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError:
        return ""


def has_scripts(item: dict[str, Any]) -> bool:
    return any(_has_lines(event) for event in listed(item.get("event")))


def _has_lines(event: Any) -> bool:
    script = event.get("script") if isinstance(event, dict) else None
    lines = script.get("exec") if isinstance(script, dict) else script
    return bool(json.dumps(lines).strip('[]" ,')) if lines else False


def _example(response: dict[str, Any]) -> str:
    name, code = shown(str(response.get("name") or "unnamed"), 40), value_text(response.get("code"))
    return f"{name} ({shown(code, 20)})" if code else name


def notes_of(item: dict[str, Any], request: dict[str, Any]) -> str:
    return described(request.get("description")) or described(item.get("description"))
