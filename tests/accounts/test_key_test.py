import pytest
from django.test import Client
from pytest_django import Settings

from accounts import candidates
from accounts.candidates import Candidate
from tests.accounts.conftest import Provider
from tests.personas import SANDBOX_TEXT, People, ask_everyone, expect


@pytest.fixture
def candidate(people: People) -> Candidate:
    return candidates.hold(membership=people.membership("bob"), label="Mine", text=SANDBOX_TEXT)


def url_of(people: People, candidate: Candidate) -> str:
    return f"/t/{people.team.slug}/keys/test/{candidate.id}/"


@pytest.fixture
def client(people: People) -> Client:
    return people.bob.client()


def test_only_who_entered_it_sees_it(people: People, candidate: Candidate) -> None:
    # Others are sent back to their list, like everybody whose key was forgotten.
    assert ask_everyone(people, url_of(people, candidate)) == expect(alice=302, adam=302, bob=200, audrey=403)


def test_the_page_asks_on_until_there_is_an_answer(
    people: People, provider: Provider, client: Client, candidate: Candidate
) -> None:
    url = url_of(people, candidate)
    assert 'hx-trigger="every 1s"' in client.get(url).text
    candidates.test(candidate.id)
    fragment = client.get(url, headers={"HX-Request": "true"}).text
    assert "every 1s" not in fragment
    assert "<html" not in fragment
    assert "The key works." in fragment
    assert "12.5" in fragment
    assert "0.0184921035" in fragment
    assert provider.keys == [SANDBOX_TEXT]


@pytest.mark.parametrize(
    ("status", "body", "words", "saves"),
    [
        (404, {"error": "No credits found for the user"}, "no balance yet", "Save the key"),
        (401, {"error": "Missing Authorization or x-api-key in header"}, "saw no key", "Save anyway"),
        (401, {"error": "Unauthorized. API key is invalid or may have expired."}, "does not accept", None),
        (429, {"error": "slow down"}, "rate limit", "Save anyway"),
        (500, {"error": "oops"}, "not understood", "Save anyway"),
    ],
)
def test_each_answer_has_its_words(
    people: People,
    provider: Provider,
    client: Client,
    candidate: Candidate,
    status: int,
    body: dict[str, str],
    words: str,
    saves: str | None,
) -> None:
    provider.answer(status, body)
    candidates.test(candidate.id)
    page = client.get(url_of(people, candidate)).text
    assert words in page
    for button in ("Save the key", "Save anyway"):
        assert (button in page) == (button == saves)


def test_an_unreachable_provider_is_told_apart(
    people: People, settings: Settings, client: Client, candidate: Candidate
) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:1"
    candidates.test(candidate.id)
    assert "could not be reached" in client.get(url_of(people, candidate)).text


def test_it_can_be_tested_again(
    people: People, provider: Provider, client: Client, candidate: Candidate
) -> None:
    provider.answer(500, {})
    candidates.test(candidate.id)
    provider.answer(200, {"credits": 1, "free-credits": 0})
    client.post(url_of(people, candidate))
    assert "every 1s" in client.get(url_of(people, candidate)).text
    candidates.test(candidate.id)
    assert "The key works." in client.get(url_of(people, candidate)).text


def test_without_a_worker_the_page_stops_asking(
    people: People, client: Client, candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "PATIENCE", -1)
    page = client.get(url_of(people, candidate)).text
    assert "every 1s" not in page
    assert "No worker took the test" in page
    assert "Save anyway" in page


def test_an_unusual_form_is_warned_about(people: People, client: Client) -> None:
    odd = candidates.hold(membership=people.membership("bob"), label="Odd", text="unusual-key-text")
    assert "usual form" in client.get(url_of(people, odd)).text


def test_a_forgotten_key_leads_back_to_the_list(people: People, client: Client) -> None:
    url = f"/t/{people.team.slug}/keys/test/01890a5d-ac96-774b-bcce-b302099a8057/"
    assert client.get(url)["Location"] == f"/t/{people.team.slug}/keys/"
    assert client.get(url, headers={"HX-Request": "true"})["HX-Redirect"] == f"/t/{people.team.slug}/keys/"
