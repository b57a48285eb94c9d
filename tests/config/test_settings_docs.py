"""Every setting is declared once and described in two places."""

import re
from pathlib import Path

from config import settings

ROOT = Path(__file__).resolve().parents[2]
DECLARED = set(settings.env.scheme)


def test_the_example_names_exactly_the_declared_settings() -> None:
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^([A-Z][A-Z0-9_]*)=", example, re.MULTILINE)) == DECLARED


def test_the_readme_describes_exactly_the_declared_settings() -> None:
    readme = (ROOT / "README.md").read_text()
    assert set(re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", readme, re.MULTILINE)) == DECLARED


def test_no_setting_is_read_past_the_declaration() -> None:
    source = (ROOT / "config" / "settings.py").read_text()
    assert "os.environ" not in source
    assert set(re.findall(r'env\("([A-Z0-9_]+)"\)', source)) == DECLARED


def test_the_example_shows_the_defaults() -> None:
    example = dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for name, (kind, default) in settings.env.scheme.items():
        shown = example[name]
        if kind is list:
            assert shown == ",".join(default), name
        elif kind is bool:
            assert shown == str(default).lower(), name
        elif kind is float:
            assert float(shown) == default, name
        elif name.endswith("_ROOT"):
            assert str(default).endswith(shown), name
        else:
            assert shown == str(default), name
