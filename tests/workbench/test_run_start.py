"""Bad input gets a clear message at its field and loses nothing typed."""

import json
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts import keys
from accounts.models import ApiKey, Membership
from playground.runs.models import Run
from tests.personas import People, ask_everyone, expect, make_key
from tests.runs.factories import make_run

PATH = "/t/studio/sandbox/playground/seedream-4.5/run/"


@pytest.fixture
def key(bob: Membership) -> ApiKey:
    return make_key(bob)


@pytest.fixture
def client(people: People) -> Client:
    return people.bob.client()


def form(key: ApiKey, **changes: Any) -> dict[str, Any]:
    return {
        "body": '{"prompt": "x"}',
        "version": "1",
        "token": str(uuid.uuid4()),
        "key": str(key.id),
        **changes,
    }


def problems(response: Any) -> dict[str, str]:
    assert response.status_code == 422
    found = re.findall(r'data-problem-field="(\w+)">(.*?)</p>', response.content.decode(), re.DOTALL)
    assert not Run.objects.exists()
    return dict(found)


def test_a_click_makes_one_run_and_shows_it(client: Client, key: ApiKey) -> None:
    data = form(key)
    first, second = (client.post(PATH, data) for _ in range(2))
    run = Run.objects.get()
    assert first["Location"] == second["Location"]
    assert first["Location"].startswith("/t/studio/sandbox/playground/seedream-4.5/?")
    assert first["Location"].endswith(f"={run.id}")


def test_a_fragment_brings_the_next_token(client: Client, key: ApiKey) -> None:
    data = form(key)
    page = client.post(PATH, data, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert data["token"] not in page.text
    assert str(Run.objects.get().id) in page.text


def test_the_text_is_stored_as_it_was_typed(client: Client, key: ApiKey) -> None:
    client.post(PATH, form(key, body='  {"prompt": "x",\r\n "seed": 18446744073709551615}\r\n'))
    assert Run.objects.get().text.request_text == '  {"prompt": "x",\n "seed": 18446744073709551615}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The body is empty"),
        ('{"a": }', "Line 1, column 7"),
        ("[1]", "JSON object"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": "\x00"}', "null characters"),
        ('{"a": "\\ud800"}', "half of a pair"),
        ('{"a": ' * 60 + "1" + "}" * 60, "levels deep"),
        (json.dumps({"a": "x" * (5 * 1024 * 1024)}), "limit is 2.0 MB"),
    ],
    ids=["empty", "broken", "list", "nan", "nul", "surrogate", "deep", "large"],
)
def test_a_bad_body_is_told_at_its_field_and_comes_back(
    client: Client, key: ApiKey, text: str, words: str
) -> None:
    page = client.post(PATH, form(key, body=text))
    assert words.lower() in problems(page)["body"].lower()
    assert escape(text) in page.content.decode()


def test_a_bad_body_says_so_in_a_fragment(client: Client, key: ApiKey) -> None:
    page = client.post(PATH, form(key, body="{"), headers={"HX-Request": "true"})
    assert "body" in problems(page)
    assert "<html" not in page.text


def test_a_revoked_key_is_told_at_its_field(people: People, client: Client, key: ApiKey) -> None:
    keys.revoke_key(membership=people.membership("bob"), key=key)
    assert "no longer available" in problems(client.post(PATH, form(key)))["key"]


def test_another_persons_key_is_told_at_its_field(people: People, client: Client) -> None:
    assert "key" in problems(client.post(PATH, form(make_key(people.membership("adam")))))


def test_a_live_key_does_not_run_on_a_sandbox_page(bob: Membership, client: Client) -> None:
    live = make_key(bob, text="SG_0123456789abcdef")
    assert "key" in problems(client.post(PATH, form(live)))


@pytest.mark.parametrize(
    ("field", "value"), [("version", "3"), ("version", ""), ("token", "x"), ("token", "")]
)
def test_another_bad_field_is_named(client: Client, key: ApiKey, field: str, value: str) -> None:
    assert field in problems(client.post(PATH, form(key, **{field: value})))


def test_another_persons_token_is_told(people: People, bob: Membership, client: Client, key: ApiKey) -> None:
    theirs = make_run(people.membership("adam"))
    page = client.post(PATH, form(key, token=str(theirs.token)))
    assert page.status_code == 422
    assert "Reload the page" in page.text
    assert Run.objects.count() == 1


def test_an_unknown_endpoint_makes_no_run(client: Client, key: ApiKey) -> None:
    page = client.post(PATH.replace("seedream-4.5", "no-such-model"), form(key))
    assert page.status_code in (404, 422)
    assert not Run.objects.exists()


def test_who_may_run(people: People) -> None:
    assert ask_everyone(people, PATH, method="post") == expect(alice=422, adam=422, bob=422, audrey=403)
