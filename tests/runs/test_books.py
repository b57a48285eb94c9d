"""What a run tells the ledger: its hold before it can be sent, and every fact about its money afterwards."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import ApiKey, Membership
from playground.ledger.entries import Frozen, OverBudget
from playground.ledger.models import Budget, BudgetCounter, Entry, Freeze, OpenHold
from playground.runs import execute, holding, settling
from playground.runs.models import Run
from playground.runs.outcome import Outcome
from playground.runs.submit import SubmitProblem, cancel, submit
from playground.segmind import billing
from tests.ledger.books import learn, reserve
from tests.personas import People, make_key
from tests.runs.test_execute import accepted, billed, lost, outcome

HELD = Decimal("0.0400102540") * Decimal("1.5")
TEXT = '{"prompt": "a boat", "duration": "5", "resolution": "720p", "generate_audio": true, "steps": 4.0}'


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


@pytest.fixture
def key(bob: Membership) -> ApiKey:
    return make_key(bob)


def send(membership: Membership, key: ApiKey, **changes: Any) -> Run:
    values: dict[str, Any] = {
        "endpoint": "seedream-4.5",
        "version": 1,
        "body_text": TEXT,
        "token": uuid.uuid4(),
        **changes,
    }
    return submit(membership=membership, key=key, **values)


def entries(run: Run) -> list[Entry]:
    return list(Entry.objects.filter(run_id=run.id).in_order())


def settle(*outcomes: Outcome) -> None:
    execute.claim_many(limit=10)
    assert execute.settle_many(list(outcomes)) == len(outcomes)


def test_a_run_holds_its_published_price_in_the_transaction_that_makes_it(
    bob: Membership, key: ApiKey
) -> None:
    run = send(bob, key, tag="film unit")
    hold = entries(run)[0]
    assert (hold.kind, hold.billing, hold.state) == ("hold", "pending", "queued")
    # The average of all callers is 0.0400102540, and it is more than the published 0.04.
    assert hold.held == HELD
    assert hold.cost is None
    assert (hold.person_id, hold.key_id, hold.key_last_four) == (bob.user_id, key.id, key.last_four)
    assert (hold.endpoint, hold.category, hold.source, hold.tag) == (
        "seedream-4.5", "Image-to-Image Transformation", "playground", "film unit",
    )  # fmt: skip
    assert hold.size == "duration=5 resolution=720p generate_audio=yes steps=4.0"
    assert hold.effective_at == run.created_at
    assert hold.day == run.created_at.astimezone(bob.team.zone).date()


def test_a_run_that_is_refused_for_another_reason_holds_nothing(bob: Membership, key: ApiKey) -> None:
    first = send(bob, key)
    assert send(bob, key, token=first.token).id == first.id
    assert Entry.objects.count() == 1


def test_what_comes_back_is_an_entry(bob: Membership, key: ApiKey) -> None:
    run = send(bob, key)
    settle(outcome(run, billed("0.0400000001")))
    run.refresh_from_db()
    charge = entries(run)[-1]
    assert (charge.kind, charge.spent, charge.held) == ("charge", run.cost, -HELD)
    assert (charge.state, charge.billing, charge.cost) == (run.state, run.billing, run.cost)
    assert charge.evidence["cost_text"] == "0.0400000001"
    assert charge.evidence["cost_source"] == "header"
    assert charge.seconds is not None
    assert charge.seconds >= 0
    # The second of two outcomes changes nothing.
    execute.settle_many([outcome(run, billed("0.9"))])
    assert len(entries(run)) == 2


def test_a_job_is_pending_until_it_ends(bob: Membership, key: ApiKey) -> None:
    run = send(bob, key, version=2)
    settle(outcome(run, accepted(), submit_status=200, next_poll=1.0))
    assert [entry.kind for entry in entries(run)] == ["hold"]
    settle(outcome(run, billed("0.05")))
    assert [entry.kind for entry in entries(run)] == ["hold", "charge"]


def test_doubt_keeps_the_hold_and_a_person_corrects(people: People, bob: Membership, key: ApiKey) -> None:
    run = send(bob, key)
    settle(outcome(run, lost()))
    assert OpenHold.objects.get(run_id=run.id).billing == "unknown"
    alice = people.alice.user
    settling.settle_by_person(
        run=run, actor=alice, billed=True, cost=Decimal("0.03"), reason="In the console"
    )
    settled = entries(run)[-1]
    assert (settled.made_by, settled.actor_id, settled.actor_label) == ("person", alice.id, "Alice")
    assert (settled.spent, settled.reason) == (Decimal("0.03"), "In the console")
    assert not OpenHold.objects.exists()
    # Proof that comes later replaces what the person said.
    settle(outcome(run, billed("0.04")))
    assert entries(run)[-1].kind == "correction"
    assert sum(entry.spent for entry in entries(run)) == Decimal("0.04")


def test_stopping_gives_the_hold_back(bob: Membership, key: ApiKey) -> None:
    run = send(bob, key)
    assert cancel(runs=Run.objects.filter(id=run.id)) == 1
    released = entries(run)[-1]
    assert (released.kind, released.held, released.billing) == ("release", -HELD, "not_billed")


def test_a_refusal_gives_the_hold_back(bob: Membership, key: ApiKey) -> None:
    run = send(bob, key)
    verdict = billing.Verdict(
        billing.State.REFUSED,
        billing.Billing.NOT_BILLED,
        evidence=billing.evidence(status=406, reason="refused"),
        error_kind="credits",
        error_text="You have 0.2, this needs 0.5.",
    )
    settle(outcome(run, verdict))
    released = entries(run)[-1]
    assert (released.kind, released.error_kind) == ("release", "credits")
    assert "0.2" not in str(released.evidence)


def test_a_budget_stops_the_run_before_it_exists(bob: Membership, key: ApiKey) -> None:
    budget = Budget.objects.create(
        team=bob.team, mode=key.mode, name="Month", limit_usd=HELD + Decimal("0.01"), starts_on=date(2020, 1, 1),
        created_by_label="Alice",
    )  # fmt: skip
    send(bob, key)
    with pytest.raises(SubmitProblem) as caught:
        send(bob, key)
    refused = caught.value.refused
    assert isinstance(refused, OverBudget)
    assert (refused.budget_id, refused.left_usd, refused.hold) == (
        budget.id,
        Decimal("0.01"),
        HELD,
    )
    assert Run.objects.count() == Entry.objects.count() == 1
    counter = BudgetCounter.objects.get()
    assert (counter.held, counter.spent, counter.runs) == (HELD, Decimal(0), 1)


def test_a_frozen_person_runs_nothing(bob: Membership, key: ApiKey) -> None:
    Freeze.objects.create(
        team=bob.team, mode=key.mode, person=bob.user, reason="Ask me first", frozen_by_label="Alice"
    )
    with pytest.raises(SubmitProblem) as caught:
        send(bob, key)
    assert isinstance(caught.value.refused, Frozen)
    assert caught.value.refused.reason == "Ask me first"
    assert not Run.objects.exists()


def test_a_hold_learns_from_what_runs_of_the_same_size_cost(bob: Membership, key: ApiKey) -> None:
    size = holding.size_of(TEXT)
    for cost in ("0.9", "0.95", "1.0", "1.05", "1.1"):
        earlier = reserve(bob.team_id, mode=key.mode, size=size)
        learn(earlier, "billed", cost)
    hold = entries(send(bob, key))[0].held
    assert Decimal("1.1") <= hold <= Decimal("1.1") * Decimal("1.13")
    other = entries(send(bob, key, body_text='{"prompt": "a boat"}'))[0].held
    assert other == HELD


def test_an_endpoint_without_any_price_holds_the_default(bob: Membership, key: ApiKey, settings: Any) -> None:
    from playground.catalogue.models import Endpoint

    Endpoint.objects.create(team=bob.team, slug="house-model", title="House")
    settings.HOLD_DEFAULT_USD = Decimal("0.75")
    assert entries(send(bob, key, endpoint="house-model"))[0].held == Decimal("0.75")
