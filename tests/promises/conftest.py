"""One Atelier for all promises: short timeouts, small answers, three calls a key, a recorder as live provider."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.promises.house import House
from tests.promises.recorder import Recorder
from tests.stack import Stack

LIMITS = {
    "SEGMIND_CONNECT_TIMEOUT": "2",
    "SEGMIND_WRITE_TIMEOUT": "4",
    "SEGMIND_READ_TIMEOUT": "6",
    "SEGMIND_SUBMIT_TIMEOUT": "6",
    "CALLS_PER_KEY": "3",
    "MAX_RESPONSE_BYTES": str(4 * 1024 * 1024),
}


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with Recorder() as recorder:
        live = dict.fromkeys(("SEGMIND_BASE_URL", "SEGMIND_STORAGE_URL", "SEGMIND_HISTORY_URL"), recorder.url)
        stack = Stack(
            tmp_path_factory.mktemp("promises"),
            environment=LIMITS | live,
            speed=40.0,
            blocker=django_db_blocker,
        )
        try:
            yield House(stack.start(), recorder)
        finally:
            stack.stop()
