"""People for the tests of payloads, an endpoint to save for, and a payload of Bob's."""

from pathlib import Path
from typing import Protocol

import pytest
from pytest_django import Settings

from accounts.models import Membership
from playground.catalogue.models import Endpoint
from playground.payloads.models import Payload, Visibility
from playground.payloads.saving import save_payload
from tests.personas import People, make_people

TEXT = '{"prompt": "A red fox", "seed": 12345678901234567890, "scale": 1.0}'


@pytest.fixture(autouse=True)
def _places(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.SPOOL_ROOT = str(tmp_path / "spool")


@pytest.fixture
def people(db: None) -> People:
    Endpoint.objects.create(slug="painter", title="Painter", output="image")
    return make_people()


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")


class Save(Protocol):
    def __call__(self, name: str = ..., *, text: str = ..., visibility: str = ...) -> Payload: ...


@pytest.fixture
def save(bob: Membership) -> Save:
    """Saves a payload as Bob."""

    def saving(name: str = "Red fox", *, text: str = TEXT, visibility: str = Visibility.PRIVATE) -> Payload:
        return save_payload(
            membership=bob, name=name, endpoint="painter", version=1, text=text, visibility=visibility
        )

    return saving
