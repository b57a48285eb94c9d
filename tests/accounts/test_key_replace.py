import json

import pytest
from django.contrib.sessions.models import Session

from accounts import keys
from accounts.models import ApiKey
from tests.personas import LIVE_TEXT, PASSWORD, SANDBOX_TEXT, People, ask_everyone, expect, make_key

NEW_TEXT = "SG_fedcba9876543210"


@pytest.fixture
def key(people: People) -> ApiKey:
    return make_key(people.membership("bob"), text=LIVE_TEXT, lent=True)


def url_of(people: People, key: ApiKey) -> str:
    return f"/t/{people.team.slug}/keys/{key.id}/replace/"


def test_only_its_owner_may(people: People, key: ApiKey) -> None:
    asked = ask_everyone(people, url_of(people, key), proved=True)
    assert asked == expect(alice=403, adam=403, bob=200, audrey=403)


def test_it_asks_for_the_password_first_and_comes_back(people: People, key: ApiKey) -> None:
    client, url = people.bob.client(), url_of(people, key)
    asked = client.get(url)
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == url
    assert client.get(url).status_code == 200


def test_a_posted_key_is_never_kept_while_the_password_is_asked(people: People, key: ApiKey) -> None:
    client = people.bob.client()
    response = client.post(url_of(people, key), {"text": NEW_TEXT})
    assert response["Location"].startswith("/accounts/reauthenticate/")
    kept = [json.dumps(session.get_decoded()) for session in Session.objects.all()]
    assert NEW_TEXT not in "".join(kept) + json.dumps(dict(client.session))


def test_the_new_text_is_tested_first(people: People, key: ApiKey) -> None:
    response = people.bob.client(proved=True).post(url_of(people, key), {"text": NEW_TEXT})
    assert "/keys/test/" in response["Location"]


def test_a_text_of_the_other_mode_is_told_at_its_field(people: People, key: ApiKey) -> None:
    response = people.bob.client(proved=True).post(url_of(people, key), {"text": SANDBOX_TEXT})
    assert "for live runs and stays so" in response.text


def test_a_revoked_key_takes_none(people: People, key: ApiKey) -> None:
    keys.revoke_key(membership=people.membership("bob"), key=key)
    assert people.bob.client(proved=True).get(url_of(people, key)).status_code == 403
