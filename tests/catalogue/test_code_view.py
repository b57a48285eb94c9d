import html
import re

import pytest
from django.test import Client
from pytest_django import Settings

from playground.catalogue.models import Endpoint
from tests.personas import People

URL = "/t/studio/live/endpoints/seedream-4.5/code/"


def programs(client: Client, url: str = URL, **data: str) -> list[str]:
    page = client.post(url, data).content.decode()
    return [html.unescape(found) for found in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)]


@pytest.mark.parametrize(
    ("name", "status"),
    [("alice", 200), ("adam", 200), ("bob", 200), ("audrey", 403), ("charlie", 404), ("nobody", 302)],
)
def test_who_may_see_code(people: People, name: str, status: int) -> None:
    assert getattr(people, name).client().post(URL, {"body": "{}"}).status_code == status


def test_four_programs_hold_the_text_with_its_line_ends(people: People) -> None:
    found = programs(people.bob.client(), body='{\r\n  "prompt": "</pre><script>"\r\n}', version="1")
    assert len(found) == 4
    for code in found:
        assert '{\n  "prompt": "</pre><script>"\n}' in code
        assert "/v1/seedream-4.5" in code or 'run_sync("seedream-4.5"' in code


def test_without_a_version_the_preset_one_is_shown(people: People) -> None:
    bob = people.bob.client()
    assert any("/v2" in code for code in programs(bob, body="{}"))
    quick = programs(bob, "/t/studio/live/endpoints/fast-flux-schnell/code/", body="{}")
    assert not any("/v2" in code for code in quick)


def test_live_code_calls_the_provider_and_sandbox_code_the_sandbox(
    people: People, settings: Settings
) -> None:
    settings.SEGMIND_BASE_URL = "https://api.segmind.com"
    settings.SANDBOX_URL = "http://127.0.0.1:8801"
    bob = people.bob.client()
    for code in programs(bob, body="{}"):
        assert "https://api.segmind.com" in code
        assert "127.0.0.1" not in code
    for code in programs(bob, URL.replace("live", "sandbox"), body="{}"):
        assert "http://127.0.0.1:8801" in code
        assert "api.segmind.com" not in code


@pytest.mark.parametrize("body", ["", "{", "[1]", "[" * 100_000])
def test_a_text_that_is_no_object_is_shown_with_a_word_of_warning(people: People, body: str) -> None:
    page = people.bob.client().post(URL, {"body": body}).content.decode()
    assert "not a JSON object yet" in page


def test_a_good_text_has_no_warning(people: People) -> None:
    assert "not a JSON object yet" not in people.bob.client().post(URL, {"body": "{}"}).content.decode()


@pytest.mark.parametrize("data", [{"body": "{}", "version": "3"}, {"body": "a\x00b"}])
def test_what_cannot_be_shown_is_refused_plainly(people: People, data: dict[str, str]) -> None:
    response = people.bob.client().post(URL, data)
    assert (response.status_code, response.headers["Content-Type"]) == (422, "text/plain")


def test_no_key_is_ever_in_it(people: People) -> None:
    for code in programs(people.bob.client(), body="{}"):
        assert "SEGMIND_API_KEY" in code
        assert not re.search(r"\bSG(TEST)?_[0-9a-f]{16}", code)


def test_an_own_endpoint_has_code_too(people: People) -> None:
    Endpoint.objects.create(team=people.team, slug="ours", title="Ours")
    assert len(programs(people.bob.client(), "/t/studio/live/endpoints/ours/code/", body="{}")) == 4
    assert people.charlie.client().post("/t/studio-elsewhere/live/endpoints/ours/code/").status_code == 404
