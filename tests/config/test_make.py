"""The commands of the Makefile say in one line what a machine lacks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.commands import PROJECT

TARGETS = ("run", "test", "lint", "fmt", "bench", "bench-10m", "help")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a fresh clone as the installer reads."""
    shutil.copytree(PROJECT / "requirements", tmp_path / "clone" / "requirements")
    return tmp_path / "clone"


def fake_python(folder: Path, says: str) -> str:
    path = folder / "python-fake"
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return str(path)


def install(clone: Path, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "requirements" / "install", "base"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": python},
        capture_output=True,
        text=True,
    )


def test_help_lists_every_command() -> None:
    done = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True)
    listed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make ")]
    assert sorted(listed) == sorted(TARGETS)


def test_an_old_python_is_named(clone: Path) -> None:
    done = install(clone, fake_python(clone, "exit 1"))
    assert done.returncode == 1
    assert done.stderr == (
        "Atelier needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python3.11.\n"
    )


def test_a_python_without_venv_is_named(clone: Path) -> None:
    python = fake_python(clone, 'case "$2" in *ensurepip*) exit 1;; esac')
    done = install(clone, python)
    assert done.returncode == 1
    assert done.stderr == f"{python} can't make virtual environments: install its package python3-venv.\n"


def test_an_interrupted_install_is_made_anew(clone: Path) -> None:
    """The environment is cleared first; here the making itself fails, because the stand-in makes none."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (clone / ".venv" / "unfinished").touch()
    shutil.copy(clone / "requirements" / "base.txt", clone / ".venv" / "installed-base.txt")
    python = fake_python(clone, 'case "$*" in "-m venv"*) echo "asked: $*"; exit 1;; esac')
    done = install(clone, python)
    assert done.returncode == 1
    assert done.stdout == "asked: -m venv --clear .venv\n"


def test_a_finished_install_is_left_alone(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(clone / "requirements" / "base.txt", clone / ".venv" / "installed-base.txt")
    done = install(clone, fake_python(clone, "exit 1"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_missing_chromium_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chromium"],
        env={"PATH": "/none"},
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "install the package chromium" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_requirements_name_hashes_and_no_registry() -> None:
    for name in ("base.txt", "dev.txt"):
        text = (PROJECT / "requirements" / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index" not in text
