"""Whatever is in a collection, reading and fitting it ends in a report, never in an error."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Membership
from playground.payloads.transfer import importing
from playground.payloads.transfer.fitting import fit
from playground.payloads.transfer.postman import read_collection
from playground.payloads.transfer.records import Found, Outcome
from tests.payloads.transfer.samples import collection, request

PROVIDER = "https://api.segmind.com/v1/painter"
WORDS = st.sampled_from(
    ["", "a", "{{a}}", "{{b}}/v1/painter", PROVIDER, "POST", "raw", '{"a": "{{a}}", "b": {{b}}}', "{{", '"', "\\",
     "\x00", "\ud800", "apikey", "x-api-key", "SG_0123456789abcdef", "Ω" * 200, "a/b\\c", "//", "/* {{a}}"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["name", "item", "request", "url", "raw", "method", "body", "mode", "header", "auth", "type", "apikey", "key",
     "value", "variable", "id", "description", "content", "event", "script", "exec", "response", "code", "host", "path",
     "port", "protocol", "query", "disabled", "bearer", "token", "info", "schema"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=30,
)
BODIES = st.fixed_dictionaries({"mode": st.just("raw"), "raw": WORDS})
ASKED = st.fixed_dictionaries(
    {"method": st.just("POST") | JSON, "url": st.just(PROVIDER) | JSON, "body": BODIES | JSON},
    optional={"header": JSON, "auth": JSON, "description": JSON},
)
REQUESTS = st.fixed_dictionaries(
    {"name": JSON, "request": ASKED}, optional={"variable": JSON, "event": JSON, "response": JSON}
)


def read(whole: dict[str, Any]) -> list[Found]:
    return read_collection(json.loads(json.dumps(whole), parse_int=str, parse_float=str), "file.json")


# The team is the same for all, and a busy machine is no fault of what is tested.
IGNORED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(st.lists(REQUESTS | JSON, max_size=3), JSON, JSON, JSON)
@settings(max_examples=60, deadline=None, suppress_health_check=IGNORED)
def test_anything_ends_in_a_report(
    bob: Membership, items: list[Any], variable: Any, auth: Any, info: Any
) -> None:
    found = read({"info": info, "item": items, "variable": variable, "auth": auth})
    fit(found, membership=bob)
    importing.unseal(importing.seal(found, membership=bob), membership=bob)
    for one in found:
        "\n".join([one.path, one.reason, *one.changes, *one.remarks]).encode()
        assert one.outcome is not Outcome.DROPPED or one.reason


@pytest.mark.parametrize("odd", ["\ud800", "\x00"])
def test_halves_of_characters_and_nul_are_named_wherever_they_stand(bob: Membership, odd: str) -> None:
    rows = [{"key": "x", "value": f"a{odd}"}]
    found = read(
        collection(
            request(f"Name{odd}", "{}", url=PROVIDER),
            request("Notes", "{}", url=PROVIDER, description=odd),
            request("Value", '{"a": "{{x}}"}', url=PROVIDER, variable=rows),
            request("Body", f'{{"a": "{odd}"}}', url=PROVIDER),
            request("Good", "{}", url=PROVIDER),
            {"name": f"Folder{odd}", "item": [request("Inner", "{}", url=PROVIDER)]},
        )
    )
    fit(found, membership=bob)
    items = importing.unseal(importing.seal(found, membership=bob), membership=bob)
    made = importing.write(items, membership=bob, visibility="private")
    assert [payload.name for payload in made] == ["Good"]
    assert all(
        "character" in one.reason or "not valid JSON" in one.reason for one in found if one.record is None
    )
