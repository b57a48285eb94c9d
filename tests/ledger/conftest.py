"""People for the tests of the ledger."""

import pytest

from tests.personas import People, make_people


@pytest.fixture
def people(db: None) -> People:
    return make_people()
