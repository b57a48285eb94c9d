import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that every user may pass through: as root, PostgreSQL runs as one of them."""
    folder = Path(tempfile.mkdtemp(prefix="atelier-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
