import pytest
from pytest_django import Settings

from accounts.models import ApiKey, User
from tests.accounts.test_vault import NEW, OLD
from tests.personas import SANDBOX_TEXT, People, ask_everyone, expect, make_key


@pytest.fixture
def url(people: People) -> str:
    return f"/t/{people.team.slug}/settings/encryption/"


def test_who_may_open_it(people: People, url: str) -> None:
    assert ask_everyone(people, url) == expect(alice=200, adam=200, bob=403, audrey=403)


def test_it_counts_the_teams_rows(people: People, url: str, settings: Settings) -> None:
    settings.VAULT_RING = [OLD]
    make_key(people.membership("alice"), text=SANDBOX_TEXT)
    make_key(people.membership("charlie"), text=SANDBOX_TEXT)
    settings.VAULT_RING = [NEW, OLD]
    page = people.alice.client().get(url).text
    assert "needed until rotated" in page
    assert "Whole installation" not in page
    ApiKey.objects.update(needs_reentry=True)
    assert "1 key needs" in people.alice.client().get(url).text


def test_staff_sees_when_an_old_ring_key_can_go(people: People, url: str, settings: Settings) -> None:
    settings.VAULT_RING = [NEW, OLD]
    make_key(people.membership("alice"), text=SANDBOX_TEXT)
    User.objects.filter(id=people.alice.user.id).update(is_staff=True)
    page = people.alice.client().get(url).text
    assert "Whole installation" in page
    assert "can be removed" in page


def test_a_lost_ring_key_is_named(people: People, url: str, settings: Settings) -> None:
    settings.VAULT_RING = [OLD]
    make_key(people.membership("alice"), text=SANDBOX_TEXT)
    settings.VAULT_RING = [NEW]
    assert "missing from VAULT_KEYS" in people.alice.client().get(url).text
