from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.catalogue.models import Endpoint
from playground.catalogue.prices import PriceHint, money_text, price_hint, time_text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.0000"),
        ("0E-10", "0.0000"),
        ("0.000027", "0.000027"),
        ("0.00000274", "0.0000027"),
        ("0.0000000001", "0.00000000010"),
        ("0.04", "0.0400"),
        ("0.01804625", "0.0180"),
        ("1.05", "1.0500"),
        ("1234.5", "1234.5000"),
    ],
)
def test_four_decimals_and_two_digits(amount: str, text: str) -> None:
    assert money_text(Decimal(amount)) == text


@given(st.decimals(min_value="0.0000000001", max_value=10**9, places=10))
def test_a_charge_never_reads_as_zero_and_keeps_two_digits(amount: Decimal) -> None:
    shown = Decimal(money_text(amount))
    assert shown > 0
    assert abs(shown - amount) <= amount / 10


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        ("0.66", "0.7 s"),
        ("28.4", "28 s"),
        ("59.4", "59 s"),
        ("59.6", "1 min"),
        ("75", "1 min 20 s"),
        ("119.9", "2 min"),
        ("289", "4 min 50 s"),
        ("355", "6 min"),
    ],
)
def test_times(seconds: str | None, text: str) -> None:
    assert time_text(None if seconds is None else Decimal(seconds)) == text


def test_a_published_price_goes_before_the_average() -> None:
    endpoint = Endpoint(avg_cost=Decimal("5.19"), price_low=Decimal("0.8"), price_high=Decimal("3.2"))
    hint = price_hint(endpoint)
    assert hint == PriceHint(Decimal("0.8"), Decimal("3.2"), published=True)
    assert (hint.text, hint.source) == ("$ 0.8000 to 3.2000", "published by Segmind")


def test_an_average_says_that_it_is_one() -> None:
    hint = price_hint(Endpoint(avg_cost=Decimal("0.0063")))
    assert hint is not None
    assert (hint.text, hint.source) == ("$ 0.0063", "average of all Segmind calls")


def test_nothing_known_is_no_hint() -> None:
    assert price_hint(Endpoint()) is None
