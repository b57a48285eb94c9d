"""A person's spending is frozen: what was not sent yet is cancelled, and nothing more gets a hold."""

import uuid

import pytest

from accounts.models import AuditEvent, Membership
from playground.ledger import freezes
from playground.ledger.entries import Frozen
from playground.ledger.freezes import FreezeProblem
from playground.runs.models import Run
from playground.runs.submit import submit
from playground.workbench.freezing import freeze_member
from tests.ledger.caps import MODE, hold
from tests.personas import SANDBOX_TEXT, People, make_key, make_people


@pytest.fixture
def people(db: None) -> People:
    return make_people()


def queue(member: Membership) -> Run:
    key = member.user.api_keys.first() or make_key(member, text=SANDBOX_TEXT)
    return submit(
        membership=member, endpoint="seedream-4.5", version=1, key=key, body_text="{}", token=uuid.uuid4()
    )


def freeze(people: People, who: str = "bob", *, mode: str = MODE) -> int:
    return freeze_member(
        actor=people.membership("alice"), target=people.membership(who), mode=mode, reason="A loop"
    )


def test_unsent_runs_are_cancelled_and_others_are_not(people: People) -> None:
    mine, other = queue(people.membership("bob")), queue(people.membership("adam"))
    assert freeze(people, mode="live") == 0
    assert freeze(people) == 1
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.state, mine.billing, mine.evidence["reason"]) == (
        "cancelled",
        "not_billed",
        "spending_frozen",
    )
    assert other.state == "queued"


def test_a_frozen_person_gets_no_hold_until_it_is_lifted(people: People) -> None:
    freeze(people)
    with pytest.raises(Frozen, match="A loop"):
        hold(people)
    hold(people, who="adam")
    hold(people, mode="live")
    assert freezes.lift(membership=people.membership("adam"), target=people.membership("bob"), mode=MODE)
    hold(people)
    assert not freezes.lift(membership=people.membership("adam"), target=people.membership("bob"), mode=MODE)


def test_it_is_recorded_with_its_reason(people: People) -> None:
    freeze(people)
    freezes.lift(membership=people.membership("adam"), target=people.membership("bob"), mode=MODE)
    frozen, lifted = AuditEvent.objects.filter(verb__startswith="spending.").order_by("id")
    assert (frozen.verb, frozen.actor_label, frozen.target) == ("spending.frozen", "Alice", "Bob")
    assert frozen.after == {"mode": MODE, "reason": "A loop"}
    assert (lifted.verb, lifted.before) == ("spending.lifted", {"reason": "A loop"})


def test_a_second_freeze_is_refused(people: People) -> None:
    freeze(people)
    with pytest.raises(FreezeProblem, match="frozen already"):
        freeze(people)


def test_only_owners_freeze_owners(people: People) -> None:
    alice, adam, bob = (people.membership(name) for name in ("alice", "adam", "bob"))
    assert freezes.may_freeze(adam, bob)
    assert not freezes.may_freeze(adam, alice)
    assert freezes.may_freeze(alice, adam)
    assert freezes.may_freeze(alice, alice)
    # Whoever was frozen must not lift it themselves.
    assert not freezes.may_freeze(adam, adam)
    assert not freezes.may_freeze(bob, bob)
    assert not freezes.may_freeze(people.membership("audrey"), bob)
    assert not freezes.may_freeze(people.membership("charlie"), bob)
