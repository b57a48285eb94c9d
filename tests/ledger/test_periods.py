from datetime import date

import pytest

from playground.ledger import periods
from playground.ledger.periods import Kind, Period, pieces
from playground.ledger.spend_forms import PeriodForm

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, date(2026, 11, 1), date(2026, 11, 30)),
        ({"period": "month", "on": "2026-02"}, date(2026, 2, 1), date(2026, 2, 28)),
        ({"period": "month", "on": "2024-02-29"}, date(2024, 2, 1), date(2024, 2, 29)),
        ({"period": "week", "on": "2027-01-01"}, date(2026, 12, 28), date(2027, 1, 3)),
        ({"period": "day"}, TODAY, TODAY),
        ({"period": "custom", "from": "2026-01-05", "to": "2026-02-03"}, date(2026, 1, 5), date(2026, 2, 3)),
    ],
)
def test_the_address_names_the_days(query: dict[str, str], first: date, last: date) -> None:
    period = PeriodForm(query).chosen(TODAY)
    assert (period.first, period.last) == (first, last)
    again = dict(part.split("=") for part in period.query.split("&"))
    assert PeriodForm(again).chosen(TODAY) == period


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"period": "fortnight"}, "fortnight"),
        ({"on": "2026-13"}, "not a day"),
        ({"on": "0001-01"}, "from 1970 on"),
        ({"on": "9999-12"}, "earlier day"),
        ({"period": "custom", "from": "2026-01-05"}, "first and the last day"),
        ({"period": "custom", "from": "2026-01-05", "to": "2026-01-04"}, "before the first"),
    ],
)
def test_what_makes_no_sense_is_said_and_this_month_shown(query: dict[str, str], problem: str) -> None:
    form = PeriodForm(query)
    assert form.chosen(TODAY) == periods.around(Kind.MONTH, TODAY)
    assert problem in form.problem


@pytest.mark.parametrize("kind", [Kind.DAY, Kind.WEEK, Kind.MONTH])
def test_periods_follow_each_other_without_a_gap(kind: Kind) -> None:
    period = periods.around(kind, TODAY)
    for _ in range(40):
        assert period.before.last + periods.ONE == period.first
        assert period.before.after == period
        period = period.before


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 1, 1), date(2026, 1, 31), 1),
        (date(2026, 1, 2), date(2026, 1, 31), 0),
        (date(2026, 1, 2), date(2026, 4, 29), 2),
        (date(2026, 12, 1), date(2027, 2, 28), 3),
        (date(2026, 5, 5), date(2026, 5, 5), 0),
    ],
)
def test_a_range_is_whole_months_and_the_days_around_them(first: date, last: date, months: int) -> None:
    whole, rest = pieces(first, last)
    covered = [day for part in rest for day in periods.each_day(*part)]
    if whole is not None:
        covered += periods.each_day(whole[0], periods.around(Kind.MONTH, whole[1]).last)
        assert (whole[1].year - whole[0].year) * 12 + whole[1].month - whole[0].month + 1 == months
    else:
        assert months == 0
    assert sorted(covered) == list(periods.each_day(first, last))


def test_labels() -> None:
    assert Period(Kind.CUSTOM, date(2025, 12, 30), date(2026, 1, 2)).label == "30 Dec 2025 to 2 Jan 2026"
    assert periods.around(Kind.WEEK, TODAY).label == "23 to 29 Nov 2026"
    assert periods.around(Kind.MONTH, TODAY).label == "November 2026"
