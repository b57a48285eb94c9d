"""Pasting a command on the server: what is taken, what is left out, and the playground opened with it."""

import logging
import re

import pytest
from django.test import Client

from accounts.models import Membership
from playground.workbench.drafts import find_draft, save_draft
from playground.workbench.models import Draft

KEY = "SG_0123456789abcdef"
SLUG = "seedream-4.5"
BODY = '{"prompt": "a <cat> & \\"dog\\"", "seed": 12345678901234567890}'
COMMAND = f"curl -X POST https://api.segmind.com/v2/{SLUG} -H 'x-api-key: {KEY}' -d '{BODY}'"


@pytest.fixture
def client(bob: Membership) -> Client:
    client = Client()
    client.force_login(bob.user)
    return client


def address(bob: Membership, path: str = "pasted/") -> str:
    return f"/t/{bob.team.slug}/sandbox/{path}"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_endpoint_version_and_json_are_shown_and_the_key_is_not(
    client: Client, bob: Membership, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = client.post(address(bob), {"command": COMMAND}, headers=headers)
    page = answer.content.decode()
    assert answer.context["found"].text == BODY
    assert "A key was in this command; it was left out" in page
    assert f"/v2/{SLUG}" in page
    assert re.search(rf"/t/{bob.team.slug}/keys/test/[0-9a-f-]+/", page)
    assert "…cdef" in page
    assert KEY not in page
    assert KEY not in caplog.text
    assert "no-store" in answer["Cache-Control"]
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "Paste a command or a program first."),
        ("a cat", "neither a cURL command nor a Python program"),
        ("curl https://example.com/v1/x -d '{}'", "example.com, which is not the provider"),
        (f"curl https://api.segmind.com/v1/{SLUG} -d @body.json", "body.json"),
        ("curl 'x" + "x" * 1_000_000, "larger than 1 MB"),
    ],
)
def test_what_cannot_be_taken_says_why_and_stays_in_the_form(
    client: Client, bob: Membership, command: str, said: str
) -> None:
    answer = client.post(address(bob), {"command": command})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert answer.context["command"] == command


def test_what_is_no_key_is_left_out_and_not_offered(client: Client, bob: Membership) -> None:
    odd = COMMAND.replace(f"x-api-key: {KEY}", "x-api-key: two words")
    page = client.post(address(bob), {"command": odd}).content.decode()
    assert "two words" not in page
    assert f"/t/{bob.team.slug}/keys/add/" in page
    assert "/keys/test/" not in page


def test_a_key_is_not_repeated_where_nothing_was_taken(client: Client, bob: Membership) -> None:
    answer = client.post(address(bob), {"command": COMMAND.replace(f"/v2/{SLUG}", f"/{KEY}")})
    assert answer.status_code == 422
    assert KEY not in answer.content.decode()


@pytest.mark.parametrize("rest", ["-d '{}'", "-d @body.json"])
def test_a_key_of_another_shape_is_not_repeated_either(client: Client, bob: Membership, rest: str) -> None:
    command = (
        f"curl https://api.segmind.com/v1/{SLUG} -H 'x-api-key: 9f8e7d6c5b4a3210' "
        f"-H 'Authorization: Bearer zyxwvutsrqponm' {rest}"
    )
    page = client.post(address(bob), {"command": command}).content.decode()
    assert "curl https://api.segmind.com" in page
    assert "9f8e7d6c5b4a3210" not in page
    assert "zyxwvutsrqponm" not in page


def test_a_placeholder_stays_in_the_command(client: Client, bob: Membership) -> None:
    command = f"curl https://api.segmind.com/v1/{SLUG} -H 'x-api-key: $SEGMIND_API_KEY' -d @body.json"
    assert client.post(address(bob), {"command": command}).context["command"] == command


def test_a_model_that_nobody_knows_is_named_and_cannot_be_used(client: Client, bob: Membership) -> None:
    page = client.post(address(bob), {"command": COMMAND.replace(SLUG, "nobodys-model")}).content.decode()
    assert "No model is called nobodys-model here" in page
    assert "Use it" not in page


def test_used_it_opens_over_the_draft_which_stays(client: Client, bob: Membership) -> None:
    save_draft(membership=bob, endpoint=SLUG, text='{"mine": 1}', version=1, base=0)
    posted = {"body": BODY.replace(", ", ",\r\n"), "version": "2"}
    desk = client.post(address(bob, f"playground/{SLUG}/pasted/"), posted).context["desk"]
    assert (desk.text, desk.version) == (BODY.replace(", ", ",\n"), 2)
    assert desk.facts["draft"] == '{"mine": 1}'
    draft = find_draft(membership=bob, endpoint=SLUG)
    assert draft is not None
    assert draft.text == '{"mine": 1}'


def test_without_a_text_the_playground_itself_opens(client: Client, bob: Membership) -> None:
    for answer in (
        client.get(address(bob, f"playground/{SLUG}/pasted/")),
        client.post(address(bob, f"playground/{SLUG}/pasted/"), {"body": "", "version": "2"}),
    ):
        assert answer.status_code == 302
        assert answer["Location"] == address(bob, f"playground/{SLUG}/")
