"""What the Collection Format v2.1 asks of the parts that an export writes."""

from typing import Any


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


TEXT = {"type": "string"}
TEXTS = _list(TEXT)
VARIABLE = _object("key", key=TEXT, type={"enum": ["string", "boolean", "any", "number"]}, description=TEXT)
AUTH = _object(
    "type", type={"enum": ["apikey", "bearer", "noauth"]}, apikey=_list(_object("key", key=TEXT, type=TEXT))
)
REQUEST = _object(
    method=TEXT,
    description=TEXT,
    header=_list(_object("key", "value", key=TEXT, value=TEXT)),
    body=_object(mode={"enum": ["raw"]}, raw=TEXT, options={"type": "object"}),
    url=_object(raw=TEXT, protocol=TEXT, host=TEXTS, path=TEXTS),
)
ITEM = _object("request", name=TEXT, request=REQUEST, response={"type": "array"}) | {
    "additionalProperties": False
}
FOLDER = _object("item", name=TEXT, item={"$ref": "#/$defs/items"}) | {"additionalProperties": False}
COLLECTION = _object(
    "info",
    "item",
    info=_object("name", "schema", name=TEXT, description=TEXT, schema=TEXT),
    item={"$ref": "#/$defs/items"},
    variable=_list(VARIABLE),
    auth=AUTH,
) | {"additionalProperties": False, "$defs": {"items": _list({"oneOf": [ITEM, FOLDER]})}}
