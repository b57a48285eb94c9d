import datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import keys
from accounts.models import ApiKey
from tests.personas import LIVE_TEXT, People, ask_everyone, expect, make_key


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/keys/"


def test_who_may_open_it(people: People, url: str) -> None:
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=200, audrey=200)


def test_a_first_time_user_is_led_to_a_key(people: People, url: str) -> None:
    page = people.bob.client().get(url).text
    assert "You have no key in this team yet" in page
    assert f"{url}add/" in page
    assert "Make a sandbox key" in page


def test_without_a_sandbox_there_is_no_word_of_one(people: People, url: str, settings: Settings) -> None:
    settings.SANDBOX_URL = ""
    assert "sandbox" not in people.bob.client().get(url).text.lower()


def test_an_auditor_is_not_offered_to_add(people: People, url: str) -> None:
    page = people.audrey.client().get(url).text
    assert f"{url}add/" not in page
    assert "No key is lent to the team" in page


def test_a_member_sees_own_and_lent_keys_without_others_balances(people: People, url: str) -> None:
    make_key(people.membership("bob"), text=LIVE_TEXT, label="Bobs own")
    lent = make_key(people.membership("alice"), text=LIVE_TEXT, label="Team key", lent=True)
    ApiKey.objects.filter(id=lent.id).update(credits=Decimal("77.125"), balance_at=timezone.now())
    make_key(people.membership("adam"), text=LIVE_TEXT, label="Adams secret name")
    page = people.bob.client().get(url).text
    assert "Bobs own" in page
    assert "Team key" in page
    assert "77.125" not in page
    assert "Adams secret name" not in page
    assert "77.125" in people.audrey.client().get(url).text


def test_it_shows_age_state_and_default(people: People, url: str) -> None:
    alice = people.membership("alice")
    old, broken, revoked = (make_key(alice, text=LIVE_TEXT, label=name) for name in ("Old", "Broken", "Gone"))
    ApiKey.objects.filter(id=old.id).update(created_at=timezone.now() - datetime.timedelta(days=181))
    ApiKey.objects.filter(id=broken.id).update(needs_reentry=True)
    keys.revoke_key(membership=alice, key=revoked)
    page = people.alice.client().get(url).text
    for words in ("181 days", "rotate", "default", "needs re-entry", "Enter again", "revoked"):
        assert words in page


def test_a_young_key_is_not_nudged(people: People, url: str) -> None:
    key = make_key(people.membership("alice"), text=LIVE_TEXT)
    ApiKey.objects.filter(id=key.id).update(created_at=timezone.now() - datetime.timedelta(days=179))
    assert "rotate" not in people.alice.client().get(url).text


def test_it_takes_the_same_queries_for_many_keys(
    people: People, url: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = people.alice.client()
    client.get(url)
    for number in range(12):
        make_key(people.membership("alice"), text=LIVE_TEXT, label=f"Key {number}")
    # Session, user, membership, keys, the frame's memberships, the frame's money.
    with django_assert_num_queries(6):
        client.get(url)
