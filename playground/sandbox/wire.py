"""JSON as the gateway writes it, and the texts of its refusals."""

import json
from decimal import Decimal
from typing import Any

from aiohttp import web


class Raw(str):
    """Text that goes into the JSON as it stands: the odd numbers some faults ask for."""

    __slots__ = ()


def encode(value: Any) -> str:
    """JSON text in which a Decimal is a number with all its digits."""
    if isinstance(value, Decimal):
        return amount(value)
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(encode(item) for item in value) + "]"
    return json.dumps(value)


def amount(value: Decimal) -> str:
    """All the digits that matter, and at least one place: 25.0, 0.0078544346."""
    text = format(value, "f")
    whole, _, places = text.partition(".")
    return f"{whole}.{places.rstrip('0') or '0'}"


def reply(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=encode(value).encode(), status=status, headers=headers, content_type="application/json"
    )


def error(status: int, text: str, *, headers: dict[str, str] | None = None) -> web.Response:
    return reply({"error": text}, status=status, headers=headers)


def page(status: int, title: str) -> web.Response:
    """The HTML a proxy in front of the gateway answers with."""
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return web.Response(text=body, status=status, content_type="text/html")


NO_KEY = "Missing Authorization or x-api-key in header"
BAD_KEY = (
    "Unauthorized. API key is invalid or may have expired. "
    "Check your API key at https://cloud.segmind.com/console/api-keys"
)
CONTENT_TYPE = "Invalid content type. Expected application/json or multipart/form-data"
NO_CREDITS_RECORD = "No credits found for the user"
BAD_BODY = "Invalid JSON body"
FORBIDDEN = "You do not have access to this model. Ask your team admin to allow it"
RETIRED = "This model has been deprecated and is no longer available"
TOO_MANY = "Rate limit exceeded. Try again after the reset time"
MODERATED = (
    "ByteDance image API error: The request failed because the output image may contain "
    "sensitive information."
)
PAGES = {
    405: "405 Method Not Allowed",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    504: "504 Gateway Time-out",
}
DEFAULT_TEXTS = {
    400: MODERATED,
    401: BAD_KEY,
    402: "Payment required",
    403: FORBIDDEN,
    404: "Model not found",
    406: "Not acceptable",
    410: RETIRED,
    422: "Unprocessable request",
    429: TOO_MANY,
    500: "Internal Server Error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout: Internal Polling Error",
}


def no_credits(balance: Decimal, need: Decimal) -> str:
    has, needs = f"Your balance is {amount(balance)} credits", f"this model needs {amount(need)} credits"
    return f"Insufficient credits. {has}, {needs}"


def rejected_value(name: str, value: object, allowed: list[object]) -> str:
    choices = ", ".join(str(item) for item in allowed)
    return f"Invalid value '{value}' for parameter '{name}'. Allowed values are: {choices}"


def team_cap(period: str, cap: Decimal) -> str:
    return f"Spend limit reached. Your team has used its {period} cap of {amount(cap)} credits"


def request_not_found(request_id: str) -> str:
    return f"Request {request_id} not found"
