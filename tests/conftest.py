"""The tests run on a real PostgreSQL and Redis, started here before Django reads its settings."""

from collections.abc import Iterator

import pgtrigger
import pytest
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from tests import environment
from tests.stack import Stack

# At import, because the conftest files below this one import models.
environment.prepare()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The server goes with its folder, so no database is dropped under a thread that is still giving one back."""
    return True


@pytest.fixture(scope="session", autouse=True)
def _emptying_is_allowed() -> Iterator[None]:
    """Tests with transactions of their own end by TRUNCATE, which the append-only tables refuse everybody else."""
    with pytest.MonkeyPatch.context() as patch:
        teardown = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

        def unguarded(self: TransactionTestCase) -> None:
            with pgtrigger.ignore():
                teardown(self)

        patch.setattr(TransactionTestCase, "_fixture_teardown", unguarded)
        yield


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[Stack]:
    """One whole Atelier for all tests of this process that ask for it, with what earlier tests left in it."""
    running = Stack(tmp_path_factory.mktemp("stack"), blocker=django_db_blocker).start()
    yield running
    running.stop()
