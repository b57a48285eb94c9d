from decimal import Decimal

import pytest

from accounts.models import AuditEvent
from playground.runs import settling
from playground.runs.models import Billing, CostSource, Run, State
from tests.personas import People
from tests.runs.factories import make_run, unknown

pytestmark = pytest.mark.django_db


def settle(
    people: People, run: Run, *, billed: bool, cost: str | None, reason: str = "provider history"
) -> Run:
    amount = None if cost is None else Decimal(cost)
    return settling.settle_by_person(
        run=run, actor=people.alice.user, billed=billed, cost=amount, reason=reason
    )


def test_the_evidence_says_who_when_why_and_what_was_before(people: People) -> None:
    run = unknown(people.membership("bob"))
    settle(people, run, billed=True, cost="0.0312")
    run.refresh_from_db()
    assert (run.state, run.billing, run.cost, run.cost_source) == (
        State.UNKNOWN, Billing.BILLED, Decimal("0.0312"), CostSource.PERSON,
    )  # fmt: skip
    assert run.evidence["settled_by"] == "Alice"
    assert run.evidence["settled_reason"] == "provider history"
    assert run.evidence["settled_before"] == "unknown, cost unknown"
    assert run.evidence["reason"] == "connection_lost"
    event = AuditEvent.objects.get(verb="run.settled")
    assert event.after == {"billing": "billed", "cost": "0.0312", "run": str(run.id)}


def test_not_billed_and_corrected_later(people: People) -> None:
    run = settle(people, unknown(people.membership("bob")), billed=False, cost=None)
    assert (run.billing, run.cost, run.cost_source) == (Billing.NOT_BILLED, None, "")
    assert not run.needs_person
    run = settle(people, run, billed=True, cost="1.5")
    assert run.evidence["settled_before"] == "not billed, cost unknown"


def test_a_missing_cost(people: People) -> None:
    run = settle(people, make_run(people.membership("bob"), cost=None), billed=True, cost="0")
    assert run.cost == Decimal(0)
    assert run.cost_source == CostSource.PERSON


def test_proof_and_open_runs_stay(people: People) -> None:
    bob = people.membership("bob")
    proved = make_run(bob)
    waiting = make_run(bob, state=State.ACCEPTED, billing=Billing.PENDING, status=None, version=2)
    for run in (proved, waiting):
        with pytest.raises(settling.CannotSettle, match="not in doubt"):
            settle(people, run, billed=False, cost=None)


def test_contradictions(people: People) -> None:
    run = unknown(people.membership("bob"))
    with pytest.raises(settling.CannotSettle, match="has no cost"):
        settle(people, run, billed=False, cost="1")
    with pytest.raises(settling.CannotSettle, match="how you know"):
        settle(people, run, billed=False, cost=None, reason=" ")


# -- the form


def post(people: People, run: Run, name: str = "alice", **data: str) -> object:
    return getattr(people, name).client().post(f"/t/studio/sandbox/history/{run.id}/settle/", data)


def test_who_may(people: People) -> None:
    run = unknown(people.membership("bob"))
    data = {"billed": "yes", "cost": "0.0400", "reason": "history"}
    for name, status in (("bob", 403), ("audrey", 403), ("charlie", 404), ("nobody", 302)):
        client = getattr(people, name).client()
        assert client.post(f"/t/studio/sandbox/history/{run.id}/settle/", data).status_code == status
    run.refresh_from_db()
    assert run.billing == Billing.UNKNOWN
    assert people.adam.client().post(f"/t/studio/sandbox/history/{run.id}/settle/", data).status_code == 302
    run.refresh_from_db()
    assert run.cost == Decimal("0.04")
    page = people.audrey.client().get(f"/t/studio/sandbox/history/{run.id}/").content.decode()
    assert "Settled by" in page
    assert "a person looked and decided" in page


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Say whether it was billed."),
        ({"billed": "yes", "reason": "x"}, "What did it cost?"),
        ({"billed": "yes", "cost": "abc", "reason": "x"}, "digits and a point"),
        ({"billed": "yes", "cost": "-1", "reason": "x"}, "digits and a point"),
        ({"billed": "yes", "cost": "NaN", "reason": "x"}, "digits and a point"),
        ({"billed": "yes", "cost": "0.00000000001", "reason": "x"}, "digits and a point"),
        ({"billed": "yes", "cost": "1"}, "Say how you know"),
    ],
)
def test_bad_input_gets_a_message_and_loses_nothing(
    people: People, data: dict[str, str], message: str
) -> None:
    run = unknown(people.membership("bob"))
    response = people.alice.client().post(f"/t/studio/sandbox/history/{run.id}/settle/", data)
    page = response.content.decode()
    assert response.status_code == 422
    assert message in page
    if cost := data.get("cost"):
        assert f'value="{cost}"' in page
    run.refresh_from_db()
    assert run.billing == Billing.UNKNOWN


def test_a_cost_beside_not_billed_is_let_go(people: People) -> None:
    run = unknown(people.membership("bob"))
    people.alice.client().post(
        f"/t/studio/sandbox/history/{run.id}/settle/",
        {"billed": "no", "cost": "1.5", "reason": "not in the list"},
    )
    run.refresh_from_db()
    assert (run.billing, run.cost) == (Billing.NOT_BILLED, None)
