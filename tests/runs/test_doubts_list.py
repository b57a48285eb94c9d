"""Runs in doubt, settled many at a time."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent
from playground.ledger.models import Snapshot
from playground.runs import doubts
from playground.runs.models import Billing, CostSource, HistoryLook, Run
from tests.personas import People, ask_everyone, expect
from tests.runs.factories import key_of, make_run, unknown

pytestmark = pytest.mark.django_db
URL = "/t/studio/sandbox/history/doubts/"


def page(client: Client) -> str:
    answer = client.get(URL)
    assert answer.status_code == 200
    return answer.text


def seen(run: Run, total: str, *, after: timedelta) -> None:
    """The balance of the run's key so long after the run began."""
    at = run.created_at + after
    Snapshot.objects.create(
        team_id=run.team_id,
        mode=run.mode,
        key_id=run.api_key_id,
        source="check",
        total=Decimal(total),
        since=at,
        at=at,
    )


def test_who_sees_the_list_and_who_settles(people: People) -> None:
    unknown(people.membership("bob"))
    assert ask_everyone(people, URL) == expect(alice=200, adam=200, bob=403, audrey=200)
    assert ask_everyone(people, URL, method="post") == expect(alice=422, adam=422, bob=403, audrey=403)
    assert 'name="reason"' not in page(people.audrey.client())


def test_only_what_nothing_proves_is_listed(people: People) -> None:
    bob = people.membership("bob")
    make_run(bob, endpoint="proved")
    unknown(bob, endpoint="in-doubt")
    make_run(bob, endpoint="costless", cost=None)
    shown = page(people.alice.client())
    assert "in-doubt" in shown
    assert "costless" in shown
    assert "proved" not in shown
    assert "in-doubt" not in people.alice.client().get(URL.replace("sandbox", "live")).text


def test_an_outage_is_settled_together(people: People) -> None:
    bob = people.membership("bob")
    runs = [unknown(bob), unknown(bob), make_run(bob, cost=None)]
    left = unknown(bob)
    data = {
        "run": [str(run.id) for run in runs],
        "billed": "yes",
        "cost": "0.04",
        f"cost_{runs[0].id}": "$ 0.0312",
        "reason": "The provider's status page",
    }
    answer = people.alice.client().post(URL, data)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    for run, cost in zip(runs, ("0.0312", "0.04", "0.04"), strict=True):
        run.refresh_from_db()
        assert (run.billing, run.cost, run.cost_source) == (
            Billing.BILLED,
            Decimal(cost),
            CostSource.PERSON,
        )
    left.refresh_from_db()
    assert left.billing == Billing.UNKNOWN
    assert AuditEvent.objects.filter(verb="run.settled", actor_label="Alice").count() == 3


def test_not_billed_needs_no_amount_and_takes_none(people: People) -> None:
    run = unknown(people.membership("bob"))
    data = {"run": [str(run.id)], "billed": "no", f"cost_{run.id}": "0.5", "reason": "Nothing in the console"}
    assert people.adam.client().post(URL, data).status_code == 302
    run.refresh_from_db()
    assert (run.billing, run.cost) == (Billing.NOT_BILLED, None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"run": []}, "Tick at least one run"),
        ({"reason": ""}, "Say how you know"),
        ({"cost": "a lot"}, "Write the amount with digits"),
        ({"billed": ""}, "Say whether it was billed"),
        ({"run": ["01a21c0c-8e7b-7145-8fce-6fda9cdeb6f3"]}, "no longer here"),
    ],
)
def test_what_is_missing_is_said_at_its_place(people: People, change: dict[str, object], words: str) -> None:
    run = unknown(people.membership("bob"))
    data = {"run": [str(run.id)], "billed": "yes", "cost": "1", "reason": "console", **change}
    answer = people.alice.client().post(URL, data)
    assert answer.status_code == 422
    assert words in answer.text
    run.refresh_from_db()
    assert run.billing == Billing.UNKNOWN


def test_one_that_cannot_be_settled_keeps_no_other_waiting(people: People) -> None:
    bob = people.membership("bob")
    first, second = unknown(bob, endpoint="priced"), unknown(bob, endpoint="costless")
    data = {
        "run": [str(first.id), str(second.id)],
        "billed": "yes",
        f"cost_{first.id}": "0.5",
        "reason": "console",
    }
    answer = people.alice.client().post(URL, data)
    assert answer.status_code == 422
    assert "What did it cost?" in answer.text
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.cost, second.billing) == (Decimal("0.5"), Billing.UNKNOWN)


def test_what_the_balance_did_is_a_hint_with_an_amount(people: People) -> None:
    bob = people.membership("bob")
    run = unknown(bob, ago=timedelta(hours=2), seconds=60)
    seen(run, "10", after=timedelta(minutes=-5))
    seen(run, "9.58", after=timedelta(minutes=5))
    shown = page(people.alice.client())
    assert "The balance moved $ 0.4200" in shown
    assert 'value="0.4200"' in shown
    own = people.alice.client().get(f"/t/studio/sandbox/history/{run.id}/").text
    assert "The balance moved $ 0.4200" in own
    assert 'value="0.4200"' in own


def test_a_balance_that_stood_still_speaks_for_not_billed(people: People) -> None:
    run = unknown(people.membership("bob"), ago=timedelta(hours=2), seconds=60)
    seen(run, "10", after=timedelta(minutes=-5))
    seen(run, "10", after=timedelta(minutes=5))
    (doubt,) = doubts.with_hints(people.membership("alice"), "sandbox", [run])
    assert [(hint.words, hint.speaks_for) for hint in doubt.hints] == [
        ("The balance did not move for it.", "no")
    ]


def test_an_amount_that_two_runs_share_is_filled_in_for_neither(people: People) -> None:
    bob = people.membership("bob")
    runs = [unknown(bob, ago=timedelta(hours=2), seconds=60) for _ in range(2)]
    seen(runs[0], "10", after=timedelta(minutes=-5))
    seen(runs[0], "9.58", after=timedelta(minutes=5))
    found = doubts.with_hints(people.membership("alice"), "sandbox", runs)
    assert [one.amount for one in found] == [None, None]
    assert "shared by 2 runs" in found[0].hints[0].words
    own = people.alice.client().get(f"/t/studio/sandbox/history/{runs[0].id}/").text
    assert "shared by 2 runs" in own


def test_hints_cost_no_query_per_run(people: People, django_assert_max_num_queries: object) -> None:
    bob = people.membership("bob")
    key = key_of(bob)
    runs = [unknown(bob, key=key, ago=timedelta(hours=1)) for _ in range(20)]
    seen(runs[0], "10", after=timedelta(minutes=-5))
    HistoryLook.objects.create(run=runs[0], looked_at=timezone.now(), absent=True)
    client = people.alice.client()
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        client.get(URL)
