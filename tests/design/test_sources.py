"""What templates and stylesheets promise each other: no inline code, and every name leads somewhere."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHEETS = sorted((STATIC / "css").glob("*.css"))
ICONS = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "img/icons.svg").read_text()))
# Another origin, or a script's own template string.
ELSEWHERE = ("data:", "#", "{")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_carries_code_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\s(style|on[a-z]+)=", text)
    assert "<style" not in text
    scripts = re.findall(r"<script\b[^>]*>", text)
    assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), "another host in a page"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_icon_of_a_template_is_in_the_sprite(path: Path) -> None:
    asked = re.findall(r'_icon\.html" with name="([\w-]+)"', path.read_text())
    assert set(asked) <= ICONS


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_static_file_of_a_template_exists(path: Path) -> None:
    asked = re.findall(r"{% static [\"']([^\"']+)[\"'] %}", path.read_text())
    assert [one for one in asked if not (STATIC / one).is_file()] == []


@pytest.mark.parametrize("path", SHEETS, ids=name)
def test_every_token_of_a_sheet_is_set_somewhere(path: Path) -> None:
    known = {token for sheet in SHEETS for token in re.findall(r"(--[\w-]+)\s*:", sheet.read_text())}
    for script in (STATIC / "js").rglob("*.js"):
        known |= set(re.findall(r"setProperty\(\"(--[\w-]+)\"", script.read_text()))
    assert set(re.findall(r"var\((--[\w-]+)", path.read_text())) <= known


@pytest.mark.parametrize("path", SHEETS, ids=name)
def test_every_address_of_a_sheet_is_a_file_of_ours(path: Path) -> None:
    for address in re.findall(r"url\(\"?([^\")]+)", path.read_text()):
        assert address.startswith(ELSEWHERE) or (path.parent / address).resolve().is_file(), address


def test_every_font_is_listed_with_its_hash() -> None:
    readme = (STATIC / "vendor/README.md").read_text()
    fonts = sorted((STATIC / "vendor/fonts").glob("*.woff2"))
    assert fonts
    for font in fonts:
        digest = hashlib.sha256(font.read_bytes()).hexdigest()
        assert re.search(rf"`fonts/{re.escape(font.name)}`.*`{digest}`", readme), font.name
