"""kill -9 hits the worker again and again while runs with every fault are under way. Afterwards our charges are the
sandbox's to the last digit, but for exactly the runs that are shown as a doubt; and every sum is what the entries say.
"""

import pytest

from tests.promises.house import House
from tests.promises.money import Found, disturb


@pytest.fixture(scope="module")
def found(house: House) -> Found:
    return disturb(house, runs=108, kills=2)


def test_each_run_and_each_sum_is_as_the_provider_says(found: Found) -> None:
    assert found.problems == []


def test_the_books_differ_by_exactly_the_runs_in_doubt(found: Found) -> None:
    assert found.theirs - found.ours == found.doubtful > 0
    assert 0 < found.in_doubt < found.runs / 2
