"""People for the tests of the workbench, and media folders of their own."""

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Membership
from tests.personas import People, make_people


@pytest.fixture(autouse=True)
def _places(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.SPOOL_ROOT = str(tmp_path / "spool")


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@pytest.fixture
def bob(people: People) -> Membership:
    return people.membership("bob")
