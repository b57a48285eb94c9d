"""When a budget will be used up: from the pace of its period so far and of the last days."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Team
from playground.ledger.budget_forecast import Forecast, Pace, foresee
from playground.ledger.budget_spans import span_of

TEAM = Team(time_zone="UTC")
NOON = datetime(2026, 11, 11, 0, 0, tzinfo=UTC)


def of(
    spent: str, limit: str | None, *, period: str = "month", recent: str | None = None, **more: Any
) -> Forecast | None:
    span = span_of(period, NOON.date(), starts_on=datetime(2026, 11, 1, tzinfo=UTC).date())
    values: dict[str, Any] = {"runs": 0, "left_runs": None, "now": NOON, **more}
    return foresee(
        team=TEAM,
        span=span,
        spent=Decimal(spent),
        left_usd=None if limit is None else Decimal(limit) - Decimal(spent),
        recent=Pace(Decimal(recent), Decimal()) if recent else None,
        **values,
    )


@pytest.mark.parametrize(
    ("spent", "limit", "recent", "words"),
    [
        ("100", "180", None, "Used up on the 19th at this pace"),
        ("100", "400", None, "About $ 300 by the end of the month"),
        # The last days cost twice as much: 15 a day from here on.
        ("100", "180", "20", "Used up on the 16th at this pace"),
        ("100", "100.5", None, "Used up today at this pace"),
    ],
)
def test_a_month(spent: str, limit: str, recent: str | None, words: str) -> None:
    found = of(spent, limit, recent=recent)
    assert found is not None
    assert found.words == words


def test_a_total_has_no_end_but_may_run_out() -> None:
    found = of("100", "500", period="total")
    assert found is not None
    assert (
        found.words == "Used up on the 21st at this pace"
        or found.words == "Used up on 21 December at this pace"
    )
    endless = of("1", "5000", period="total")
    assert endless is not None
    assert endless.words == ""


def test_runs_run_out_too() -> None:
    found = of("0", None, runs=100, left_runs=50)
    assert found is not None
    assert found.words == "Used up on the 16th at this pace"


def test_nothing_is_said_without_anything_to_go_by_or_once_it_is_used_up() -> None:
    assert of("0", "10") is None
    assert of("10", "10") is None
    assert of("11", "10") is None
    # An eighth of a day has to have passed.
    assert of("5", "10", period="day", now=NOON) is None


def test_a_day() -> None:
    found = of("5", "6", period="day", now=NOON.replace(hour=12))
    assert found is not None
    assert found.words == "Used up today at this pace"
