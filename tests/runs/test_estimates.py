from datetime import timedelta
from decimal import Decimal

import pytest

from playground.catalogue.models import Endpoint
from playground.runs.estimates import Estimate, estimate
from playground.runs.models import Billing, State
from tests.personas import People
from tests.runs.factories import make_run, refused

pytestmark = pytest.mark.django_db


def find(people: People, endpoint: str = "test-model", mode: str = "sandbox") -> Estimate:
    return estimate(team=people.team, mode=mode, endpoint=endpoint)


def test_the_teams_own_billed_runs_come_first(people: People) -> None:
    bob = people.membership("bob")
    for cost, seconds in (("0.0300", 10.2), ("0.0400", 20.2), ("0.0500", 30.2)):
        make_run(bob, endpoint="test-model", cost=cost, seconds=seconds)
    refused(bob, 500, "no", "server_error", endpoint="test-model", seconds=100)
    make_run(bob, endpoint="test-model", cost=None)
    found = find(people)
    assert (found.low, found.median, found.high) == (Decimal("0.03"), Decimal("0.04"), Decimal("0.05"))
    assert found.usual_seconds == pytest.approx(20)
    assert (found.basis, found.count) == ("team", 3)
    assert (
        found.sentence
        == "$ 0.0300 to 0.0500, usually 20 s. From this team's last 3 billed runs of this model."
    )


def test_only_the_last_fifty_count(people: People) -> None:
    bob = people.membership("bob")
    make_run(bob, endpoint="test-model", cost="9", ago=timedelta(days=2))
    for _ in range(50):
        make_run(bob, endpoint="test-model", cost="0.01")
    assert find(people).high == Decimal("0.01")


def test_modes_do_not_mix(people: People) -> None:
    make_run(people.membership("bob"), endpoint="test-model")
    assert find(people, mode="live").basis == "none"


def test_without_runs_the_catalogue_answers_and_says_so(people: People) -> None:
    Endpoint.objects.create(
        slug="test-model", title="T", avg_cost=Decimal("0.05"), avg_latency_s=Decimal("12.5")
    )
    found = find(people)
    assert found.basis == "catalogue"
    assert found.usual_seconds == pytest.approx(12.5)
    assert found.sentence.startswith("About $ 0.0500, usually 12 s. From the catalogue: the average")


def test_a_published_price_is_called_one(people: People) -> None:
    Endpoint.objects.create(slug="test-model", title="T", price_low=Decimal("0.1"), price_high=Decimal("0.4"))
    assert find(people).sentence.startswith(
        "$ 0.1000 to 0.4000. From the catalogue: Segmind's published price."
    )


def test_the_teams_own_endpoint_hides_the_bundled_one(people: People) -> None:
    Endpoint.objects.create(slug="test-model", title="T", avg_cost=Decimal("0.05"))
    Endpoint.objects.create(slug="test-model", title="T", avg_cost=Decimal("0.07"), team=people.team)
    assert find(people).median == Decimal("0.07")


def test_nothing_known_says_so(people: People) -> None:
    found = find(people)
    assert found.basis == "none"
    assert found.price == ""
    assert found.sentence == "Nothing is known yet about the price and time of this model."


def test_slow_is_three_times_the_usual_time() -> None:
    assert Estimate(usual_seconds=10).is_slow(30.1)
    assert not Estimate(usual_seconds=10).is_slow(29)
    assert not Estimate().is_slow(10_000)


def test_an_open_run_is_no_basis(people: People) -> None:
    make_run(
        people.membership("bob"),
        endpoint="test-model",
        state=State.ACCEPTED,
        billing=Billing.PENDING,
        status=None,
    )
    assert find(people).basis == "none"
