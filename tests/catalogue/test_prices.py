from decimal import Decimal

from playground.catalogue.models import Endpoint
from playground.catalogue.prices import PriceHint, price_hint


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
