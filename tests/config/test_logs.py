"""What a log line never carries."""

import logging

import pytest

from config.logs import RedactKeys, redact
from tests.personas import LIVE_TEXT

TOKEN = "aB3d-_" * 7


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (f"Not Found: /s/{TOKEN}/files/1/", "Not Found: /s/…/files/1/"),
        (f"GET /invitations/{TOKEN}/ 404", "GET /invitations/…/ 404"),
        (f"sent {LIVE_TEXT}", "sent SG_…"),
        ("/t/studio/live/payloads/s/short/", "/t/studio/live/payloads/s/short/"),
    ],
)
def test_what_opens_something_by_itself_is_left_out(line: str, kept: str) -> None:
    assert redact(line) == kept


def test_arguments_bring_nothing_back() -> None:
    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 0, "Not Found: %s", (f"/s/{TOKEN}/",), None
    )
    RedactKeys().filter(record)
    assert record.getMessage() == "Not Found: /s/…/"
