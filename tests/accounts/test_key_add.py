from uuid import UUID

import pytest

from accounts import candidates, vault
from accounts.models import ApiKey
from tests.personas import LIVE_TEXT, People, ask_everyone, expect


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/keys/add/"


def test_who_may_open_it(people: People, url: str) -> None:
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=200, audrey=403)


def test_who_may_send_it(people: People, url: str) -> None:
    data = {"label": "Studio", "text": LIVE_TEXT}
    assert ask_everyone(people, url, method="post", data=data) == expect(
        alice=302, adam=302, bob=302, audrey=403
    )


def test_the_key_waits_encrypted_and_is_not_stored_yet(people: People, url: str) -> None:
    response = people.bob.client().post(url, {"label": "Studio", "text": f" x-api-key: {LIVE_TEXT} "})
    candidate_id = UUID(response["Location"].rstrip("/").rpartition("/")[2])
    candidate = candidates.find(membership=people.membership("bob"), candidate_id=candidate_id)
    assert (candidate.label, candidate.mode, candidate.last_four) == ("Studio", "live", LIVE_TEXT[-4:])
    assert LIVE_TEXT.encode() not in candidate.ciphertext
    opened = vault.open_blob(
        candidate.ciphertext,
        row_id=candidate.id,
        team_id=people.team.id,
        owner_ref=people.bob.user.id,
    )
    assert opened == LIVE_TEXT
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "This field is required"),
        ("a key in words", "A key has no blanks"),
        ("SGTEST_12", "A sandbox key is SGTEST_"),
    ],
)
def test_bad_input_is_told_at_its_field(people: People, url: str, text: str, message: str) -> None:
    response = people.bob.client().post(url, {"label": "Kept", "text": text})
    assert response.status_code == 200
    assert message in response.text
    assert 'value="Kept"' in response.text


def test_a_refused_text_is_not_shown_again(people: People, url: str) -> None:
    response = people.bob.client().post(url, {"label": "", "text": LIVE_TEXT})
    assert response.status_code == 200
    assert LIVE_TEXT not in response.text


def test_the_label_comes_back_from_a_failed_test(people: People, url: str) -> None:
    assert 'value="Mine"' in people.bob.client().get(f"{url}?label=Mine").text
