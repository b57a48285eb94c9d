"""Postman collections as people have them: one v2.1 and one v2.0."""

import json
from typing import Any

from tests.personas import LIVE_TEXT

SCHEMA = "https://schema.getpostman.com/json/collection/v{}.0/collection.json"
PAINTER = "{{base_url}}/v1/painter"


def request(name: str, raw: str, *, url: Any = PAINTER, **more: Any) -> dict[str, Any]:
    """An item of a collection that posts ``raw``."""
    asked: dict[str, Any] = {"method": "POST", "url": url, "body": {"mode": "raw", "raw": raw}}
    item: dict[str, Any] = {
        name: more.pop(name) for name in ("event", "response", "variable") if name in more
    }
    return {"name": name, "request": asked | more, **item}


def collection(*items: Any, version: str = "2.1", **more: Any) -> dict[str, Any]:
    return {"info": {"name": "Studio", "schema": SCHEMA.format(version)}, "item": list(items), **more}


def written(collection: dict[str, Any]) -> bytes:
    return json.dumps(collection).encode()


def row(key: str, value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


STUDIO = collection(
    {
        "name": "Portraits",
        "item": [
            {
                "name": "Studio / light",
                "item": [
                    request(
                        "Fox",
                        '{\r\n  "prompt": "A {{animal}}, {{mood}}", // the idea\r\n'
                        '  "seed": {{seed}},\r\n  "scale": 1.0\r\n}',
                        description="**Works** with foxes.",
                        header=[
                            row("Content-Type", "application/json"),
                            row("x-api-key", "{{segmind_key}}"),
                            row("X-Trace", "on"),
                        ],
                        event=[{"listen": "prerequest", "script": {"exec": ["pm.variables.set('a', 1)"]}}],
                        response=[{"name": "A good one", "code": 200, "body": "…"}],
                    )
                ],
                "auth": {"type": "apikey", "apikey": [row("key", "x-api-key"), row("value", "{{segmind_key}}")]},
            },
            request("Owl", '{"prompt": "owl"}', url={"raw": "https://api.segmind.com/v2/painter?x=1"}),
        ],
    },
    {"name": "Balance", "request": {"method": "GET", "url": "https://api.segmind.com/v1/get-user-credits"}},
    request("Elsewhere", "{}", url="https://example.com/v1/painter"),
    request("Upload", "", body={"mode": "formdata", "formdata": []}),
    variable=[
        row("base_url", "https://api.segmind.com"),
        row("segmind_key", LIVE_TEXT),
        row("animal", 'red \\"fox\\"'),
        row("seed", 12345678901234567890),
        row("spare", "nothing"),
    ],
    auth={"type": "apikey", "apikey": [row("key", "x-api-key"), row("value", LIVE_TEXT), row("in", "header")]},
)  # fmt: skip

OLDER = collection(
    {
        "name": "Films",
        "item": [
            request(
                "Harbour",
                '{"prompt": "a harbour"}',
                url={"protocol": "https", "host": ["api", "segmind", "com"], "path": ["v1", ":model"],
                     "variable": [{"id": "model", "value": "painter"}]},
                header=f"Content-Type: application/json\nx-api-key: {LIVE_TEXT}\n",
            )
        ],
    },
    version="2.0",
    variable=[{"id": "unused", "value": "1"}],
    auth={"type": "bearer", "bearer": {"token": "{{token}}"}},
)  # fmt: skip
