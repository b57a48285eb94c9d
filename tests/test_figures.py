from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground import figures
from playground.templatetags import atelier


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.04", "0.0400"),
        ("0", "0.0000"),
        ("0.000027", "0.000027"),
        ("0.0000270000", "0.000027"),
        ("0.00012345", "0.00012"),
        ("0.01804625", "0.0180"),
        ("0.0000000001", "0.00000000010"),
        ("61.8402", "61.8402"),
        ("12345.5", "12\u202f345.5000"),
    ],
)
def test_money_is_never_rounded_to_zero(value: str, text: str) -> None:
    assert figures.money(Decimal(value)) == text


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
        ("1234.5", "1\u202f234.5000"),
    ],
)
def test_four_decimals_and_two_digits(amount: str, text: str) -> None:
    assert figures.money(Decimal(amount)) == text


@given(st.decimals(min_value="0.0000000001", max_value=10**9, places=10))
def test_a_charge_never_reads_as_zero_and_keeps_two_digits(amount: Decimal) -> None:
    shown = Decimal(figures.money(amount).replace(figures.THIN, ""))
    assert shown > 0
    assert abs(shown - amount) <= amount / 10


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
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
def test_a_usual_time_is_no_finer_than_it_is_known(seconds: str, text: str) -> None:
    assert figures.about(Decimal(seconds)) == text


@pytest.mark.parametrize(
    ("value", "text"), [("0.0400000000", "0.0400"), ("0E-10", "0.0000"), ("0.0180462500", "0.01804625")]
)
def test_exact_keeps_every_digit(value: str, text: str) -> None:
    assert figures.exact(Decimal(value)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0.4 s"), (28.44, "28.4 s"), (59.97, "1 min 0 s"), (72, "1 min 12 s"), (7500, "2 h 5 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert figures.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (512, "512 B"), (1_300_000, "1.3 MB"), (999_600, "1.0 MB"), (123_000, "123 kB")],
)
def test_size(count: int, text: str) -> None:
    assert figures.size(count) == text


def test_a_moment_is_shown_in_the_teams_zone() -> None:
    now = datetime(2026, 8, 3, 10, 0, tzinfo=UTC)
    zone = ZoneInfo("Europe/Berlin")
    assert figures.moment(datetime(2026, 8, 3, 8, 30, 7, tzinfo=UTC), zone, now=now) == "10:30:07"
    # Half past eleven in the evening UTC is already the third of August in Berlin.
    assert figures.moment(datetime(2026, 8, 2, 23, 30, tzinfo=UTC), zone, now=now) == "01:30:00"
    assert figures.moment(datetime(2026, 8, 2, 8, 0, tzinfo=UTC), zone, now=now) == "2 Aug 10:00:00"
    assert figures.moment(datetime(2025, 8, 2, 8, 0, tzinfo=UTC), zone, now=now) == "2 Aug 2025 10:00"


def test_a_cost_shows_the_exact_amount_on_hover_and_a_dash_for_doubt() -> None:
    assert (
        atelier.cost(Decimal("0.0000271234"))
        == '<span class="money" title="$ 0.0000271234">$ 0.000027</span>'
    )
    assert "—" in atelier.cost(None)
    assert "0.0" not in atelier.cost(None)
