from functools import partial

import pytest
from pytest_django import Settings

from accounts.models import Membership
from playground.workbench import drafts
from playground.workbench.drafts import DraftConflict, DraftTooLarge, find_draft, save_draft
from playground.workbench.models import Draft
from tests.personas import People
from tests.runs.threads import together

SLUG = "seedream-4.5"


def save(membership: Membership, text: str, base: int = 0, endpoint: str = SLUG) -> int:
    return save_draft(membership=membership, endpoint=endpoint, text=text, version=1, base=base)


def text_of(membership: Membership) -> str:
    draft = find_draft(membership=membership, endpoint=SLUG)
    assert draft is not None
    return draft.text


def test_each_save_is_a_new_revision(bob: Membership) -> None:
    assert [save(bob, "{", 0), save(bob, '{"a"', 1), save(bob, '{"a": 1}', 2)] == [1, 2, 3]
    assert text_of(bob) == '{"a": 1}'


def test_whatever_was_typed_is_kept(bob: Membership) -> None:
    text = "{'a': NaN, // not JSON\n\t\"b\": \u2028 \U0001f6a2,}"
    save(bob, text)
    assert text_of(bob) == text


@pytest.mark.parametrize(
    ("typed", "kept"), [("a\x00b", "a\ufffdb"), ("half \ud83d pair", "half ? pair"), ("", "")]
)
def test_what_the_database_cannot_hold_is_replaced(bob: Membership, typed: str, kept: str) -> None:
    save(bob, typed)
    assert text_of(bob) == kept


def test_another_tabs_draft_is_announced_and_not_overwritten(bob: Membership) -> None:
    base = save(bob, "first")
    save(bob, "from the other tab", base)
    with pytest.raises(DraftConflict) as conflict:
        save(bob, "from this tab", base)
    assert (conflict.value.theirs.text, conflict.value.theirs.revision) == ("from the other tab", 2)
    assert text_of(bob) == "from the other tab"


def test_a_tab_that_knew_of_no_draft_does_not_overwrite_one(bob: Membership) -> None:
    save(bob, "first")
    with pytest.raises(DraftConflict):
        save(bob, "second", 0)


def test_the_same_text_twice_is_no_conflict(bob: Membership) -> None:
    base = save(bob, "first")
    save(bob, "second", base)
    assert save(bob, "second", base) == 2


def test_after_a_conflict_a_save_on_top_of_theirs_wins(bob: Membership) -> None:
    base = save(bob, "first")
    theirs = save(bob, "theirs", base)
    assert save(bob, "mine", theirs) == 3


def test_drafts_are_per_person_team_and_endpoint(people: People, bob: Membership) -> None:
    adam = people.membership("adam")
    elsewhere = Membership.objects.create(team=people.membership("charlie").team, user=bob.user)
    save(bob, "bob's")
    save(adam, "adam's")
    save(elsewhere, "elsewhere")
    save(bob, "another endpoint", endpoint="flux-schnell")
    assert [text_of(bob), text_of(adam), text_of(elsewhere)] == ["bob's", "adam's", "elsewhere"]
    assert find_draft(membership=people.membership("alice"), endpoint=SLUG) is None


def test_a_draft_that_is_too_large_is_refused_and_the_older_one_stays(bob: Membership) -> None:
    save(bob, "small")
    with pytest.raises(DraftTooLarge, match="8 MB"):
        save(bob, "x" * (drafts.MAX_TEXT + 1), 1)
    assert text_of(bob) == "small"


def test_the_drafts_of_a_team_fill_only_so_much(people: People, bob: Membership, settings: Settings) -> None:
    settings.DRAFT_BYTES = 100
    adam = people.membership("adam")
    save(adam, "é" * 40)
    base = save(bob, "x" * 20)
    with pytest.raises(DraftTooLarge, match="fill their limit of 100\xa0bytes"):
        save(bob, "x" * 21, base)
    assert text_of(bob) == "x" * 20
    save(people.membership("charlie"), "x" * 100)
    # A smaller text is kept even where the limit was lowered, and makes room for others.
    settings.DRAFT_BYTES = 10
    save(adam, "é" * 3, 1)
    assert save(bob, "x" * 4, base) == base + 1


def test_the_limit_of_drafts_is_told(people: People, settings: Settings) -> None:
    settings.DRAFT_BYTES = 10
    answer = people.bob.client().post(
        f"/t/{people.team.slug}/sandbox/playground/{SLUG}/draft/", {"body": "x" * 11, "base": "0"}
    )
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("Draft not saved: ")


@pytest.mark.django_db(transaction=True)
def test_of_tabs_that_save_at_once_one_wins_and_the_others_are_told(bob: Membership) -> None:
    def attempt(text: str, base: int) -> str | None:
        try:
            save(bob, text, base)
        except DraftConflict as conflict:
            return conflict.theirs.text
        return None

    for base in (0, 1):
        told = together(*[partial(attempt, f"tab {number} on {base}", base) for number in range(8)])
        assert told.count(None) == 1
        winner = text_of(bob)
        assert {text for text in told if text is not None} == {winner}
        assert winner == f"tab {told.index(None)} on {base}"
    assert Draft.objects.get().revision == 2
