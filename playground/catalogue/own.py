"""A team's own endpoints: added, changed and deleted by its admins."""

import json
from decimal import Decimal
from math import isinf
from typing import Any, NoReturn, TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from accounts import access, audit
from accounts.access import Ability
from accounts.models import Membership
from playground.catalogue.models import Endpoint, Output, validate_endpoint_slug
from playground.catalogue.samples import sample_for

CATEGORY = "Your team's own"
MAX_SCHEMA_CHARS = 200_000


class OwnEndpointProblem(Exception):
    """Values an endpoint cannot have: ``field`` names the one to blame, ``str()`` says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Values(TypedDict):
    """What a person decides about an endpoint. Empty texts are allowed for schema, sample and notes."""

    slug: str
    title: str
    output: str
    avg_latency_s: Decimal | None
    schema_text: str
    sample_text: str
    notes: str


def add_own_endpoint(
    *, membership: Membership, values: Values, request: HttpRequest | None = None
) -> Endpoint:
    """A new endpoint of the team. Raises OwnEndpointProblem; PermissionDenied for others than its admins.

    A slug that Segmind's catalogue has too is allowed: within this team the own endpoint stands in its place.
    """
    access.require(membership, Ability.MANAGE_TEAM)
    columns = checked(values)
    try:
        with transaction.atomic():
            endpoint = Endpoint.objects.create(team=membership.team, category=CATEGORY, **columns)
            record(membership, "endpoint.added", endpoint, request)
    except IntegrityError:
        raise taken(values["slug"]) from None
    return endpoint


def change_own_endpoint(
    *, membership: Membership, endpoint: Endpoint, values: Values, request: HttpRequest | None = None
) -> Endpoint:
    """Writes ``values`` to an endpoint of this team. Raises as ``add_own_endpoint`` does."""
    access.require(membership, Ability.MANAGE_TEAM)
    columns = checked(values)
    try:
        with transaction.atomic():
            row = Endpoint.objects.own(membership.team).select_for_update().get(pk=endpoint.pk)
            for name, value in columns.items():
                setattr(row, name, value)
            row.save(update_fields=list(columns))
            record(membership, "endpoint.changed", row, request)
    except IntegrityError:
        raise taken(values["slug"]) from None
    return row


@transaction.atomic
def delete_own_endpoint(
    *, membership: Membership, endpoint: Endpoint, request: HttpRequest | None = None
) -> None:
    """Removes an endpoint of this team. Its runs stay: they hold the slug as text."""
    access.require(membership, Ability.MANAGE_TEAM)
    row = Endpoint.objects.own(membership.team).get(pk=endpoint.pk)
    record(membership, "endpoint.deleted", row, request)
    row.delete()


def record(membership: Membership, verb: str, endpoint: Endpoint, request: HttpRequest | None) -> None:
    audit.record(
        team=membership.team, actor=membership.user, verb=verb, target=endpoint.slug, request=request
    )


def taken(slug: str) -> OwnEndpointProblem:
    return OwnEndpointProblem("slug", f"This team already has an endpoint called {slug}.")


def checked(values: Values) -> dict[str, Any]:
    """The columns for ``values``, line ends made LF and an empty sample made from the schema."""
    try:
        validate_endpoint_slug(values["slug"])
    except ValidationError as problem:
        raise OwnEndpointProblem("slug", problem.messages[0]) from None
    schema = checked_schema(values["schema_text"])
    sample_text = values["sample_text"].replace("\r\n", "\n").strip()
    if sample_text:
        checked_sample(sample_text)
    else:
        sample_text = sample_for(CATEGORY, Output(values["output"]), schema)
    return {
        **values,
        "schema_text": values["schema_text"].replace("\r\n", "\n").strip(),
        "schema_complete": schema is not None,
        "sample_text": sample_text,
    }


def checked_schema(text: str) -> dict[str, Any] | None:
    """The JSON Schema in ``text``, None for an empty one. Raises OwnEndpointProblem naming the place."""
    if not text.strip():
        return None
    if len(text) > MAX_SCHEMA_CHARS:
        raise OwnEndpointProblem("schema_text", f"The limit is {MAX_SCHEMA_CHARS:,} characters.")
    schema = parsed("schema_text", text)
    if not isinstance(schema, dict):
        raise OwnEndpointProblem(
            "schema_text", "A schema is a JSON object: it begins with { and ends with }."
        )
    try:
        fault = best_match(Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema))
    except RecursionError:
        raise OwnEndpointProblem("schema_text", "The schema is nested too deeply.") from None
    if fault is not None:
        raise OwnEndpointProblem("schema_text", fault_text(fault))
    if schema.get("type", "object") != "object":
        raise OwnEndpointProblem(
            "schema_text", 'At type: a request body is an object, so this has to be "object".'
        )
    return schema


def fault_text(fault: Any) -> str:
    place = ".".join(str(step) for step in fault.absolute_path) or "the top"
    return f"At {place}: {fault.message}."


def checked_sample(text: str) -> None:
    """Raises OwnEndpointProblem unless ``text`` is a JSON object that may be sent."""
    if len(text.encode("utf-8", "replace")) > settings.MAX_BODY_BYTES:
        raise OwnEndpointProblem("sample_text", "The sample is larger than any request body may be.")
    if not isinstance(parsed("sample_text", text), dict):
        raise OwnEndpointProblem(
            "sample_text", "A payload is a JSON object: it begins with { and ends with }."
        )


def parsed(field: str, text: str) -> Any:
    def constant(name: str) -> NoReturn:
        raise OwnEndpointProblem(field, f"{name} is not JSON. Use a number or null.")

    def finite(number: str) -> float:
        if isinf(found := float(number)):
            raise OwnEndpointProblem(field, f"{number[:40]} is too large a number.")
        return found

    try:
        return json.loads(text, parse_constant=constant, parse_float=finite)
    except json.JSONDecodeError as error:
        message = error.msg[0].lower() + error.msg[1:]
        raise OwnEndpointProblem(field, f"Line {error.lineno}, column {error.colno}: {message}.") from None
    except RecursionError:
        raise OwnEndpointProblem(field, "This is nested too deeply.") from None
    except ValueError:
        raise OwnEndpointProblem(field, "A number in it is too long to be read.") from None
