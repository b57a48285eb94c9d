"""How unusual a cost is, from what runs of its model and size have cost before."""

from decimal import Decimal

import pytest

from playground.ledger.outliers import outlier
from tests.ledger.books import learn
from tests.ledger.caps import MODE, hold
from tests.personas import People


def bill(people: People, cost: str, size: str = "duration=5") -> None:
    learn(hold(people, "1", size=size), "billed", cost)


def factor(people: People, cost: str, size: str = "duration=5") -> Decimal | None:
    return outlier(people.team.id, MODE, "seedream-4.5", size, Decimal(cost))


@pytest.mark.parametrize(("cost", "expected"), [("0.15", None), ("0.16", "4.0"), ("0.42", "10.5")])
def test_four_times_the_median_is_worth_a_word(people: People, cost: str, expected: str | None) -> None:
    for usual in ("0.03", "0.04", "0.04", "0.04", "0.05"):
        bill(people, usual)
    bill(people, cost)
    assert factor(people, cost) == (Decimal(expected) if expected else None)


def test_nobody_knows_what_is_usual_before_five(people: People) -> None:
    for _ in range(4):
        bill(people, "0.04")
    bill(people, "9")
    assert factor(people, "9") is None
    bill(people, "0.04")
    assert factor(people, "9") == Decimal(225)


def test_another_size_has_its_own_median(people: People) -> None:
    for _ in range(6):
        bill(people, "0.04")
    bill(people, "0.40", "duration=10")
    assert factor(people, "0.40", "duration=10") is None


def test_a_free_model_has_no_median_to_compare_with(people: People) -> None:
    for _ in range(6):
        bill(people, "0")
    bill(people, "0.5")
    assert factor(people, "0.5") is None
