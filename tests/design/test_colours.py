"""Text on every ground it stands on, in both schemes, as WCAG AA asks: 4.5 for text, 3 for the edges of controls."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOKENS = (ROOT / "static/css/tokens.css").read_text()
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS)
}
OUTCOMES = ("billed", "free", "pending", "unknown", "failed", "sandbox", "accent")
GROUNDS = ("bg", "surface", "sunken", "hover")

TEXT = [(text, ground) for text in ("text", "muted") for ground in GROUNDS]
TEXT += [(outcome, ground) for outcome in OUTCOMES for ground in (f"{outcome}-soft", *GROUNDS)]
TEXT += [("text", f"{outcome}-soft") for outcome in OUTCOMES]
TEXT += [("on-accent", "accent"), ("on-accent", "accent-hover"), ("muted", "accent-soft")]
EDGES = [("edge", "surface"), ("faint", "surface"), ("focus", "surface"), ("focus", "bg")]
EDGES += [(f"series-{one}", "surface") for one in (*range(1, 8), "other")]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(text: str, ground: str, scheme: int) -> None:
    assert contrast(COLOURS[text][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_can_be_seen(edge: str, ground: str, scheme: int) -> None:
    assert contrast(COLOURS[edge][scheme], COLOURS[ground][scheme]) >= 3
