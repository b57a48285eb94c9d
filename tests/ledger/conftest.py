"""People, and a sandbox that keeps its own books, for the tests of the ledger."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from tests.personas import People, make_people
from tests.sandbox_server import SandboxServer


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Answers about keys are kept in the cache, and pages leave their team's zone behind."""
    cache.clear()
    with timezone.override(None):
        yield


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxServer, settings: Settings) -> SandboxServer:
    """The sandbox of the settings, as a provider on the other end of a socket."""
    settings.SANDBOX_URL = server.url
    return server
