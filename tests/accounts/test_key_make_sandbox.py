import pytest
from pytest_django import Settings

from accounts import keys, vault
from accounts.models import ApiKey
from tests.personas import People, ask_everyone, expect


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/keys/sandbox/"


def test_who_may(people: People, url: str) -> None:
    assert ask_everyone(people, url, method="post") == expect(alice=302, adam=302, bob=302, audrey=403)


def test_it_stores_a_key_of_the_right_form(people: People, url: str) -> None:
    people.bob.client().post(url)
    key = ApiKey.objects.get()
    assert (key.owner, key.mode, key.is_default) == (people.bob.user, "sandbox", True)
    assert keys.SANDBOX_SHAPE.fullmatch(vault.decrypt(key))


def test_without_a_sandbox_it_stores_nothing(people: People, url: str, settings: Settings) -> None:
    settings.SANDBOX_URL = ""
    response = people.bob.client().post(url, follow=True)
    assert "no sandbox" in response.text
    assert not ApiKey.objects.exists()


def test_only_posts_make_one(people: People, url: str) -> None:
    assert people.bob.client().get(url).status_code == 405


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("/t/studio/sandbox/playground/veo-3/", "/t/studio/sandbox/playground/veo-3/"),
        ("https://elsewhere.example/", "/t/studio/keys/"),
        ("//elsewhere.example/", "/t/studio/keys/"),
    ],
)
def test_it_leads_back_to_the_page_that_asked_and_nowhere_else(
    people: People, url: str, back: str, leads_to: str
) -> None:
    response = people.bob.client().post(url, {"next": back})
    assert response["Location"] == leads_to
